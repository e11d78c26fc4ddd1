"""An approval as Redis has it: who asks for what, whose yes it needs, who has said what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.audit import Entry
from bot.stored_json import from_hash, from_json

ApprovalState = Literal["asked", "approved", "denied", "withdrawn", "expired", "void"]
OPEN: Final[ApprovalState] = "asked"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's yes, and when (unix seconds by Redis' clock)."""

    by: str
    at: float


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What does not change: the question. Its id is its job's.

    ``by`` and ``subject`` are the rule's; ``needed`` is how many must say yes; ``expires`` and ``asked_at`` are unix
    seconds. ``basis`` is the JSON whose SHA-256 ``digest`` is. ``second_factor`` is "totp" or "". ``typed_secret``: the
    requester has typed a secret that goes with it, which is kept until it expires and no longer.
    """

    job: str
    cluster: str
    channel: str
    requester: str
    words: str
    reason: str
    subject: str
    by: tuple[str, ...]
    needed: int
    asked_at: float
    expires: float
    digest: str
    basis: str
    second_factor: str = ""
    typed_secret: bool = False

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
    """The question and how it stands. ``version`` counts its changes; a transition says which one it saw.

    ``decided_by``, ``decided_at`` and ``why`` tell of the end: the denier and the reason, or what made it void.
    ``counted`` are those who had the right when it was decided, the deciding one last. ``message_ts`` is the card in
    ``ask.channel``, "" before it was posted.
    """

    ask: ApprovalRequest
    standing: ApprovalState
    version: int
    votes: tuple[Vote, ...] = ()
    counted: tuple[str, ...] = ()
    decided_by: str = ""
    decided_at: float = 0.0
    why: str = ""
    message_ts: str = ""

    @property
    def id(self) -> str:
        """The job's id."""
        return self.ask.job

    @property
    def open(self) -> bool:
        """Whether votes still count."""
        return self.standing == OPEN

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Approval:
        """Return the approval of its hash in Redis."""
        votes = [{"by": by, "at": at} for by, at in json.loads(fields.get("votes", "[]"))]
        counted = json.loads(fields.get("counted", "[]"))
        ask = from_json(ApprovalRequest, fields["ask"])
        return from_hash(cls, {**fields, "ask": ask, "votes": votes, "counted": counted})
