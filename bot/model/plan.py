"""A plan: what will be done, in which order, and what that means, all as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.errors import Refused
from bot.model.facts import Revealed
from bot.model.operation import Operation

Sign = Literal["done", "warning", "failed"]
Force = Literal["", "offered", "given"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something seen while the plan was made: good, to be looked at, or the reason why ``target`` is left out."""

    sign: Sign
    text: str
    target: str = ""
    next_step: str = ""

    def refusal(self) -> Refused:
        """What is told where it stops the whole plan."""
        return Refused(self.text, true_now="Nothing was changed.", next_step=self.next_step)


@dataclass(frozen=True, slots=True)
class Step:
    """An operation in its place. Steps of one track run in order; a failure ends its track, tracks run side by side.

    A track whose first step names another in ``after`` begins when that one, which stands before it, has ended well.
    """

    operation: Operation
    track: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class PlanTitles:
    """What a plan is called, in the four sentences that people see. "" for a sentence that is never shown."""

    present: str = ""
    """Follows the requester's name while the job runs: "joins 2 workers to prod"."""
    imperative: str = ""
    """Follows "asks to" on an approval card: "join 2 workers to prod"."""
    success: str = ""
    """The heading when all, or some, targets are done. ``{count}`` is how many: "2", or "1 of 2" if not all are."""
    failure: str = ""
    """The heading when no target is done, or a part counts for nothing. ``{failed}`` is a list of targets."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a change, and what people are told of them."""

    titles: PlanTitles
    steps: tuple[Step, ...] = ()
    """In order. Empty if the wanted state already holds."""
    effect: str = ""
    """What changes for the cluster: "managers 2 → 3, tolerates 0 → 1 failure"."""
    meanwhile: tuple[str, ...] = ()
    """What holds only while the steps run."""
    warnings: tuple[str, ...] = ()
    """What people must know before they approve, one sentence each."""
    findings: tuple[Finding, ...] = ()
    """What was seen while the plan was made. A finding with the sign ``failed`` leaves its target out."""
    unchanged: tuple[str, ...] = ()
    """What already holds, one sentence each: no step is needed for it."""
    reveals: tuple[Revealed, ...] = ()
    """The secrets that only the requester sees after the last step."""
    approvals: int = 0
    """How many other people must approve because of the facts, beyond the command's own rule."""
    subject: str = ""
    """What the approval rules of swarmbot.yml call the plan because of the facts; "" for the command's own subject."""
    force: Force = ""
    """Whether the command has ``--force`` (``offered``) and whether it was used (``given``)."""
    quorum: tuple[str, ...] = ()
    """The reachable managers now and after each step, one line each; written by the quorum gate."""
    cluster_id: str = ""
    """The id of the cluster that the plan was made for; its steps see no other. "" if there was none to read."""

    @property
    def tracks(self) -> dict[str, tuple[Operation, ...]]:
        """The operations of each track, in order."""
        tracks: dict[str, tuple[Operation, ...]] = {}
        for step in self.steps:
            tracks[step.track] = (*tracks.get(step.track, ()), step.operation)
        return tracks

    @property
    def left_out(self) -> tuple[Finding, ...]:
        """The targets that nothing will be done to, and why."""
        return tuple(finding for finding in self.findings if finding.sign == "failed")
