"""An approval as stored in Redis: the request, the approvals needed, and the approvals given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.audit import Entry
from bot.stored_json import from_hash, from_json

ApprovalState = Literal["open", "approved", "denied", "withdrawn", "expired", "void"]
OPEN: Final[ApprovalState] = "open"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's approval."""

    by: str
    """U…"""
    at: float
    """Unix seconds, by Redis' clock."""


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """The part that does not change."""

    job: str
    """The job's id, which is the approval's id too."""
    cluster: str
    channel: str
    """Where the card is."""
    requester: str
    words: str
    reason: str
    subject: str
    """What swarmbot.yml's rules call it."""
    by: tuple[str, ...]
    """Who may approve, as in the rule."""
    needed: int
    """The number of approvals needed."""
    asked_at: float
    """Unix seconds."""
    expires: float
    """Unix seconds."""
    digest: str
    """The SHA-256 of ``basis``."""
    basis: str
    """The facts and the plan that are approved, as JSON."""
    notify: tuple[str, ...] = ()
    """Whom to mention: users and user groups who may approve, without the requester."""
    remind_at: float = 0.0
    """When they are reminded, unix seconds; 0.0 for never."""
    second_factor: str = ""
    """``totp`` or ""."""
    frozen: bool = False
    """Whether a freeze added one of the approvals."""
    typed_secret: bool = False
    """Whether the requester typed a secret for it, which is deleted when the request expires."""
    confirmation: bool = False
    """Whether the requester alone decides. ``by`` then names only the requester, who gets the question privately."""
    changed: str = ""
    """How the plan differs from the one that the requester confirmed before; "" if it is asked for the first time."""

    def audit_entry(self, action: str, by: str, detail: str) -> Entry:
        """Return an audit entry about this approval, or about its job."""
        return Entry(
            action=action,
            by=by,
            cluster=self.cluster,
            channel=self.channel,
            command=self.words.partition(" ")[0],
            words=self.words,
            job=self.job,
            detail=detail,
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """A request and its state."""

    request: ApprovalRequest
    state: ApprovalState
    version: int
    """The number of changes; a transition names the version that it saw."""
    votes: tuple[Vote, ...] = ()
    counted: tuple[str, ...] = ()
    """The people whose approvals counted when it was approved, in order."""
    decided_by: str = ""
    """Who denied or withdrew it."""
    decided_at: float = 0.0
    """Unix seconds."""
    why: str = ""
    """The reason for a denial, or what made it void."""

    @property
    def id(self) -> str:
        """The job's id."""
        return self.request.job

    @property
    def open(self) -> bool:
        """Whether approvals still count."""
        return self.state == OPEN

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Approval:
        """Return the approval of its hash in Redis."""
        votes = [{"by": by, "at": at} for by, at in json.loads(fields.get("votes", "[]"))]
        counted = json.loads(fields.get("counted", "[]"))
        request = from_json(ApprovalRequest, fields["request"])
        return from_hash(cls, {**fields, "request": request, "votes": votes, "counted": counted})
