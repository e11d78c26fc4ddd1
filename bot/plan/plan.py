"""A plan: what will be done, in which order, and what that means, all as data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from bot.plan.facts import Revealed
from bot.plan.operation import Look, Operation, operation_from_json

Sign = Literal["done", "look", "failed"]
Force = Literal["", "offered", "given"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something seen while the plan was made: good, to be looked at, or the reason why ``target`` is left out."""

    sign: Sign
    text: str
    target: str = ""
    next_step: str = ""


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
    ``{failed}`` (their names) filled in. ``effect`` is what changes for the cluster, ``meanwhile``
    what holds only until all is done. A finding with the sign ``failed``
    leaves its target out. ``already`` names what held before. ``reveals`` are shown to the requester alone when all is
    done.
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

    @property
    def look(self) -> Look:
        """What its operations need to be seen."""
        return merge_looks(step.operation.look for step in self.steps)

    def to_json(self) -> str:
        """The plan as JSON text, to be stored with its job."""
        plain = ("title", "ended", "failed", "effect", "deed", "approvals", "subject", "force", "quorum", "cluster_id")
        shallow = {name: getattr(self, name) for name in plain}
        return json.dumps(
            {
                **shallow,
                "steps": [
                    {"operation": step.operation.to_json(), "track": step.track, "after": step.after}
                    for step in self.steps
                ],
                "findings": [asdict(finding) for finding in self.findings],
                "meanwhile": self.meanwhile,
                "warnings": self.warnings,
                "already": self.already,
                "reveals": self.reveals,
            }
        )


def plan_from_json(text: str) -> Plan:
    """Rebuild a plan from :meth:`Plan.to_json`."""
    value: dict[str, Any] = json.loads(text)
    return Plan(
        title=value["title"],
        ended=value["ended"],
        failed=value["failed"],
        steps=tuple(
            Step(operation_from_json(step["operation"]), step["track"], step["after"]) for step in value["steps"]
        ),
        effect=value["effect"],
        meanwhile=tuple(value["meanwhile"]),
        warnings=tuple(value["warnings"]),
        findings=tuple(Finding(**finding) for finding in value["findings"]),
        already=tuple(value["already"]),
        reveals=tuple(value["reveals"]),
        deed=value["deed"],
        approvals=value["approvals"],
        subject=value["subject"],
        force=value["force"],
        quorum=tuple(value["quorum"]),
        cluster_id=value["cluster_id"],
    )


def merge_looks(looks: Iterable[Look]) -> Look:
    """One look that sees all that each of ``looks`` sees."""
    merged = Look()
    for look in looks:
        merged = Look(
            hosts=_union(merged.hosts, look.hosts),
            all_hosts=merged.all_hosts or look.all_hosts,
            probe=_union(merged.probe, look.probe),
            every_peer=merged.every_peer or look.every_peer,
            mesh=merged.mesh or look.mesh,
            certificates=merged.certificates or look.certificates,
            services=merged.services or look.services,
            tasks=merged.tasks or look.tasks,
            task_list=merged.task_list or look.task_list,
            secrets=_union(merged.secrets, look.secrets),
            ca_files=_union(merged.ca_files, look.ca_files),
            once=merged.once or look.once,
            host_keys=_union(merged.host_keys, look.host_keys),
            backups=merged.backups or look.backups,
            placed=_union(merged.placed, look.placed),
            raft=merged.raft or look.raft,
            stopped=_union(merged.stopped, look.stopped),
            peers=merged.peers or look.peers,
            key_files=_union(merged.key_files, look.key_files),
            patience=max(merged.patience, look.patience),
        )
    return merged


def _union(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
