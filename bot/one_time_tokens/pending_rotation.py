"""A promise to rotate a token: what it is about, and when it is due. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.blocks import tick
from bot.model import Facts, Revealed, Role
from bot.stored_json import from_hash, from_json
from bot.swarm.operations import fingerprint

REQUESTER: Final = "asker:"
"""Begins the names of the fields that hold who was shown the token; the id of the job that showed it follows."""


@dataclass(frozen=True, slots=True)
class TokenRequester:
    """Somebody who was shown the token, by which job, and where they asked."""

    job: str
    user: str
    channel: str
    response_url: str


@dataclass(frozen=True, slots=True)
class PendingRotation:
    """The token with this ``fingerprint`` is rotated once a node has joined, at ``deadline`` at the latest.

    ``deadline`` is in unix seconds by Redis' clock; ``known`` are the ids of all nodes that were in when it was looked
    after last, at first when it was made. ``cause`` says why it is due, "" while it is not; ``job`` rotates, the
    ``attempt``-th that was to. ``failures`` counts what failed in a row; ``late`` is set when the askers were told that
    it cannot be done yet.
    """

    cluster: str
    role: Role
    fingerprint: str
    deadline: float
    known: frozenset[str]
    requesters: tuple[TokenRequester, ...]
    cause: str = ""
    job: str = ""
    attempt: int = 0
    failures: int = 0
    late: bool = False

    @property
    def id(self) -> str:
        """One token, one promise: whoever else is shown the same token joins it."""
        return f"{self.cluster}:{self.role}:{self.fingerprint}"

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> PendingRotation:
        """Return the pending rotation of its hash in Redis."""
        requesters = [from_json(TokenRequester, text) for name, text in fields.items() if name.startswith(REQUESTER)]
        deadline, known = int(fields["deadline"]) / 1000, json.loads(fields["known"])
        return from_hash(cls, {**fields, "deadline": deadline, "known": known, "requesters": requesters})


def secret_of(role: Role) -> Revealed:
    """The secret that lets a node join as ``role``."""
    return "manager token" if role == "manager" else "worker token"


def known_of(facts: Facts) -> str:
    """The nodes that are in, as a promise keeps them: whoever else is in later has joined since."""
    return json.dumps([node.id for node in (facts.swarm.nodes if facts.swarm else ())])


def rotated(pending_rotation: PendingRotation, facts: Facts) -> bool:
    """Whether the token is another one already. KeyError if the facts were read without it."""
    return fingerprint(facts.secrets[secret_of(pending_rotation.role)]) != pending_rotation.fingerprint


def cause_of(pending_rotation: PendingRotation, facts: Facts, now: float) -> str:
    """Why the token is to be rotated at ``now``, as words before a semicolon; "" while it is not.

    A node that has just joined may have no name yet: then it is called by its id. A new manager may have come with a
    worker's token and have been promoted since.
    """
    new = [node for node in (facts.swarm.nodes if facts.swarm else ()) if node.id not in pending_rotation.known]
    joined = [tick(node.name or node.id) for node in new if pending_rotation.role in {"worker", node.role}]
    if joined:
        return f"{' and '.join(joined)} joined"
    return f"no {pending_rotation.role} joined in time" if now >= pending_rotation.deadline else ""


def named(cause: str, facts: Facts) -> str:
    """``cause`` with the names of nodes that had none when it was written."""
    for node in facts.swarm.nodes if facts.swarm else ():
        if node.name:
            cause = cause.replace(tick(node.id), tick(node.name))
    return cause


def ended(facts: Facts) -> bool:
    """Whether there is no cluster any more that the token could belong to: every host answers, and none is in one."""
    hosts = facts.hosts.values()
    return facts.swarm is None and bool(hosts) and all(host.answers and not host.in_a_swarm for host in hosts)
