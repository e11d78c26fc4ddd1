"""A plan: what will be done, in which order, and what that means, all as data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from bot.errors import Refused
from bot.model.facts import Revealed
from bot.model.operation import Operation, operation_from_json

Sign = Literal["done", "look", "failed"]
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
class Plan:
    """The order of operations and its words.

    ``title`` follows the requester's name ("joins 2 workers to prod"), ``deed`` follows "asks to" ("join 2 workers to
    prod"). ``approvals`` is how many others must agree for what the facts show, beyond the command's own rule, and
    ``subject`` what the rules of swarmbot.yml then call it. ``force`` says whether the command knows ``--force``, and
    whether it was given. ``quorum`` says what is left of the managers after each step; the quorum gate writes it.
    ``cluster_id`` is the cluster that it was made from, "" where there was none to read: its steps see no other.
    ``ended`` and ``failed`` are the headings at the end, with ``{done}`` and ``{all}`` (numbers of targets) and
    ``{failed}`` (their names) filled in. ``effect`` is what changes for the cluster, ``meanwhile`` what holds only
    until all is done. A finding with the sign ``failed`` leaves its target out. ``already`` names what held before.
    ``reveals`` are shown to the requester alone when all is done.
    """

    title: str
    ended: str
    failed: str
    steps: tuple[Step, ...] = ()
    effect: str = ""
    meanwhile: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    already: tuple[str, ...] = ()
    reveals: tuple[Revealed, ...] = ()
    deed: str = ""
    approvals: int = 0
    subject: str = ""
    force: Force = ""
    quorum: tuple[str, ...] = ()
    cluster_id: str = ""

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

    def to_json(self) -> str:
        """The plan as JSON text, to be stored with its job."""
        steps = [
            {"operation": step.operation.to_json(), "track": step.track, "after": step.after} for step in self.steps
        ]
        findings = [asdict(finding) for finding in self.findings]
        return json.dumps({name: getattr(self, name) for name in _names()} | {"steps": steps, "findings": findings})


def plan_from_json(text: str) -> Plan:
    """Rebuild a plan from :meth:`Plan.to_json`. Raises KeyError, TypeError or ValueError for one of another shape."""
    value: dict[str, Any] = json.loads(text)
    named = {name: value[name] for name in _names()}
    shaped: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in named.items()}
    shaped["steps"] = tuple(
        Step(operation_from_json(step["operation"]), step["track"], step["after"]) for step in value["steps"]
    )
    shaped["findings"] = tuple(Finding(**finding) for finding in value["findings"])
    return Plan(**shaped)


def _names() -> list[str]:
    return [field.name for field in fields(Plan)]
