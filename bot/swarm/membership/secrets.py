"""Secrets."""

from __future__ import annotations

from bot.blocks import Message, actions, button, code, context, section, when
from bot.model import Facts, Plan, PlanTitles, Revealed, Role, Step
from bot.secrets.secret import Secret
from bot.swarm.operations import RotateToken


def token_message(facts: Facts, role: Role) -> Message:
    """The ``docker swarm join`` line for ``role``. KeyError if the facts were read without its token."""
    token = facts.secrets["manager token" if role == "manager" else "worker token"]
    risk = f"Anybody who sees it can add {role}s to {facts.name}" + (
        " and then owns the cluster." if role == "manager" else "."
    )
    line = Secret(f"docker swarm join --token {token.reveal()} {_address(facts)}")
    return Message(
        f"How a {role} joins {facts.name} by hand (only you see this)",
        (
            section(f"Run this on the new node. {risk}"),
            code(line),
            context(
                *_lifetime(facts, role),
                f"Simpler and safer: `/swarm join {role} HOST`; the token then never leaves the machines.",
            ),
            actions(button("Hide", "secret.hide")),
        ),
    )


def _address(facts: Facts) -> str:
    """The leader's; while nobody is known to lead, any manager's that Raft reaches."""
    managers = [node for node in (facts.swarm.managers if facts.swarm else ()) if node.reachability == "reachable"]
    return next((node.raft_address for node in sorted(managers, key=lambda node: not node.leader)), "")


def _lifetime(facts: Facts, role: Role) -> tuple[str, ...]:
    if facts.token_valid_until:
        until = f"For one node, until {when(facts.token_valid_until)}: "
        return (
            f"{until}the token is rotated then, or once the next {role} has joined, whoever's it is.",
            "Lines that were shown before end with it.",
        )
    return (
        f"Same token for every {role} until it is rotated: `/swarm token {role} --rotate`.",
        f"For one node alone: `/swarm token {role} --once`.",
    )


def unlock_key_message(facts: Facts) -> Message:
    """The unlock key of an autolocked cluster. KeyError if the facts were read without it."""
    key = facts.secrets["unlock key"]
    return Message(
        f"The unlock key of {facts.name} (only you see this)",
        (
            section(
                f"Managers of {facts.name} ask for this key after each restart. Keep it where you will find it without "
                f"{facts.name}: Swarmbot keeps it nowhere."
            ),
            code(key),
            context("A manager that asks for it: `/swarm unlock HOST`."),
            actions(button("Hide", "secret.hide")),
        ),
    )


def secret_message(facts: Facts, revealed: Revealed) -> Message:
    """The message for one of the secrets that a plan reveals."""
    if revealed == "unlock key":
        return unlock_key_message(facts)
    return token_message(facts, "manager" if revealed == "manager token" else "worker")


def token_rotation_plan(cluster: str, role: Role, before: str) -> Plan:
    """Rotate the token of ``role`` whose fingerprint is ``before``, and show nobody the new one."""
    return Plan(
        PlanTitles(
            present=f"rotates the {role} token of {cluster}",
            imperative=f"rotate the {role} token of {cluster}",
            success=f"The {role} token of {cluster} is a new one",
            failure=f"the {role} token of {cluster} was not rotated",
        ),
        steps=(Step(RotateToken(role, cluster, before=before), "token"),),
        effect="nodes that are in stay in; the old token joins nothing",
    )
