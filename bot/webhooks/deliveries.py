"""The requests to webhooks, in Redis: a list for each webhook, in order, until its receiver has accepted them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit, Entry
from bot.secrets.redact import redact
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.leader_lease import LeaderLease, LeadershipLost
from bot.store.scripts import Script
from bot.stored_json import from_json, to_json

LUA: Final = Path(__file__).parent / "lua"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to be sent to a webhook."""

    webhook: str
    """Its key in swarmbot.yml."""
    cluster: str
    incident: str
    made_at: float
    """Unix seconds."""
    body: Any
    """JSON values, without secrets."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """An id that is equal at each attempt, for receivers that want each event once."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The failed attempts of the first request in line, and when the next one is made."""

    tries: int = 0
    """Failed attempts."""
    at: float = 0.0
    """When the next one is made, unix seconds."""


def packed_deliveries(deliveries: Iterable[Delivery]) -> str:
    """Return them as scripts take them (lua/deliver.lua)."""
    packed = [{"webhook": delivery.webhook, "body": redact(to_json(delivery))} for delivery in deliveries]
    return json.dumps(packed, ensure_ascii=False)


class Deliveries:
    """Safe to share between threads. Every method raises :class:`~bot.errors.Unavailable`.

    ``done`` and ``put_off`` need the lease of the webhook and raise LeadershipLost without it: one process sends, so
    that the order is kept.
    """

    def __init__(self, redis: Redis, audit: Audit) -> None:
        self._redis = redis
        self._audit = audit
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in ("done", "put_off")}

    def first(self, webhook: str) -> tuple[Delivery, Retry] | None:
        """Return the next request to send, and its failed attempts so far; None if nothing waits."""
        with translate_errors():
            pipe = self._redis.pipeline(transaction=False)
            pipe.lindex(keys.webhook_line(webhook), 0)
            pipe.hmget(keys.webhook_retry(webhook), "tries", "at")
            body, (tries, at) = pipe.execute()
        return (from_json(Delivery, body), Retry(int(tries or 0), float(at or 0))) if body else None

    def waiting(self, webhooks: Sequence[str]) -> dict[str, int]:
        """Return how many requests of each webhook wait."""
        with translate_errors():
            pipe = self._redis.pipeline(transaction=False)
            for name in webhooks:
                pipe.llen(keys.webhook_line(name))
            return dict(zip(webhooks, pipe.execute(), strict=True))

    def done(self, lease: LeaderLease, delivery: Delivery, entries: Sequence[Entry] = ()) -> None:
        """Remove the first one in line: it was accepted, or ``entries`` say why it is given up."""
        places = [keys.webhook_lease(delivery.webhook), keys.webhook_line(delivery.webhook)]
        places += [keys.webhook_retry(delivery.webhook), *keys.AUDIT]
        args = [str(lease.fence), delivery.id]
        reply = self._audit.commit(entries, lambda tail: self._run["done"](places, args + tail))
        _check(reply, lease, delivery)

    def put_off(self, lease: LeaderLease, delivery: Delivery, retry: Retry) -> None:
        """Note a failed attempt."""
        places = [keys.webhook_lease(delivery.webhook), keys.webhook_retry(delivery.webhook)]
        args = [str(lease.fence), str(retry.tries), f"{retry.at:.3f}", str(keys.WEBHOOK_TTL_S)]
        with translate_errors():
            _check(self._run["put_off"](places, args), lease, delivery)


def _check(reply: list[Any], lease: LeaderLease, delivery: Delivery) -> None:
    if reply[0] == "lost":
        raise LeadershipLost(keys.webhook_lease(delivery.webhook), lease.fence)
