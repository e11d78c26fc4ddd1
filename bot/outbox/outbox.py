"""The outbox in Redis: messages that Slack has not accepted yet, one Lua script per transition."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit, Entry
from bot.model import ClosedChannel
from bot.outbox.outgoing import Outgoing, replies_to, restored
from bot.secrets.redact import redact
from bot.slack.outbound.notifier import next_step_for
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script

LUA: Final = Path(__file__).parent / "lua"
HANDOVER_S: Final = 1.0
"""The worker that promised a message sends it. If it does not begin within this time, any worker does."""
PROGRESS_INTERVAL_S: Final = 1.5
"""Seconds between two edits of a message that shows progress."""
CLAIM_S: Final = 30.0
"""How long one attempt may take. If its worker dies or stands still, another one tries after this time."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt to send a message."""

    outgoing: Outgoing
    version: str
    token: str
    ts: str
    """The message in Slack; "" if it was not posted yet."""
    tries: int
    """Failed attempts before this one."""
    copied: bool
    """Whether the requester was told that the channel cannot be posted to."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for Slack."""

    count: int
    oldest: float
    """Unix seconds; 0.0 if nothing waits."""


def packed(outgoing: Iterable[Outgoing], now: float | None = None) -> str:
    """Return messages as the scripts take them."""
    at = time.time() if now is None else now
    return json.dumps([_packed(each, at) for each in outgoing], ensure_ascii=False)


def _packed(each: Outgoing, now: float) -> dict[str, str]:
    wait = HANDOVER_S if each.promised else 0.0
    progress = "" if each.promised else _ms(PROGRESS_INTERVAL_S)
    there = "1" if each.if_there else ""
    return {"id": each.id, "body": each.stored(), "at": _ms(now + wait), "progress": progress, "if_there": there}


class Outbox:
    """Safe to share between threads. Every method raises :class:`~bot.errors.Unavailable`.

    Transitions of jobs and approvals promise messages in their own scripts (lua/promise.lua). ``now`` returns unix
    seconds.
    """

    def __init__(self, redis: Redis, audit: Audit, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._audit = audit
        self._now = now
        names = ("put", "claim", "sent", "put_off", "give_up")
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in names}

    def put(self, *outgoing: Outgoing) -> None:
        """Promise messages that belong to no transition."""
        with translate_errors(writing=True):
            self._run["put"]([keys.OUTBOX, keys.OUTGOING], [packed(outgoing, self._now())])

    def due(self) -> list[str]:
        """Return the ids of the messages to send now, the one that waits longest first."""
        with translate_errors():
            ids: Any = self._redis.zrangebyscore(keys.OUTBOX, "-inf", _ms(self._now()))
        return list(ids)

    def replies(self, parent: str) -> list[str]:
        """Return the ids of the replies to a message that wait for Slack, in order; none while the first is put off."""
        begin, now = replies_to(parent), float(_ms(self._now()))
        with translate_errors():
            waiting: Any = self._redis.zrange(keys.OUTBOX, 0, -1, withscores=True)
            found = sorted(each for each in waiting if each[0].startswith(begin))
            if found and found[0][1] > now and self._redis.hexists(keys.outgoing(found[0][0]), "tries"):
                return []
        return [message_id for message_id, _ in found]

    def claim(self, message_id: str) -> Claim | None:
        """Claim a message for one attempt. None if another attempt has it, or it was sent."""
        token = uuid.uuid4().hex
        args = [message_id, token, _ms(CLAIM_S)]
        with translate_errors():
            word, *flat = self._run["claim"]([keys.outgoing(message_id), keys.OUTBOX], args)
        if word != "yours":
            return None
        fields: dict[str, str] = dict(zip(flat[::2], flat[1::2], strict=True))
        return Claim(
            outgoing=restored(fields["body"]),
            version=fields["version"],
            token=token,
            ts=fields.get("ts", ""),
            tries=int(fields.get("tries", 0)),
            copied="copied" in fields,
        )

    def posted_ts(self, message_id: str) -> str | None:
        """Return the ts of a message of a channel; "" if it was not posted yet, None if it is not stored."""
        with translate_errors():
            found: Any = self._redis.hmget(keys.outgoing(message_id), "version", "ts")
        version, ts = found
        return None if version is None else ts or ""

    def sent(self, claim: Claim, ts: str = "") -> str | None:
        """Record that Slack accepted it. If the claim had expired, return the ts of the message that counts or ""."""
        args = [claim.outgoing.id, claim.token, claim.version, ts, _ms(self._now()), _ms(keys.JOB_TTL_S)]
        with translate_errors():
            word, *other = self._run["sent"]([keys.outgoing(claim.outgoing.id), keys.OUTBOX], args)
        return str(other[0]) if word == "lost" else None

    def put_off(self, claim: Claim, seconds: float) -> None:
        """End the attempt; try again in this many seconds."""
        self._put_off(claim, seconds, "", "")

    def note_copied(self, claim: Claim, seconds: float) -> None:
        """Do as :meth:`put_off`, after the requester was told that the channel cannot be posted to."""
        self._put_off(claim, seconds, "copied", "1")

    def drop_secret(self, claim: Claim) -> None:
        """End the attempt; from now on, send the message without the secret."""
        self._put_off(claim, 0.0, "body", claim.outgoing.without_secret().stored())

    def _put_off(self, claim: Claim, seconds: float, field: str, value: str) -> None:
        at = _ms(self._now() + seconds)
        args = [claim.outgoing.id, claim.token, claim.version, at, field, value]
        with translate_errors():
            self._run["put_off"]([keys.outgoing(claim.outgoing.id), keys.OUTBOX], args)

    def give_up(self, outgoing: Outgoing, version: str, why: str, worker: str) -> None:
        """Delete a message that Slack has not accepted. Its job and the audit log say so."""
        entry = replace(outgoing.about, action="message not delivered", by=worker, detail=why)
        places = [keys.outgoing(outgoing.id), keys.OUTBOX, keys.job(outgoing.job), *keys.AUDIT]
        args = [outgoing.id, version, redact(why)]
        entries = [entry] if outgoing.promised else []
        self._audit.commit(entries, lambda tail: self._run["give_up"](places, args + tail))

    def note(self, entry: Entry) -> None:
        """Write an audit entry."""
        self._audit.append([entry])

    def surplus(self, most: int) -> Sequence[tuple[Outgoing, str]]:
        """Return the oldest messages beyond ``most``, each with its version."""
        with translate_errors():
            if int(self._redis.zcard(keys.OUTBOX)) <= most:
                return ()
        stored = sorted(self._stored(), key=lambda each: each[0].made_at)
        return stored[: max(0, len(stored) - most)]

    def backlog(self) -> Backlog:
        """Return how many messages wait for Slack, and since when."""
        times = [outgoing.made_at for outgoing, _ in self._stored() if outgoing.promised]
        return Backlog(len(times), min(times, default=0.0))

    def note_channel(self, channel: str, reason: str) -> None:
        """Note that a channel cannot be posted to."""
        key = keys.channel_problem(channel)
        with translate_errors(), self._redis.pipeline() as pipeline:
            pipeline.hset(key, "reason", reason)
            pipeline.hsetnx(key, "since", f"{self._now():.3f}")
            pipeline.expire(key, keys.CHANNEL_PROBLEM_TTL_S)
            pipeline.execute()

    def forget_channel(self, channel: str) -> None:
        """Note that a channel can be posted to."""
        with translate_errors():
            self._redis.delete(keys.channel_problem(channel))

    def channel_problem(self, channel: str) -> ClosedChannel | None:
        """Return why a channel cannot be posted to, as its last message showed; None if it can or was not tried."""
        with translate_errors():
            found: Any = self._redis.hgetall(keys.channel_problem(channel))
        if "since" not in found:
            return None
        return ClosedChannel(channel, found["reason"], next_step_for(found["reason"]), float(found["since"]))

    def _stored(self) -> list[tuple[Outgoing, str]]:
        with translate_errors():
            ids: Any = self._redis.zrange(keys.OUTBOX, 0, -1)
            pipeline = self._redis.pipeline(transaction=False)
            for message_id in ids:
                pipeline.hmget(keys.outgoing(message_id), "body", "version")
            return [(restored(body), version) for body, version in pipeline.execute() if body]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
