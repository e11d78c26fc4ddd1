"""What was asked, and how far it has come."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.audit import Entry
from bot.secrets.redact import redact
from bot.store.keys import Lane
from bot.stored_json import from_hash, from_json, to_json

State = Literal["awaiting_approval", "queued", "running", "succeeded", "failed", "cancelled", "denied", "expired"]
ENDED: Final[frozenset[State]] = frozenset({"succeeded", "failed", "cancelled", "denied", "expired"})

ID_LENGTH: Final = 4
ID_CHARACTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"


def new_id() -> str:
    """A job's id: four characters that cannot be taken for one another."""
    return "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH))


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked.

    ``id`` is chosen by the client; ``request_key`` is Slack's own id of this request. ``words`` is the text typed,
    secrets taken out; ``args`` a JSON object; ``cluster`` a name of swarmbot.yml; ``asked_at`` unix seconds.
    ``replace``: the answer takes the place of the message whose button was pressed. ``reason`` is for approvers;
    ``only_plan``: the plan is shown and nothing is done. ``pending_rotation``: the id of the promise that this
    keeps, "" for what somebody asked for. ``secret_id`` is the id under which
    :class:`bot.queue.secret_inbox.SecretInbox` keeps a secret for it.
    """

    id: str
    request_key: str
    lane: Lane
    command: str
    words: str
    args: Mapping[str, Any]
    cluster: str
    requester: str
    channel: str
    response_url: str
    asked_at: float
    replace: bool = False
    reason: str = ""
    only_plan: bool = False
    pending_rotation: str = ""
    secret_id: str = ""

    def audit_entry(self, action: str, by: str, detail: str = "", *, channel: str = "") -> Entry:
        """Return an audit entry about this job. ``channel`` is where it happened, if not where it was asked."""
        return Entry(
            action=action,
            by=by,
            cluster=self.cluster,
            channel=channel or self.channel,
            command=self.command,
            words=self.words,
            job=self.id,
            detail=detail,
        )

    def stored(self) -> str:
        """Return the order as JSON text, with what looks like a secret masked."""
        return redact(to_json(self))


@dataclass(frozen=True, slots=True)
class Job:
    """A job as Redis has it. Times are unix seconds by Redis' clock; what is not known yet is "", 0 or None.

    ``fence`` counts the leases, ``attempt`` the tries. ``plan``, ``progress`` and ``outcome`` are JSON texts.
    ``begun`` is set before the first call that changes something: until then the plan is made and judged anew, from
    then on ``plan`` is gone on with. ``cancel_by`` is who asked it to stop.
    """

    order: Order
    state: State
    attempt: int = 0
    fence: int = 0
    worker: str = ""
    plan: str = ""
    begun: str = ""
    progress: str = ""
    message_channel: str = ""
    message_ts: str = ""
    outcome: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    cancel_by: str = ""

    @property
    def id(self) -> str:
        """The order's id."""
        return self.order.id

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in ENDED

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Job:
        """Return the job of its hash in Redis."""
        return from_hash(cls, {**fields, "order": from_json(Order, fields["order"])})


RECORDED: Final = frozenset({"plan", "begun", "progress", "message_channel", "message_ts"})
"""The fields that a lease's holder writes while the job runs."""
