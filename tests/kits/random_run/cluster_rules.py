"""The rules about the true cluster, its incidents and the bot's processes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from tests.kits.random_run.history import Member, Sighting
from tests.kits.random_run.lookups import HOST, LOOSE_S, Rule, Run, Violation

NO_CHANGE: Final = "No change needed"
QUORUM_GRACE_S: Final = 5.0
"""Hosts that fail while a change is carried out: no gate can know that."""
GROWTH_MIB: Final = 48.0
MAX_MIB: Final = 160.0
"""A process has up to 100, with 87 for its modules. Most are killed before they are warm, so this holds at once."""
MAX_THREADS: Final = 150
"""The web process has the most, 90."""
WARM_UP_S: Final = 60.0
"""After this time a process has its threads and caches, on a busy machine too."""
HOST_FAULTS: Final = frozenset({"host", "cable", "engine hangs"})
"""Faults in which a manager does not vote."""
TELLERS: Final = frozenset({"worker", "watch"})
"""The processes that send the messages of incidents."""
INCIDENT_TURNS: Final = frozenset({"incident opened", "incident reopened", "incident resolved"})


def _untrue(run: Run) -> Iterator[Violation]:
    """What a ✓ says was once so in the true cluster, between the job's start and the next sighting after its end."""
    for job in run.history.jobs:
        ended = job.state == "succeeded" and job.change and job.finished_at is not None
        if not ended or any(NO_CHANGE in each.text for each in run.ends(job)):
            continue
        seen = list(_sighted(run, job.started_at or job.asked_at, job.finished_at or 0.0))
        for claim in claims(job.words):
            if seen and not any(map(claim.holds, seen)):
                yield Violation("untrue", job.id, f"{job.words} succeeded, and it was never seen: {claim}")


def _sighted(run: Run, begin: float, end: float) -> Iterator[Mapping[str, Member]]:
    sightings = run.history.sightings
    for number, sighting in enumerate(sightings):
        until = sightings[number + 1].at if number + 1 < len(sightings) else float("inf")
        if sighting.at <= end + LOOSE_S and until >= begin - LOOSE_S:
            yield sighting.members


@dataclass(frozen=True)
class Claim:
    """What a ✓ says of one host. Empty parts say nothing."""

    host: str
    role: str = ""
    availability: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    member: bool = True

    def holds(self, members: Mapping[str, Member]) -> bool:
        """Return whether it is true of these members."""
        found = members.get(self.host)
        if found is None or not self.member:
            return found is None and not self.member
        alike = self.role in {"", found.role} and self.availability in {"", found.availability}
        return alike and self.labels.items() <= found.labels.items()


def claims(words: str) -> list[Claim]:
    """Return what the ✓ of a change claims, of each host that it names."""
    command, *rest = words.split()
    hosts = [word for word in rest if HOST.fullmatch(word)]
    labels = dict(word.split("=", 1) for word in rest if "=" in word and not word.startswith("-"))
    claim = {
        "drain": Claim("", availability="drain"),
        "pause": Claim("", availability="pause"),
        "activate": Claim("", availability="active"),
        "promote": Claim("", role="manager"),
        "demote": Claim("", role="worker"),
        "join": Claim("", role=rest[0] if rest else ""),
        "label": Claim("", labels=labels),
        "leave": Claim("", member=False),
        "remove": Claim("", member=False),
    }.get(command)
    return [replace(claim, host=host) for host in hosts] if claim else []


def _two_records(run: Run) -> Iterator[Violation]:
    """At the end every host has at most one record in the cluster.

    A change that failed or was cancelled in the middle may leave one, and says so.
    """
    for sighting in run.history.sightings[-1:]:
        for host, member in sighting.members.items():
            if member.records > 1 and host not in run.broken_off:
                yield Violation("two records", host, f"has {member.records} node records")


def _quorum_lost(run: Run) -> Iterator[Violation]:
    """No change of who is a manager leaves fewer managers within reach than a majority, if there was one before."""
    for before, after in pairwise(run.history.sightings):
        old, new = _managers(before), _managers(after)
        if new >= old:
            continue
        off = {
            fault.target
            for fault in run.history.disturbances
            if fault.kind in HOST_FAULTS and fault.begin + QUORUM_GRACE_S <= after.at <= fault.end
        }
        if _decides(old, off) and not _decides(new, off):
            what = f"{sorted(old)} became {sorted(new)} while {sorted(off)} did not work"
            yield Violation("quorum", "cluster", what)


def _managers(sighting: Sighting) -> set[str]:
    return {host for host, member in sighting.members.items() if member.role == "manager"}


def _decides(managers: set[str], off: set[str]) -> bool:
    return 2 * len(managers - off) > len(managers)


def _incidents(run: Run) -> Iterator[Violation]:
    """Each reported incident has one message, beginnings and ends are reported in turn, and all are over."""
    for incident in run.history.incidents:
        number = len(incident.posted_at)
        if incident.told and not number:
            yield Violation("incident untold", incident.id, f"{incident.text} has no message")
        if run.repeated(incident.posted_at, TELLERS):
            yield Violation("incident", incident.id, f"{incident.text} has {number} messages")
        if incident.open and not run.broken_off & set(incident.text.split()):
            yield Violation("incident open", incident.id, f"{incident.text} has not ended")
        told = [each.action for each in run.history.audit if each.words == f"incidents {incident.id}"]
        turns = [action == "incident resolved" for action in told if action in INCIDENT_TURNS]
        if any(one == other for one, other in pairwise(turns)):
            yield Violation("incident", incident.id, f"{incident.text} was told so: {told}")


def _grown(run: Run) -> Iterator[Violation]:
    """No process holds much more at the end than after its first minute, or ever too much or too many threads."""
    for each in run.history.footprints:
        if each.threads > MAX_THREADS or each.mib > MAX_MIB:
            yield Violation("grown", each.process, str(each))
    for pid in {each.pid for each in run.history.footprints}:
        own = [each for each in run.history.footprints if each.pid == pid]
        warm = [each for each in own if each.at >= own[0].at + WARM_UP_S]
        if warm and warm[-1].mib - warm[0].mib > GROWTH_MIB:
            yield Violation("grown", warm[0].process, f"from {warm[0]} to {warm[-1]}")


CLUSTER_RULES: Final[tuple[Rule, ...]] = (_untrue, _two_records, _quorum_lost, _incidents, _grown)
