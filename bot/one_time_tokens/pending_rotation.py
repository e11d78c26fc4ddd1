"""A pending rotation of a token: which token, and when it is due. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.blocks import tick
from bot.model import Facts, Revealed, Role
from bot.stored_json import from_hash, from_json
from bot.swarm.operations import secret_fingerprint

REQUESTER: Final = "requester:"
"""Prefix of the fields that hold requesters. The id of the job that showed the token follows."""


@dataclass(frozen=True, slots=True)
class TokenRequester:
    """A person who was shown the token, by which job, and where to notify them."""

    job: str
    user: str
    channel: str
    response_url: str


@dataclass(frozen=True, slots=True)
class PendingRotation:
    """A token that must be rotated once a node has joined, or at the deadline."""

    cluster: str
    role: Role
    fingerprint: str
    """The fingerprint of the token."""
    deadline: float
    """Unix seconds by Redis' clock."""
    known: frozenset[str]
    """Ids of the cluster's nodes at the last check; at first, when the token was shown."""
    requesters: tuple[TokenRequester, ...]
    cause: str = ""
    """Why the rotation is due; "" if it is not due."""
    job: str = ""
    """The job that rotates the token; "" if there is none."""
    attempt: int = 0
    """The number of such jobs so far."""
    failures: int = 0
    """The number of failures since the last success."""
    late: bool = False
    """The requesters were told that the rotation is delayed."""

    @property
    def id(self) -> str:
        """An id that is equal for all requesters who are shown the same token."""
        return f"{self.cluster}:{self.role}:{self.fingerprint}"

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> PendingRotation:
        """Return the pending rotation that a Redis hash holds."""
        requesters = [from_json(TokenRequester, text) for name, text in fields.items() if name.startswith(REQUESTER)]
        deadline, known = int(fields["deadline"]) / 1000, json.loads(fields["known"])
        return from_hash(cls, {**fields, "deadline": deadline, "known": known, "requesters": requesters})


def secret_of(role: Role) -> Revealed:
    """Return the secret that lets a node join as ``role``."""
    return "manager token" if role == "manager" else "worker token"


def node_ids(facts: Facts) -> str:
    """Return the ids of the cluster's nodes as JSON. Any other node that is seen later has joined since."""
    return json.dumps([node.id for node in (facts.swarm.nodes if facts.swarm else ())])


def is_rotated(pending_rotation: PendingRotation, facts: Facts) -> bool:
    """Return whether the token was rotated already. Raise KeyError if the facts were read without the token."""
    return secret_fingerprint(facts.secrets[secret_of(pending_rotation.role)]) != pending_rotation.fingerprint


def rotation_cause(pending_rotation: PendingRotation, facts: Facts, now: float) -> str:
    """Return why the rotation is due at ``now``, to be followed by a semicolon; "" if it is not due.

    A node that has just joined may have no name yet: then it is called by its id. A new manager may have joined with a
    worker token and been promoted since.
    """
    new = [node for node in (facts.swarm.nodes if facts.swarm else ()) if node.id not in pending_rotation.known]
    joined = [tick(node.name or node.id) for node in new if pending_rotation.role in {"worker", node.role}]
    if joined:
        return f"{' and '.join(joined)} joined"
    return f"no {pending_rotation.role} joined in time" if now >= pending_rotation.deadline else ""


def with_node_names(cause: str, facts: Facts) -> str:
    """Return ``cause`` with the names of nodes that had none when it was written."""
    for node in facts.swarm.nodes if facts.swarm else ():
        if node.name:
            cause = cause.replace(tick(node.id), tick(node.name))
    return cause


def cluster_gone(facts: Facts) -> bool:
    """Return whether the token's cluster is gone: every host responds, and none is part of a cluster."""
    hosts = facts.hosts.values()
    return facts.swarm is None and bool(hosts) and all(host.responds and not host.in_swarm for host in hosts)
