"""Carries a script out: one thread for each person and for each target of faults; then lets everything settle."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import groupby
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, Final, Protocol

from bot.audit import Audit
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.deployment import Deployment
from sandbox.slack.base import CannotDo
from sandbox.slack.faults import Fault
from sandbox.slack.transcript import TranscriptEntry
from tests.kits.random_run.checker import judge
from tests.kits.random_run.history import History
from tests.kits.random_run.lookups import Violation
from tests.kits.random_run.recorder import Recorder
from tests.kits.random_run.script import Action, Planned, Pressing, Script, Typing

CHANNEL: Final = "prod"
NEWEST: Final = 12
"""How many of the newest messages and jobs people press buttons of, and cancel."""
FORM_TIMEOUT_S: Final = 2.0
PENDING_RULES: Final = frozenset({"not ended", "untold", "left open", "incident open", "incident untold"})
"""What still may become true after the run."""
POLL_INTERVAL_S: Final = 0.5
REDIS_PAUSE_MS: Final = 500
REDIS_BREATH_S: Final = 0.05
"""Between two pauses, in which what waited is carried out."""


class Hosts(Protocol):
    """What breaks hosts."""

    def inject(self, fault: Planned, *, on: bool) -> None:
        """Break a host in this way, or repair it (``on``)."""


class Driver:
    """Carries out one script against a deployment."""

    def __init__(self, deployment: Deployment, hosts: Hosts, recorder: Recorder) -> None:
        self._deployment = deployment
        self._slack = deployment.slack
        self._hosts = hosts
        self._recorder = recorder
        self._began = monotonic()
        self._to_start: SimpleQueue[tuple[Callable[[], None], Future[None]]] = SimpleQueue()

    def run(self, script: Script) -> None:
        """Return when everybody has typed and every fault has ended."""
        self._began = monotonic()
        people = _by(script.actions, lambda action: action.user)
        targets = _by(script.faults, lambda fault: fault.target)
        with ThreadPoolExecutor(len(people) + len(targets)) as pool:
            waits = [pool.submit(self._each, actions, self._act) for actions in people]
            waits += [pool.submit(self._each, faults, self._disturb) for faults in targets]
            while not all(wait.done() for wait in waits):
                self._start_next()
                self._recorder.measure()
        for wait in waits:
            wait.result()
        self._slack.clear_faults()

    def _start(self, start: Callable[[], None]) -> None:
        """Start a process from the thread that calls :meth:`run`: a process dies with the thread that started it."""
        started: Future[None] = Future()
        self._to_start.put((start, started))
        started.result()

    def _start_next(self) -> None:
        with suppress(Empty):
            start, started = self._to_start.get(timeout=POLL_INTERVAL_S)
            try:
                start()
            except Exception as error:  # noqa: BLE001 - raised in the thread that waits
                started.set_exception(error)
            else:
                started.set_result(None)

    def settle(self, timeout_s: float) -> tuple[History, list[Violation]]:
        """Cancel what waits for people, wait until everything is reported; return the history and its violations."""
        deadline = monotonic() + timeout_s
        while True:
            self._cancel_waiting()
            history = self._recorder.history()
            found = judge(history)
            if monotonic() > deadline or not PENDING_RULES & {each.rule for each in found}:
                return history, found
            sleep(POLL_INTERVAL_S)

    def _each(self, events: Iterable[Any], act: Callable[[Any], None]) -> None:
        """Do each when the script says so."""
        for event in events:
            sleep(max(0.0, self._began + event.at - monotonic()))
            act(event)

    # People

    def _act(self, action: Action) -> None:
        with suppress(CannotDo):  # the message has changed since it was read
            if isinstance(action, Typing):
                self._type(action.user, self._with_job(action))
            else:
                self._press(action)

    def _type(self, user: str, words: str) -> None:
        at = time.time()
        self._recorder.request(at, words, self._slack.slash(user, CHANNEL, words))

    def _with_job(self, action: Typing) -> str:
        if "{job}" not in action.words:
            return action.words
        with suppress(Exception):  # Redis may be away
            jobs = [job.id for job in self._jobs(NEWEST)]
            return action.words.format(job=jobs[int(action.pick * len(jobs))] if jobs else "zzzz")
        return action.words.format(job="zzzz")

    def _press(self, action: Pressing) -> None:
        ts = self._message_with(action)
        if not ts:
            return
        at = time.time()
        delivery = self._slack.click(action.user, ts, action.button)
        self._recorder.request(at, f"[{action.button}]", delivery)
        if action.button == "Deny":
            self._fill_denial(action.user)

    def _message_with(self, action: Pressing) -> str:
        who = self._slack.team.user(action.user).id
        last: dict[str, TranscriptEntry] = {}
        for entry in self._slack.transcript():
            if who in entry.to and entry.kind in {"posted", "edited"}:
                last[entry.ts] = entry
        found = [ts for ts, entry in last.items() if f"[{action.button}]" in entry.text][-NEWEST:]
        return found[int(action.pick * len(found))] if found else ""

    def _fill_denial(self, user: str) -> None:
        who = self._slack.team.user(user).id
        with suppress(TimeoutError):  # it was refused, or Slack is away
            self._slack.wait_for(lambda slack: slack.workspace.views.stack(who), FORM_TIMEOUT_S)
            self._slack.submit_view(user, {"reason": "not now"})
        while self._slack.workspace.views.stack(who):
            self._slack.close_view(user)

    # Faults

    def _disturb(self, fault: Planned) -> None:
        """Hold a fault for the script's time."""
        begin = time.time()
        match fault.kind:
            case "kill" | "terminate":
                (self._deployment.kill if fault.kind == "kill" else self._deployment.stop)(fault.target)
                sleep(fault.seconds)
                self._start(partial(self._deployment.start, fault.target))
            case "stop":
                process = self._deployment.processes[fault.target]
                process.send_signal(signal.SIGSTOP)
                sleep(fault.seconds)
                process.send_signal(signal.SIGCONT)
            case "redis":
                self._deployment.kill("redis")
                sleep(fault.seconds)
                self._start(self._deployment.start_redis)
            case "redis hangs":
                process = self._deployment.processes["redis"]
                process.send_signal(signal.SIGSTOP)
                sleep(fault.seconds)
                process.send_signal(signal.SIGCONT)
            case "redis slow":
                self._slow_redis(fault.seconds)
            case "redis full":
                self._full_redis(fault.seconds)
            case "slack" | "slack hangs" | "slack loses answers" | "rate limit":
                self._slack_fault(_slack_fault(fault), fault.seconds)
            case "deliver twice":
                self._slack.fault("deliver_twice", "command", times=1)
            case _:
                self._hosts.inject(fault, on=False)
                sleep(fault.seconds)
                self._hosts.inject(fault, on=True)
        self._recorder.disturbed(fault.kind, fault.target, begin)

    def _slow_redis(self, seconds: float) -> None:
        """Let every write wait for up to half a second, again and again."""
        until = monotonic() + seconds
        with connect(Secret(self._deployment.redis_url)) as redis:
            while monotonic() < until:
                redis.client_pause(REDIS_PAUSE_MS, all=False)
                sleep(REDIS_PAUSE_MS / 1000 + REDIS_BREATH_S)

    def _full_redis(self, seconds: float) -> None:
        with connect(Secret(self._deployment.redis_url)) as redis:
            redis.config_set("maxmemory", 1)
            sleep(seconds)
            redis.config_set("maxmemory", 0)

    def _slack_fault(self, fault: Fault, seconds: float) -> None:
        with self._slack.workspace.changed:
            self._slack.workspace.faults.add(fault)
        sleep(seconds)
        with self._slack.workspace.changed:
            self._slack.workspace.faults.active.remove(fault)

    # The end

    def _cancel_waiting(self) -> None:
        """Cancel what waits for an approval or for its requester."""
        for job in self._jobs(1000):
            if not job.ended and job.state not in {"queued", "running"}:
                self._type("cleo", f"cancel {job.id}")

    def _jobs(self, count: int) -> list[Job]:
        with connect(Secret(self._deployment.redis_url)) as redis:
            return Queue(redis, Audit(redis)).recent(None, count)


def _slack_fault(planned: Planned) -> Fault:
    """Return the local Slack's fault."""
    match planned.kind:
        case "rate limit":
            return Fault("rate_limited", seconds=float(planned.flavour))
        case "slack hangs":
            return Fault("slow", seconds=float(planned.flavour))
        case "slack loses answers":
            return Fault("drop_after")
        case _:
            return Fault("drop" if planned.flavour == "drop" else "http_500")


def _by(events: Iterable[Any], key: Callable[[Any], str]) -> list[list[Any]]:
    return [list(group) for _, group in groupby(sorted(events, key=key), key)]
