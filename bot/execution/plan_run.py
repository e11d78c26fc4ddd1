"""A change from its plan to its end: tracks side by side, every step seen, one message that follows it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from bot.audit import Entry
from bot.errors import Conclusion, Unavailable
from bot.execution.planning import let_through
from bot.execution.progress_card import ProgressCard, failure_text
from bot.execution.step_run import Read, carry_out
from bot.model import Engines, Facts, Plan, Step
from bot.queue.job import State
from bot.queue.lease import Lease, LeaseLost
from bot.queue.queue import Queue
from bot.slack.outbound.live_message import LiveMessage
from bot.slack.outbound.notifier import Notifier
from bot.stored_json import to_json

SIDE_BY_SIDE: Final = 8
FAREWELL: Final = 5.0
"""Seconds that the last state of the message may take before the job ends without it; it is tried on beside."""


class PlanRun:
    """One lease's run of a plan. ``channel`` is where its message is, or will be."""

    def __init__(self, lease: Lease, plan: Plan, queue: Queue, notifier: Notifier, channel: str) -> None:
        job = lease.job
        self._lease = lease
        self._queue = queue
        self._channel = channel
        self.card = ProgressCard(job, plan, job.started_at or time.time())
        self._posted = job.message_ts
        self._begun = bool(job.begun)
        self._lock = threading.Lock()
        self._live = LiveMessage(notifier, job.message_channel or channel, job.message_ts, posted=self._keep_ts)
        self.cancelled_by = ""

    def run(self, engines: Engines, read: Read) -> None:
        """Carry the plan out; failures of steps are on the card. Raises LeaseLost when the job is another's."""
        with self._message_left():
            self._run_tracks(engines, read)

    @contextmanager
    def _message_left(self) -> Iterator[None]:
        """What is raised leaves the message to whoever goes on with the job."""
        try:
            yield
        except BaseException:
            self._live.abandon()
            raise

    def _run_tracks(self, engines: Engines, read: Read) -> None:
        self._live.show(self.card.message())
        tracks: dict[str, list[Step]] = {}
        for step in self.card.plan.steps:
            tracks.setdefault(step.track, []).append(step)
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix=f"job-{self._lease.job.id}") as pool:
            running: dict[str, Future[bool]] = {}
            for name, steps in tracks.items():
                running[name] = pool.submit(self._track, steps, engines, read, running.get(steps[0].after))
            for ended in running.values():
                ended.result()

    def finish(self, reveal: Callable[[], Sequence[Entry]] = tuple) -> None:
        """Show the end, then write it down; where all went well, ``reveal`` first shows what the change made known."""
        with self._message_left():
            entries = reveal() if self.card.succeeded else ()
        state: State = "succeeded" if self.card.succeeded else "failed"
        if state == "failed" and self.cancelled_by:
            state = "cancelled"
        message = self.card.ended(cancelled_by=self.cancelled_by)
        self._live.end(message, FAREWELL)
        self._record(())
        told = json.dumps({"told": self.card.headline(), "card": to_json(message)}, ensure_ascii=False)
        ended = self._entry("ended", f"{state}: {self.card.result()}")
        self._queue.finish(self._lease, state, told, [*entries, ended])

    def _track(self, steps: Sequence[Step], engines: Engines, read: Read, first: Future[bool] | None) -> bool:
        """Whether each step is done; none is begun unless ``first`` has ended well."""
        if first is not None and not first.result():
            self._leave(steps)
            return False
        for number, step in enumerate(steps):
            if self._told_to_stop():
                self._leave(steps[number:])
                return False
            try:
                self._note(step, "running", step.operation.doing)
                follow = partial(self._follow, step)
                allow = partial(self._allow, step)
                end = carry_out(step.operation, engines, read, self._pause, allow, tell=follow)
                before = "" if end.changed or step.operation.only_looks else ", as before"
                self._note(step, "done", step.operation.seen(end.facts) + before)
            except Conclusion as error:
                self._note(step, "failed", failure_text(error))
                self._leave(steps[number + 1 :])
                return False
        return True

    def _leave(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._note(step, "stopped", f"{step.operation.doing}: not begun")

    def _follow(self, step: Step, facts: Facts) -> None:
        """Show how far a step has come; the audit log holds only how it began and ended."""
        if progress := step.operation.progress(facts):
            self.card.set(step, "running", f"{step.operation.doing}: {progress}")
            self._live.show(self.card.message())

    def _note(self, step: Step, standing: str, text: str) -> None:
        self.card.set(step, standing, text)  # type: ignore[arg-type] # a Standing, as all callers here write it
        self._live.show(self.card.message())
        self._record([self._entry("step", f"{standing}: {text}")])

    def _keep_ts(self) -> None:
        """Note at once where the message is: whoever takes the job over edits it and posts no other."""
        with suppress(LeaseLost, Unavailable):  # the next record tries it again, or the job is no longer ours
            self._record(())

    def _record(self, entries: Sequence[Entry]) -> None:
        with self._lock:
            fields = {"progress": self.card.to_json()}
            if self._live.ts and self._live.ts != self._posted:
                self._posted = self._live.ts
                fields |= {"message_channel": self._channel, "message_ts": self._posted}
            self._queue.record(self._lease, fields, entries)

    def _pause(self, seconds: float) -> None:
        if self._lease.lost.wait(seconds):
            raise LeaseLost(self._lease.job.id)

    def _allow(self, step: Step, facts: Facts) -> None:
        """Ask the quorum gate, and note that from now on something may have been changed.

        Whoever takes the job over then goes on with its plan; until then it is made and judged anew.
        """
        let_through(step, facts, self.card.plan)
        if not self._begun:
            self._queue.record(self._lease, {"begun": "1"})
            self._begun = True

    def _told_to_stop(self) -> bool:
        job = self._queue.get(self._lease.job.id)
        self.cancelled_by = job.cancel_by if job else ""
        return bool(self.cancelled_by)

    def _entry(self, action: str, detail: str) -> Entry:
        return self._lease.audit_entry(action, detail, channel=self._channel)
