"""One run of a plan: tracks in parallel, every step seen to succeed, one message that shows the progress."""

from __future__ import annotations

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
from bot.model import EVERY_TRACK, Engines, Facts, Plan, Step
from bot.queue import results
from bot.queue.job import State
from bot.queue.lease import Lease, LeaseLost
from bot.queue.queue import Queue
from bot.slack.outbound.live_message import LiveMessage
from bot.slack.outbound.notifier import Notifier
from bot.stored_json import to_json

MAX_PARALLEL_TRACKS: Final = 8
FINAL_UPDATE_TIMEOUT_S: Final = 5.0
"""How long the job waits for its message's final update before it ends. The update is retried in the background."""


class PlanRun:
    """One lease's run of a plan. ``channel`` is where its message is, or will be posted."""

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
        """Carry out the plan. The card shows steps that fail. Raise LeaseLost if another worker has the job."""
        with self._message_left():
            self._run_tracks(engines, read)

    @contextmanager
    def _message_left(self) -> Iterator[None]:
        """On an error, stop updating the message: whoever continues the job updates it."""
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
        with ThreadPoolExecutor(MAX_PARALLEL_TRACKS, thread_name_prefix=f"job-{self._lease.job.id}") as pool:
            running: dict[str, Future[bool]] = {}
            for name, steps in tracks.items():
                after = steps[0].after
                first = [future for track, future in running.items() if after in {track, EVERY_TRACK}]
                running[name] = pool.submit(self._track, steps, engines, read, first)
            for ended in running.values():
                ended.result()

    def finish(self, reveal: Callable[[], Sequence[Entry]] = tuple) -> None:
        """Show the end, then store it. If every step succeeded, ``reveal`` first shows the secrets it created."""
        with self._message_left():
            entries = reveal() if self.card.succeeded else ()
        state: State = "succeeded" if self.card.succeeded else "failed"
        if state == "failed" and self.cancelled_by:
            state = "cancelled"
        message = self.card.ended(cancelled_by=self.cancelled_by)
        self._live.end(message, FINAL_UPDATE_TIMEOUT_S)
        self._record(())
        told = results.success(self.card.headline(), card=to_json(message))
        ended = self._entry("ended", f"{state}: {self.card.result()}")
        self._queue.finish(self._lease, state, told, [*entries, ended])

    def _track(self, steps: Sequence[Step], engines: Engines, read: Read, first: Sequence[Future[bool]]) -> bool:
        """Return whether each step is done. None is started unless the tracks ``first`` succeeded."""
        if not all(track.result() for track in first):
            self._skip(steps)
            return False
        for number, step in enumerate(steps):
            if self._is_cancelled():
                self._skip(steps[number:])
                return False
            try:
                self._note(step, "running", step.operation.doing)
                follow = partial(self._follow, step)
                allow = partial(self._allow, step)
                end = carry_out(step.operation, engines, read, self._pause, allow, tell=follow)
                before = "" if end.changed or step.operation.check_only else ", as before"
                self._note(step, "done", step.operation.seen(end.facts) + before)
            except Conclusion as error:
                self._note(step, "failed", failure_text(error))
                self._skip(steps[number + 1 :])
                return False
        return True

    def _skip(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._note(step, "stopped", f"{step.operation.doing}: not started")

    def _follow(self, step: Step, facts: Facts) -> None:
        """Show the progress of a step. The audit log has only its start and its end."""
        if progress := step.operation.progress(facts):
            self.card.set(step, "running", f"{step.operation.doing}: {progress}")
            self._live.show(self.card.message())

    def _note(self, step: Step, state: str, text: str) -> None:
        self.card.set(step, state, text)  # type: ignore[arg-type] # a Standing, as all callers here write it
        self._live.show(self.card.message())
        self._record([self._entry("step", f"{state}: {text}")])

    def _keep_ts(self) -> None:
        """Store at once where the message is: whoever continues the job updates it and posts no other."""
        with suppress(LeaseLost, Unavailable):  # the next record retries it, or another worker has the job
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
        """Ask the quorum gate, and store that something may have changed from now on.

        Whoever continues the job then continues its plan. Until then the plan is made and judged again.
        """
        let_through(step, facts, self.card.plan)
        if not self._begun:
            self._queue.record(self._lease, {"begun": "1"})
            self._begun = True

    def _is_cancelled(self) -> bool:
        job = self._queue.get(self._lease.job.id)
        self.cancelled_by = job.cancel_by if job else ""
        return bool(self.cancelled_by)

    def _entry(self, action: str, detail: str) -> Entry:
        return self._lease.audit_entry(action, detail, channel=self._channel)
