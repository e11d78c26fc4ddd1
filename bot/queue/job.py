"""A job: what was asked, and its state."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.audit import Entry
from bot.blocks import Line
from bot.secrets.redact import redact
from bot.store.keys import Lane
from bot.stored_json import from_hash, from_json, to_json

State = Literal[
    "awaiting_approval",
    "awaiting_confirmation",
    "queued",
    "running",
    "succeeded",
    "refused",
    "failed",
    "cancelled",
    "denied",
    "expired",
]
ENDED: Final[frozenset[State]] = frozenset({"succeeded", "refused", "failed", "cancelled", "denied", "expired"})

ID_LENGTH: Final = 4
ID_CHARACTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"


def new_id() -> str:
    """Return a new job id: four characters that are not mistaken for each other."""
    return "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH))


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked. Does not change, except that the lane of a question does when it is approved."""

    id: str
    """Chosen by the code that makes the order."""
    request_key: str
    """Slack's id of the request: the same request twice is one job."""
    lane: Lane
    command: str
    words: str
    """The text that was typed, without secrets."""
    args: Mapping[str, Any]
    """The command's arguments, a JSON object."""
    cluster: str
    """A name of swarmbot.yml; "" if the job is about no cluster."""
    requester: str
    channel: str
    response_url: str
    asked_at: float
    """Unix seconds."""
    replace: bool = False
    """Whether the answer replaces the message whose button was pressed."""
    reason: str = ""
    """What the requester wrote for approvers."""
    only_plan: bool = False
    """Show the plan and change nothing."""
    pending_rotation: str = ""
    """The id of the pending rotation that this job carries out; "" if somebody asked for the job."""
    secret_id: str = ""
    """The id of a typed secret in :class:`bot.queue.secret_inbox.SecretInbox`."""
    accepts_costs: bool = False
    """From ``--yes``: the requester need not confirm what the plan costs services."""
    thread: str = ""
    """The ts of the message in ``channel`` in whose thread it is answered; "" if it is answered privately."""

    @property
    def place(self) -> str:
        """What it is about, to follow "in": a cluster's name, or "all clusters"."""
        return self.cluster or "all clusters"

    def audit_entry(self, action: str, by: str, detail: str = "", *, channel: str = "") -> Entry:
        """Return an audit entry about this job. ``channel`` is where it happened, if not where it was asked.

        The end of a job outside the exclusive lane is that of a question: changes end in that lane.
        """
        return Entry(
            action=action,
            by=by,
            cluster=self.cluster,
            channel=channel or self.channel,
            command=self.command,
            words=self.words,
            job=self.id,
            detail=detail,
            question=action == "ended" and self.lane == "concurrent",
        )

    def stored(self) -> str:
        """Return it as JSON. What looks like a secret is masked."""
        return redact(to_json(self))


@dataclass(frozen=True, slots=True)
class Job:
    """A job as stored in Redis. What is not known yet is "", 0 or None. Times are unix seconds by Redis' clock."""

    order: Order
    state: State
    attempt: int = 0
    fence: int = 0
    """The number of leases so far."""
    worker: str = ""
    plan: str = ""
    """JSON of the plan."""
    begun: str = ""
    """Set before the first call that changes something. Until then each attempt makes and judges the plan again; after
    that, attempts continue ``plan``."""
    progress: str = ""
    """JSON of the lines on the card."""
    outcome: str = ""
    """JSON, see :mod:`bot.queue.results`."""
    started_at: float | None = None
    finished_at: float | None = None
    cancel_by: str = ""
    """Who cancelled it."""
    untold: str = ""
    """Why a message about it was given up."""

    @property
    def id(self) -> str:
        """The order's id."""
        return self.order.id

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines on the card."""
        return tuple(Line(*each) for each in json.loads(self.progress or "[]"))

    @property
    def ended(self) -> bool:
        """Whether the job is in a final state."""
        return self.state in ENDED

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Job:
        """Return the job that a Redis hash holds."""
        return from_hash(cls, {**fields, "order": from_json(Order, fields["order"])})


RECORDED: Final = frozenset({"plan", "begun", "progress"})
"""The fields that the holder of a lease writes while the job runs."""
