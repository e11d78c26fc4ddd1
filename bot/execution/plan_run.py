"""One run of a plan: tracks in parallel, every step seen to succeed, one message that shows the progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.audit import Entry
from bot.errors import Conclusion, Unavailable
from bot.execution.planning import let_through
from bot.execution.progress_card import ProgressCard, StepState, failure_text
from bot.execution.replies import Replies
from bot.execution.step_details import step_details
from bot.execution.step_run import End, Read, Seen, carry_out, stop_engines
from bot.model import EVERY_TRACK, Engines, Facts, Operation, Plan, Step
from bot.outbox.deliverer import Ready
from bot.queue import results
from bot.queue.end_messages import card
from bot.queue.job import State
from bot.queue.lease import Lease, LeaseLost
from bot.queue.queue import Queue
from bot.stored_json import to_json

MAX_PARALLEL_TRACKS: Final = 8

Keep = Callable[[Facts, Operation], None]
"""Called with the facts in which the wanted state of a step was seen."""
Reveal = Callable[[], tuple[Sequence[Entry], Sequence[Ready]]]


@dataclass(frozen=True, slots=True)
class _TrackEnd:
    succeeded: bool
    seen: Seen | None
    """The facts that were seen last."""


class PlanRun:
    """One lease's run of a plan. ``channel`` is where its message is, or will be posted."""

    def __init__(
        self,
        lease: Lease,
        plan: Plan,
        queue: Queue,
        replies: Replies,
        channel: str,
        *,
        keep: Keep = lambda *_: None,
    ) -> None:
        job = lease.job
        self._lease = lease
        self._queue = queue
        self._replies = replies
        self._channel = channel
        self._keep = keep
        self.card = ProgressCard(job, plan, job.started_at or time.time())
        self._begun = bool(job.begun)
        self._continued = self._begun

    def run(self, engines: Engines, read: Read, before: Seen | None = None) -> None:
        """Carry out the plan. The card shows steps that fail. Raise LeaseLost if another worker has the job.

        ``before`` is what the plan was made from, if that was just now.
        """
        self._show(at_once=True)
        tracks: dict[str, list[Step]] = {}
        for step in self.card.plan.steps:
            tracks.setdefault(step.track, []).append(step)
        with ThreadPoolExecutor(MAX_PARALLEL_TRACKS, thread_name_prefix=f"job-{self._lease.job.id}") as pool:
            running: dict[str, Future[_TrackEnd]] = {}
            for name, steps in tracks.items():
                after = steps[0].after
                first = [future for track, future in running.items() if after in {track, EVERY_TRACK}]
                running[name] = pool.submit(self._track, steps, engines, read, first, before)
            for ended in running.values():
                ended.result()

    def finish(self, reveal: Reveal = lambda: ((), ())) -> None:
        """End the job and promise its last message.

        If every step succeeded, ``reveal`` returns the messages with the secrets it created, and audit entries.
        """
        entries, messages = reveal() if self.card.succeeded else ((), ())
        state: State = "succeeded" if self.card.succeeded else "failed"
        if state == "failed" and self.card.cancelled_by:
            state = "cancelled"
        message = self.card.ended()
        self._record(())
        outcome = results.success(self.card.headline(), card=to_json(message))
        ended = self._entry("ended", f"{state}: {self.card.result()}")
        order = self._lease.job.order
        last = Ready(card(order, self._channel, message))
        details = step_details(order, self._channel, self.card.details())
        self._replies.end(self._lease, state, outcome, [*entries, ended], [last, *messages], later=details)

    def _track(
        self,
        steps: Sequence[Step],
        engines: Engines,
        read: Read,
        first: Sequence[Future[_TrackEnd]],
        seen: Seen | None,
    ) -> _TrackEnd:
        """Return whether each step is done. None is started unless the tracks ``first`` succeeded.

        Steps that run always are the exception: a cancelled job and a failed step do not stop them. ``seen`` is what
        was seen before all tracks.
        """
        wait(first)
        ends = [track.result() for track in first]
        going_on = all(end.succeeded for end in ends)
        if ends and (last := ends[-1].seen) is not None:
            seen = last.beside(seen)
        for step in steps:
            if not step.always and (not going_on or self._is_cancelled()):
                if not (going_on and self._continued and self._stopped(step, engines, read)):
                    self._note(step, "stopped", f"not started: {step.operation.doing}")
                going_on = False
            elif (end := self._step(step, engines, read, seen)) is None:
                going_on = False
            else:
                seen = end.seen
        return _TrackEnd(going_on, seen)

    def _step(self, step: Step, engines: Engines, read: Read, before: Seen | None) -> End | None:
        """Return how the step was done; None if it was not. The card shows how it failed."""
        try:
            self._note(step, "running", step.operation.doing)
            follow = partial(self._follow, step)
            allow = partial(self._allow, step)
            end = carry_out(
                step.operation,
                engines,
                read,
                self._pause,
                allow,
                tell=follow,
                stop=self._is_cancelled,
                before=before,
            )
        except Conclusion as error:
            self._note_failure(step, error)
            return None
        self._keep(end.facts, step.operation)
        already = "" if end.changed or step.operation.check_only else ", as before"
        self._note(step, "done", step.operation.seen(end.facts) + already, found=not end.changed)
        return end

    def _stopped(self, step: Step, engines: Engines, read: Read) -> bool:
        """Stop what another worker may have begun before the job was cancelled. Return whether the card shows it."""
        operation = step.operation
        try:
            facts = stop_engines(operation, engines, read, self._pause, partial(self._allow, step))
            if facts is None:
                return False
            raise operation.settle(engines, facts, operation.cancelled(facts))
        except Conclusion as error:
            self._note_failure(step, error)
        return True

    def _follow(self, step: Step, facts: Facts) -> None:
        """Show the progress of a step. The audit log has only its start and its end."""
        if progress := step.operation.progress(facts):
            self.card.set(step, "running", f"{step.operation.doing}: {progress}")
            self._show()

    def _note_failure(self, step: Step, error: Conclusion) -> None:
        """Show how a step failed. The commands that the step names continue what a cancelled job has stopped."""
        if self.card.cancelled_by and step.operation.on_cancel and error.next_step:
            self.card.next_told = True
        self._note(step, "failed", failure_text(error))

    def _note(self, step: Step, state: StepState, text: str, *, found: bool = False) -> None:
        self.card.set(step, state, text, found=found)
        self._show()
        self._record([self._entry("step", f"{state}: {text}")])

    def _show(self, *, at_once: bool = False) -> None:
        """Show the card as it is now. Raise LeaseLost: then it is another worker's card."""
        progress = card(self._lease.job.order, self._channel, self.card.message(), promised=False)
        with suppress(Unavailable):  # the next state is shown
            self._replies.show(self._lease, progress, at_once=at_once)

    def _record(self, entries: Sequence[Entry]) -> None:
        self._queue.record(self._lease, {"progress": self.card.to_json()}, entries)

    def _pause(self, seconds: float) -> None:
        if self._lease.lost.wait(seconds):
            raise LeaseLost(self._lease.job.id)

    def _allow(self, step: Step, facts: Facts) -> None:
        """Ask the quorum gate, and store that something may have changed from now on.

        A worker that continues the job then continues this plan. Until then it plans and judges again.
        """
        let_through(step, facts, self.card.plan)
        if not self._begun:
            self._queue.record(self._lease, {"begun": "1"})
            self._begun = True

    def _is_cancelled(self) -> bool:
        job = self._queue.get(self._lease.job.id)
        self.card.cancelled_by = job.cancel_by if job else ""
        return bool(self.card.cancelled_by)

    def _entry(self, action: str, detail: str) -> Entry:
        return self._lease.audit_entry(action, detail, channel=self._channel)
