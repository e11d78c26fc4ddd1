"""Records a run: requests and faults as they happen, the rest from Slack, Redis and the logs at its end."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit
from bot.audit.stream import Stream, parse_entries
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.stored_json import from_plain
from bot.watch.repository import WatchRepository
from sandbox.deployment import Deployment
from sandbox.slack.delivery import Delivery
from sandbox.slack.render import shown as visible
from sandbox.slack.transcript import TranscriptEntry
from sandbox.slack.validate import elements_of
from sandbox.tour.secret_scan import has_secret, redis_contents, scan_messages
from tests.kits.commands import COMMANDS
from tests.kits.random_run.history import (
    AuditEntry,
    Disturbance,
    DisturbanceKind,
    Footprint,
    History,
    IncidentRecord,
    JobRecord,
    Request,
    Shown,
    Sighting,
)

MOST_JOBS: Final = 100_000
OK: Final = 200
NAMED_JOB: Final = re.compile(r"`([2-9a-hjkmnp-z]{4})`")
TRACEBACK: Final = re.compile(r"^Traceback \(most recent call last\):\n(?:[ \t].*\n)*(.*)$", re.MULTILINE)
STATUS: Final = re.compile(r"^(VmRSS|Threads):\s+(\d+)", re.MULTILINE)
CLUSTER: Final = "prod"
OF_INCIDENT: Final = re.compile(
    r"[✗!✓] \*(?:prod(?::|\*| has no )|`host-\d` leads prod|\d of \d managers|Resolved after)"
)
"""How the message of an incident begins, and no other."""
SHARED: Final = ", shared by <@"
SHOWN_KINDS: Final = frozenset({"posted", "edited", "deleted"})


@dataclass
class Recorder:
    """What happens while a deployment runs. ``sightings`` returns what was seen of the true cluster."""

    deployment: Deployment
    sightings: Callable[[], Sequence[Sighting]]
    _requests: list[tuple[Request, str]] = field(default_factory=list)
    """Each with its key in Redis."""
    _disturbances: list[Disturbance] = field(default_factory=list)
    _footprints: list[Footprint] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def request(self, at: float, words: str, delivery: Delivery) -> None:
        """Record a command or press that Slack has delivered, and what its acknowledgement showed."""
        key = "command" if delivery.kind == "command" else "press"
        request = Request(
            at=at,
            user=delivery.user,
            words=words,
            response_url=delivery.response_url.rpartition("/")[2],
            acknowledged=delivery.status == OK and not delivery.error,
            reply=_reply(delivery.body),
        )
        with self._lock:
            self._requests.append((request, f"{key}:{delivery.trigger_id}"))

    def disturbed(self, kind: DisturbanceKind, target: str, begin: float) -> None:
        """Record a fault that has ended."""
        with self._lock:
            self._disturbances.append(Disturbance(kind, target, begin, time.time()))

    def measure(self) -> None:
        """Record what each process of the bot holds now."""
        for name, process in [*self.deployment.processes.items()]:
            if name == "redis":
                continue
            with suppress(OSError, KeyError):  # it has just been killed
                status = dict(STATUS.findall(Path(f"/proc/{process.pid}/status").read_text()))
                mib, threads = int(status["VmRSS"]) / 1024, int(status["Threads"])
                self._footprints.append(Footprint(time.time(), name, process.pid, round(mib, 1), threads))

    def history(self) -> History:
        """Return the history until now."""
        with connect(Secret(self.deployment.redis_url)) as redis, self._lock:
            audit = Audit(redis)
            jobs = Queue(redis, audit).recent(None, MOST_JOBS)
            verdict = audit.verify()
            return History(
                requests=tuple(_with_job(redis, request, key) for request, key in self._requests),
                shown=tuple(self._shown()),
                jobs=tuple(map(_record, jobs)),
                audit=tuple(
                    AuditEntry(e.action, e.job, e.detail, e.words) for e in parse_entries(Stream(redis).rows())
                ),
                audit_problem="" if verdict.ok else str(verdict),
                sightings=tuple(self.sightings()),
                disturbances=tuple(self._disturbances),
                incidents=tuple(self._incidents(redis, audit)),
                footprints=tuple(self._footprints),
                leaks=tuple(self._leaks(redis)),
                tracebacks=tuple(self._tracebacks()),
            )

    def _incidents(self, redis: Redis, audit: Audit) -> Iterator[IncidentRecord]:
        """Yield those that Redis still has: all of a run."""
        posted = [each for each in self.deployment.slack.transcript() if each.kind == "posted" and not each.private]
        for each in WatchRepository(redis, audit).state(CLUSTER).incidents:
            own = [entry.at for entry in posted if f"`{each.id}`" in entry.text and OF_INCIDENT.match(entry.text)]
            text = f"{each.root_signal.kind} {each.root_signal.subject}"
            told = bool(each.told_at)
            yield IncidentRecord(each.id, text, each.open, told, tuple(own), each.opened_at, each.resolved_at)

    def _shown(self) -> Iterator[Shown]:
        bot = self.deployment.slack.team.app.bot_user
        with self.deployment.slack.workspace.changed:
            titles = {each.ts: each.text for each in self.deployment.slack.workspace.messages.everything}
        entries = self.deployment.slack.transcript()
        last = {entry.ts: entry.number for entry in entries}
        for entry in entries:
            if entry.kind in SHOWN_KINDS and entry.who == bot:
                yield Shown(
                    entry.at,
                    entry.ts,
                    frozenset(entry.to),
                    entry.private,
                    entry.text,
                    frozenset(_named(entry)),
                    entry.response_url,
                    entry.kind == "deleted",
                    titles.get(entry.ts, "") if last[entry.ts] == entry.number else "",
                )

    def _leaks(self, redis: Redis) -> Iterator[str]:
        yield from (found.partition(" ")[0] for found in redis_contents(redis) if has_secret(found.encode()))
        yield from (f"the log of {name}" for name in self._logs() if has_secret(self.deployment.log(name).encode()))
        yield from scan_messages(self.deployment.slack.transcript())[1]

    def _tracebacks(self) -> Iterator[str]:
        for name in self._logs():
            yield from (f"{name}: {found[1]}" for found in TRACEBACK.finditer(self.deployment.log(name)))

    def _logs(self) -> list[str]:
        return sorted(path.stem for path in self.deployment.folder.glob("*.log"))


def _reply(body: Any) -> str:
    if not isinstance(body, dict):
        return str(body)
    return visible(str(body.get("text") or ""), body.get("blocks") or [])


def _with_job(redis: Redis, request: Request, key: str) -> Request:
    return replace(request, job=str(redis.get(keys.request(key)) or ""))


def _record(job: Job) -> JobRecord:
    order = job.order
    command = COMMANDS.get(order.command)
    change = False
    if command is not None:
        change = command.is_change(from_plain(command.arguments, dict(order.args)))
    return JobRecord(
        id=job.id,
        words=order.words,
        requester=order.requester,
        state=job.state,
        asked_at=order.asked_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        cancel_by=job.cancel_by,
        change=change and not order.only_plan,
        internal=command is None or bool(order.pending_rotation),
        said=_said(job.outcome),
    )


def _said(outcome: str) -> str:
    kept = json.loads(outcome or "{}")
    return str(kept.get("told") or kept.get("error", {}).get("happened", ""))


def _named(entry: TranscriptEntry) -> Iterator[str]:
    """Return the jobs that a message is about. An answer with its buttons is its own job's, even if it lists others."""
    elements = [element for block in entry.blocks for element in elements_of(block) if element.get("value")]
    if owners := [str(each["value"]) for each in elements if str(each.get("action_id")).startswith("answer.")]:
        yield from owners
    elif SHARED not in entry.text:
        yield from NAMED_JOB.findall(entry.text)
        yield from (str(each["value"]) for each in elements)
