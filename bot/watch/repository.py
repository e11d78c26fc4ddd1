"""What watch remembers, and what people said of it, in Redis.

The leader alone writes the state, in one script with its messages and audit entries; an old leader's write is void.
What people say (acknowledgements, silences) comes from the web process and has keys of its own, so neither overwrites
the other: the leader takes acknowledgements into its state, and reads silences at each reading.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit, Entry
from bot.model.incident import Acknowledgement, Incident, LastReading, Silence, WatchState
from bot.outbox.outbox import packed
from bot.outbox.outgoing import Outgoing
from bot.secrets.redact import redact
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.leader_lease import LeaderLease, LeadershipLost
from bot.store.scripts import Script
from bot.stored_json import from_json, to_json
from bot.swarm.health.summary import Summary
from bot.webhooks.deliveries import Delivery, packed_deliveries

LUA: Final = Path(__file__).parent / "lua"
FAILOVER_S: Final = 30.0
"""After this time no other process takes over from one that is dead."""
MAX_SUMMARY_BYTES: Final = 64 * 1024
"""A longer summary is not stored: then hundreds of nodes are down, and `status` reads them itself."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """What people said of a cluster's incidents."""

    acknowledged: tuple[Acknowledgement, ...]
    """The acknowledgements that the state does not have yet."""
    silences: tuple[Silence, ...]
    """The silences that have not ended."""
    ended: tuple[str, ...]
    """The ids of silences that have ended."""


class WatchRepository:
    """Safe to share between threads. Every method raises :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis, audit: Audit) -> None:
        self._redis = redis
        self._audit = audit
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in ("store", "note", "unsilence", "digest")}

    def state(self, cluster: str) -> WatchState:
        """Return what is remembered; an empty state if nothing is, or if another version of Swarmbot stored it."""
        with translate_errors():
            stored: Any = self._redis.get(keys.watch_state(cluster))
        try:
            return from_json(WatchState, stored) if stored else WatchState()
        except ValueError:
            log.exception("What watch remembered of %s cannot be read.", cluster)
            return WatchState()

    def last_reading(self, cluster: str) -> LastReading | None:
        """Return the last reading; None if the cluster was never watched."""
        with translate_errors():
            stored: Any = self._redis.get(keys.watch_last_reading(cluster))
        return from_json(LastReading, stored) if stored else None

    def leader(self, cluster: str) -> str:
        """Return the name of the process that watches the cluster now; "" if none does."""
        with translate_errors():
            holder: Any = self._redis.hget(keys.watch_lease(cluster), "holder")
        return holder or ""

    def summary(self, cluster: str) -> tuple[Summary, float] | None:
        """Return what `status` says of the last reading, and how many seconds ago that began.

        None if it is older than SUMMARY_TTL_S, if no manager could be read, or if no process watches the cluster.
        """
        with translate_errors():
            pipeline = self._redis.pipeline()
            pipeline.hget(keys.watch_lease(cluster), "holder")
            pipeline.get(keys.watch_summary(cluster))
            pipeline.pttl(keys.watch_summary(cluster))
            holder, stored, left_ms = pipeline.execute()
        if not holder or not stored:
            return None
        try:
            return from_json(Summary, stored), keys.SUMMARY_TTL_S - left_ms / 1000
        except ValueError:  # another version of Swarmbot stored it
            return None

    def open_incidents(self, cluster: str) -> tuple[Incident, ...]:
        """Return the open incidents that were reported or are silenced; () if no process watches the cluster."""
        if not self.leader(cluster):
            return ()  # nobody would have seen their ends
        found = self.state(cluster).incidents
        return tuple(each for each in found if each.open and (each.told_at or each.silenced_by))

    def unwatched_since(self, cluster: str, now: float) -> float:
        """Return when a cluster was last read that no process watches any more; 0 if one does, or none ever did."""
        last_reading = None if self.leader(cluster) else self.last_reading(cluster)
        return last_reading.at if last_reading and now - last_reading.at > FAILOVER_S else 0.0

    def said(self, cluster: str, now: float) -> Said:
        """Return what people said; ``now`` in unix seconds."""
        with translate_errors():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hgetall(keys.acknowledgements(cluster))
            pipeline.hgetall(keys.silences(cluster))
            acknowledged, kept = pipeline.execute()
        silences = _silences(kept)
        return Said(
            tuple(from_json(Acknowledgement, text) for text in acknowledged.values()),
            tuple(sorted((each for each in silences if each.until > now), key=lambda each: each.at)),
            tuple(each.id for each in silences if each.until <= now),
        )

    def find(self, incident_id: str, clusters: Iterable[str]) -> Incident | None:
        """Return the incident with this id, in any cluster; None if there is none."""
        incidents = (each for cluster in clusters for each in self.state(cluster).incidents)
        return next((each for each in incidents if each.id == incident_id), None)

    def acknowledge(self, cluster: str, said: Acknowledgement, entries: Sequence[Entry]) -> Acknowledgement | None:
        """Note an acknowledgement. If somebody's is noted already, return that one and write nothing."""
        there = self._note(keys.acknowledgements(cluster), said.incident, to_json(said), entries)
        return from_json(Acknowledgement, there) if there else None

    def silence(self, silence: Silence, entries: Sequence[Entry]) -> bool:
        """Note a silence. Return False, and write nothing, if its id is taken."""
        return not self._note(keys.silences(silence.cluster), silence.id, redact(to_json(silence)), entries)

    def unsilence(self, cluster: str, silence_id: str, entries: Sequence[Entry]) -> bool:
        """End a silence. Return False, and write nothing, if there is none with this id."""
        places = [keys.silences(cluster), *keys.AUDIT]
        reply = self._audit.commit(entries, lambda tail: self._run["unsilence"](places, [silence_id, *tail]))
        return bool(reply[0] == "ended")

    def store(
        self,
        lease: LeaderLease,
        cluster: str,
        state: WatchState,
        last_reading: LastReading,
        said: Said,
        *,
        summary: Summary | None = None,
        age_s: float = 0.0,
        messages: Sequence[Outgoing] = (),
        deliveries: Sequence[Delivery] = (),
        entries: Sequence[Entry] = (),
    ) -> None:
        """Store what a reading has found; ``said`` is what its state has taken in. Raise LeadershipLost if it is void.

        ``summary`` is of a reading that began ``age_s`` seconds ago.
        """
        places = [keys.watch_lease(cluster), keys.watch_state(cluster), keys.watch_last_reading(cluster)]
        places += [keys.watch_summary(cluster), keys.acknowledgements(cluster), keys.silences(cluster)]
        places += [keys.OUTBOX, keys.OUTGOING, keys.WEBHOOKS, *keys.AUDIT]
        taken = json.dumps([each.incident for each in said.acknowledged])
        args = [str(lease.fence), redact(to_json(state)), to_json(last_reading), *_kept(summary, age_s)]
        args += [taken, json.dumps(said.ended)]
        args += [packed(messages), packed_deliveries(deliveries), str(keys.WEBHOOK_TTL_S)]
        reply = self._audit.commit(entries, lambda tail: self._run["store"](places, args + tail))
        if reply[0] == "lost":
            raise LeadershipLost(keys.watch_lease(cluster), lease.fence)

    def last_digest(self, cluster: str) -> str:
        """Return the day (YYYY-MM-DD) of the last digest; "" if none is remembered."""
        with translate_errors():
            stored: Any = self._redis.get(keys.watch_digest(cluster))
        return stored or ""

    def promise_digest(self, lease: LeaderLease, cluster: str, day: str, message: Outgoing) -> bool:
        """Promise the digest of a day. Return False if it was promised before. Raise LeadershipLost if it is void."""
        places = [keys.watch_lease(cluster), keys.watch_digest(cluster), keys.OUTBOX, keys.OUTGOING]
        with translate_errors(writing=True):
            [word] = self._run["digest"](places, [str(lease.fence), day, str(keys.DIGEST_TTL_S), packed([message])])
        if word == "lost":
            raise LeadershipLost(keys.watch_lease(cluster), lease.fence)
        return bool(word == "ok")

    def _note(self, key: str, name: str, body: str, entries: Sequence[Entry]) -> str:
        """Note ``body`` unless something is noted under this name; return what is."""
        places = [key, *keys.AUDIT]
        word, *there = self._audit.commit(entries, lambda tail: self._run["note"](places, [name, body, *tail]))
        return str(there[0]) if word == "there" else ""


def _kept(summary: Summary | None, age_s: float) -> tuple[str, str]:
    """Return the summary as it is stored, and for how many ms: until its reading is too old."""
    text = redact(to_json(summary)) if summary else ""
    left_ms = (keys.SUMMARY_TTL_S - age_s) * 1000
    return (text, f"{left_ms:.0f}") if len(text.encode()) <= MAX_SUMMARY_BYTES and left_ms >= 1 else ("", "0")


def _silences(stored: Mapping[str, str]) -> list[Silence]:
    return [from_json(Silence, text) for text in stored.values()]
