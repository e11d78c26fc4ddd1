"""`/swarm token worker|manager [--rotate] [--once]`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from bot.blocks import Message
from bot.commands import Flag, Permission, Word, choice, question
from bot.model import Facts, FactsQuery, Plan, Revealed, Role
from bot.swarm.membership.secrets import token_message, token_rotation_plan
from bot.swarm.operations import secret_fingerprint
from bot.swarm.reading.node_lookup import no_readable_cluster


@dataclass(frozen=True, slots=True)
class TokenArguments:
    """The arguments of ``token``."""

    role: Annotated[
        Literal["worker", "manager"], Word(choice("worker", "manager"), "role of the nodes that join with the token")
    ]
    rotate: Annotated[bool, Flag(None, "rotate the token first; the old token is then not valid")] = False
    once: Annotated[
        bool, Flag(None, "for one node: the token is rotated after the next node joins, or after 15 minutes")
    ] = False


def _secret(role: Role) -> Revealed:
    return "manager token" if role == "manager" else "worker token"


def _permission(arguments: TokenArguments) -> Permission:
    return "administer" if arguments.role == "manager" or arguments.rotate else "operate"


def _subject(arguments: TokenArguments) -> str:
    return "rotate" if arguments.rotate else f"token {arguments.role}"


def _approval(arguments: TokenArguments) -> int:
    return 1 if arguments.role == "manager" or arguments.rotate else 0


def _query(arguments: TokenArguments) -> FactsQuery:
    return FactsQuery(secrets=(_secret(arguments.role),), one_time=arguments.once)


def _rotates(arguments: TokenArguments) -> bool:
    return arguments.rotate


def rotate(facts: Facts, arguments: TokenArguments) -> Plan:
    """Rotate the token, then show the new one to the requester."""
    secret = _secret(arguments.role)
    if facts.swarm is None or secret not in facts.secrets:
        raise no_readable_cluster(facts, "No token was shown or changed.")
    plan = token_rotation_plan(facts.name, arguments.role, before=secret_fingerprint(facts.secrets[secret]))
    once = "; the new token is for one node, then rotated again" if arguments.once else ""
    return replace(plan, effect=plan.effect + once, reveals=(secret,))


@question(
    "token",
    group="Nodes",
    help="Show the command that joins a machine by hand, only to you",
    example="token worker",
    permission=_permission,
    risk="secret",
    approval=_approval,
    subject=_subject,
    query=_query,
    changes=(_rotates, rotate),
)
def token(facts: Facts, arguments: TokenArguments) -> Message:
    """Return the whole ``docker swarm join`` command, only for the requester."""
    secret = _secret(arguments.role)
    if facts.swarm is None or secret not in facts.secrets:
        raise no_readable_cluster(facts, "No token was shown or changed.")
    return token_message(facts, arguments.role)
