"""A plan: the steps of a change in order, and the words for them, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from bot.errors import Refused
from bot.model.facts import Revealed
from bot.model.operation import Operation

Sign = Literal["done", "warning", "failed"]
EVERY_TRACK: Final = "*"
"""The value of ``Step.after`` for every track that comes earlier in the plan."""
Force = Literal["", "offered", "given"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was seen while the plan was made."""

    sign: Sign
    """``done`` is good; with ``failed`` the target is skipped."""
    text: str
    target: str = ""
    """The host or node that it is about."""
    next_step: str = ""

    def refusal(self) -> Refused:
        """Return the refusal of the whole plan."""
        return Refused(self.text, true_now="Nothing was changed.", next_step=self.next_step)


@dataclass(frozen=True, slots=True)
class Step:
    """An operation and its place in the plan.

    Steps of one track run in order, and a failure ends their track. Tracks run side by side.
    """

    operation: Operation
    track: str
    """Usually the host or node that it is about."""
    after: str = ""
    """On the first step of a track: the track that must have succeeded before, or ``EVERY_TRACK``. It is earlier."""
    always: bool = False
    """Whether it runs even if a step before it failed or the job was cancelled: it undoes what was temporary."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Service that a plan costs. The requester confirms it before the first step, unless other people approve it."""

    what: str
    """Names the loss, without the numbers in ``text``: "service web". It is equal for the same loss."""
    text: str


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
    """The heading when no target is done, or when a partial result is useless. ``{failed}`` is a list of targets."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a change, and the words for them."""

    titles: PlanTitles
    steps: tuple[Step, ...] = ()
    """In order. Empty if the wanted state already holds."""
    effect: str = ""
    """What changes for the cluster: "managers 2 → 3, tolerates 0 → 1 failure"."""
    meanwhile: tuple[str, ...] = ()
    """Effects that last only while the steps run."""
    costs: tuple[Cost, ...] = ()
    """What the steps cost services."""
    warnings: tuple[str, ...] = ()
    """What people must know before they approve, one sentence each."""
    findings: tuple[Finding, ...] = ()
    """What was seen while the plan was made. The target of a finding with the sign ``failed`` is skipped."""
    unchanged: tuple[str, ...] = ()
    """What already holds, one sentence each: no step is needed for it."""
    reveals: tuple[Revealed, ...] = ()
    """The secrets that only the requester sees after the last step."""
    offer: str = ""
    """The order that a button on the card prepares after the last step, as it is typed: "rebalance host-2"."""
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
    def needs_typed_secret(self) -> bool:
        """Whether a step uses a secret that the requester types into a form."""
        return any(step.operation.needs_typed_secret for step in self.steps)

    @property
    def left_out(self) -> tuple[Finding, ...]:
        """The findings whose targets are skipped."""
        return tuple(finding for finding in self.findings if finding.sign == "failed")
