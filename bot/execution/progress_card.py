"""The card of a change: findings, and the state of each step, in one message. Thread-safe."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import astuple, dataclass, field
from operator import itemgetter
from typing import Final, Literal

from bot.blocks import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    WARNING,
    Line,
    Message,
    Sign,
    button,
    ended_sentence,
    is_shown_whole,
    progress,
    tick,
    user,
)
from bot.errors import SwarmbotError
from bot.model import Plan, Step
from bot.queue.job import Job
from bot.secrets.secret import MASK

StepState = Literal["waiting", "running", "done", "failed", "stopped"]
SIGNS: dict[StepState, Sign] = {
    "waiting": WAITING,
    "running": RUNNING,
    "done": DONE,
    "failed": FAILED,
    "stopped": WAITING,
}
OFFER: Final = "job.offer"
"""The button that shows the plan of the order which a finished change offers."""
RUN_PLAN: Final = "plan.run"
"""The button below a plan that is only shown: the same order without ``--plan``."""
FINDINGS: dict[str, Sign] = {"done": DONE, "warning": WARNING, "failed": FAILED}
SLOW_S: Final = 10.0
"""If a change takes longer, the card also shows how long each step took: people ask for it."""


@dataclass(slots=True)
class _Row:
    step: Step
    state: StepState = "waiting"
    text: str = ""
    began: float = 0.0
    ended: float = 0.0

    @property
    def line(self) -> Line:
        """What the card shows of it."""
        return Line(SIGNS[self.state], self.text, self.began, self.ended if self.state in {"done", "failed"} else 0.0)


@dataclass(slots=True)
class ProgressCard:
    """The progress of a change."""

    job: Job
    plan: Plan
    started_at: float
    """Unix seconds."""
    preface: str = ""
    """Who approved it."""
    outcome: str = ""
    """Additional results of its end, in a few words."""
    cancelled_by: str = ""
    """Who cancelled the job before its end (U…); "" if nobody did."""
    next_told: bool = False
    """Whether a cancelled step names the commands that continue it or undo it: repeating the order does neither."""
    notes: list[str] = field(default_factory=list)
    """Warnings about the end."""
    _rows: list[_Row] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._rows = [_Row(step, text=step.operation.doing) for step in self.plan.steps]
        if self.job.begun:
            self._continue()

    def _continue(self) -> None:
        """Take the times of steps that an earlier attempt at the job has begun or done."""
        for row, line in zip(self._ordered(), self.job.lines, strict=False):
            if isinstance(row, _Row) and line.sign in {RUNNING, DONE}:
                row.began, row.ended = line.began, line.ended

    def set(self, step: Step, state: StepState, text: str, *, found: bool = False) -> None:
        """Set the state and the line of a step. ``found``: it was done before, maybe by an earlier attempt."""
        with self._lock:
            row = next(row for row in self._rows if row.step is step)
            row.state, row.text = state, text
            if state == "running":
                row.began = row.began or time.time()
            elif not (found and row.ended):
                row.ended = time.time()

    def message(self) -> Message:
        """Return the card while the job runs."""
        order = self.job.order
        title = self._with_preface(f"*{user(order.requester)} {self.plan.titles.present}* · job `{self.job.id}`")
        meanwhile = [f"{WARNING} {text}" for text in self.plan.meanwhile]
        footer = "\n".join([*filter(None, [self.plan.effect]), *meanwhile, *self._warnings()])
        return progress(title, self.lines(), footer, [button("Cancel", "job.cancel", self.job.id)], rest=self._rest)

    def ended(self) -> Message:
        """Return the card at the end, with the result as its title."""
        buttons = [] if self.succeeded or self.next_told else [button("Retry", "job.retry", self.job.id)]
        if self.succeeded and self.plan.offer:
            buttons = [button(f"/swarm {self.plan.offer}", OFFER, self.job.id)]
        title = self._with_preface(self.headline())
        return progress(title, self.lines(), "\n".join(self._ended_notes()), buttons, rest=self._rest)

    def details(self) -> list[str]:
        """Return all that the card says below its title, in full and with times; nothing if the card says as much.

        Times of several steps are more than it says, if the change was slow.
        """
        lines, notes = self.lines(), self._ended_notes()
        slow = time.time() - self.started_at >= SLOW_S and sum(line.began > 0 for line in lines) > 1
        if is_shown_whole(lines, "\n".join(notes)) and not slow:
            return []
        return [*(line.timed for line in lines), *notes]

    def headline(self) -> str:
        """Return the result in one line."""
        took = f"{time.time() - self.started_at:.1f} s"
        asked = f"requested by {user(self.job.order.requester)} · `{self.job.id}`"
        if self.succeeded:
            parts = [f"{DONE} *{self.result()}* in {took}", self.plan.effect.removesuffix("."), self.outcome, asked]
        elif self.cancelled_by:
            parts = [f"{WAITING} *Cancelled: {self.result()}* after {took}", asked]
        elif self._counted():
            parts = [f"{WARNING} *{self.result()}* in {took}", asked]
        else:
            parts = [f"{FAILED} *{self.result()}* after {took}", asked]
        return " · ".join(part for part in parts if part)

    def result(self) -> str:
        """Return the result in a few words: "2 of 3 workers joined prod".

        If a job was cancelled before any target was done, it is the request: "restart `web` in prod".
        """
        if self.cancelled_by and not self.succeeded and not self._counted():
            return self.plan.titles.imperative
        targets = self._targets()
        if self.succeeded or self._counted():
            done = len(self._done())
            count = str(done) if done == len(targets) else f"{done} of {len(targets)}"
            return self.plan.titles.success.format(count=count)
        return self.plan.titles.failure.format(failed=", ".join(f"`{target}`" for target in targets))

    def lines(self) -> list[Line]:
        """Return all lines, those of one target together, in the order in which targets were named."""
        with self._lock:
            return [each.line if isinstance(each, _Row) else each for each in self._ordered()]

    def to_json(self) -> str:
        """Return the lines as JSON, to be stored with the job."""
        return json.dumps([astuple(line) for line in self.lines()], ensure_ascii=False)

    @property
    def succeeded(self) -> bool:
        """Whether every step is done and no target was skipped."""
        with self._lock:
            return not self.plan.left_out and all(row.state == "done" for row in self._rows)

    @property
    def _rest(self) -> str:
        return f"{tick(f'/swarm job {self.job.id}')} shows all"

    def _ordered(self) -> list[Line | _Row]:
        found: list[tuple[str, Line | _Row]] = [
            (finding.target, _finding(finding.sign, finding.text, finding.next_step)) for finding in self.plan.findings
        ]
        found += [(target_of(row.step), row) for row in self._rows]
        places = {target: place for place, target in enumerate(dict.fromkeys(map(itemgetter(0), found)))}
        found.sort(key=lambda each: places[each[0]])
        unchanged = [Line(DONE, f"{words}, as before") for words in self.plan.unchanged]
        return [*unchanged, *map(itemgetter(1), found)]

    def _ended_notes(self) -> list[str]:
        left = tick(f"/swarm {self.job.order.words} --plan")
        is_left = not self.succeeded and not self.next_told and MASK not in left
        shows = f" {left} shows what is left." if is_left else ""
        by = self.cancelled_by
        stopped = [f"Cancelled by {user(by)}. Steps that are done were not undone.{shows}"] if by else []
        return [*stopped, *self._warnings()]

    def _with_preface(self, title: str) -> str:
        return f"{title}\n{self.preface}" if self.preface else title

    def _warnings(self) -> list[str]:
        return [
            f"{WARNING} {text}" for text in (*(cost.text for cost in self.plan.costs), *self.plan.warnings, *self.notes)
        ]

    def _targets(self) -> list[str]:
        targets = [finding.target for finding in self.plan.left_out] + [target_of(row.step) for row in self._rows]
        return list(dict.fromkeys([*self.plan.unchanged, *targets]))

    def _counted(self) -> bool:
        """Whether some targets are done and the heading counts them.

        A heading without a count says that all are done.
        """
        return bool(self._done()) and "{count}" in self.plan.titles.success

    def _done(self) -> list[str]:
        with self._lock:
            undone = {target_of(row.step) for row in self._rows if row.state != "done"}
        undone |= {finding.target for finding in self.plan.left_out}
        return [target for target in self._targets() if target not in undone]


def target_of(step: Step) -> str:
    """Return the target of a step: the operation's host or node, or its track."""
    return str(getattr(step.operation, "host", "") or getattr(step.operation, "name", "") or step.track)


def failure_text(error: SwarmbotError) -> str:
    """Return an error as one line of the card."""
    parts = (error.happened, error.true_now, error.next_step)
    return " ".join(ended_sentence(part) for part in parts if part)


def _finding(sign: str, text: str, next_step: str) -> Line:
    nothing = " Nothing was changed." if sign == "failed" else ""
    return Line(FINDINGS[sign], f"{text}{nothing} {next_step}".strip())
