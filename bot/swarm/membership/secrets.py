"""The messages that show join tokens and the unlock key to the requester alone, and the plan of a rotation."""

from __future__ import annotations

from bot.blocks import Message, actions, button, code, context, section, when
from bot.model import Facts, Plan, PlanTitles, Revealed, Role, Step
from bot.secrets.secret import Secret
from bot.swarm.operations import RotateToken


def token_message(facts: Facts, role: Role) -> Message:
    """Return the ``docker swarm join`` command for a role. Raise KeyError if the facts have no token."""
    token = facts.secrets["manager token" if role == "manager" else "worker token"]
    risk = f"Anyone who has it can add {role}s to {facts.name}" + (
        " and take over the cluster." if role == "manager" else "."
    )
    line = Secret(f"docker swarm join --token {token.reveal()} {_address(facts)}")
    return Message(
        f"Join a {role} to {facts.name} by hand (only you can see this)",
        (
            section(f"Run this on the new node. {risk}"),
            code(line),
            context(
                *_lifetime(facts, role),
                *_better_way(facts, role),
            ),
            actions(button("Hide", "secret.hide")),
        ),
    )


def _address(facts: Facts) -> str:
    """Return the address of the leader or, if there is none, of a reachable manager."""
    managers = [node for node in (facts.swarm.managers if facts.swarm else ()) if node.reachability == "reachable"]
    return next((node.raft_address for node in sorted(managers, key=lambda node: not node.leader)), "")


def _lifetime(facts: Facts, role: Role) -> tuple[str, ...]:
    if facts.token_valid_until:
        until = f"For one node, until {when(facts.token_valid_until)}: "
        return (
            f"{until}the token is rotated then, or when the next {role} has joined, whoever adds it.",
            "Join commands that were shown before stop working then.",
        )
    return (
        f"The same token for every {role} until it is rotated: `/swarm token {role} --rotate`.",
        f"For one node only: `/swarm token {role} --once`.",
    )


def _better_way(facts: Facts, role: Role) -> tuple[str, ...]:
    """Return the command that needs no token by hand. Without a leader no host can join."""
    if not any(node.leader for node in (facts.swarm.managers if facts.swarm else ())):
        return ()
    return (f"Simpler and safer: `/swarm join {role} HOST`. The token then never leaves the hosts.",)


def unlock_key_message(facts: Facts) -> Message:
    """Return the message with the unlock key. Raise KeyError if the facts have none."""
    key = facts.secrets["unlock key"]
    return Message(
        f"The unlock key of {facts.name} (only you can see this)",
        (
            section(
                f"Managers of {facts.name} need this key after each restart. Keep it where you can find it without "
                f"{facts.name}: Swarmbot does not store it."
            ),
            code(key),
            context("To unlock a manager: `/swarm unlock HOST`."),
            actions(button("Hide", "secret.hide")),
        ),
    )


def secret_message(facts: Facts, revealed: Revealed) -> Message:
    """Return the message for one of the secrets that a plan reveals."""
    if revealed == "unlock key":
        return unlock_key_message(facts)
    return token_message(facts, "manager" if revealed == "manager token" else "worker")


def token_rotation_plan(cluster: str, role: Role, before: str) -> Plan:
    """Return the plan that rotates the token with the fingerprint ``before``. The new token is shown to nobody."""
    return Plan(
        PlanTitles(
            present=f"rotates the {role} token of {cluster}",
            imperative=f"rotate the {role} token of {cluster}",
            success=f"The {role} token of {cluster} is rotated",
            failure=f"the {role} token of {cluster} was not rotated",
        ),
        steps=(Step(RotateToken(role, cluster, before=before), "token"),),
        effect="existing nodes stay in the cluster; the old token stops working",
    )
