"""Issues of a cluster's managers: no failure tolerance, no quorum, no leader, old managers, split brain. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.blocks import plain_line, tick
from bot.model import ClusterFacts, Facts, HostFacts
from bot.swarm.quorum import Quorum, managers_text, quorum_of, raft_members
from bot.swarm.quorum.advice import adding_text
from bot.swarm.quorum.lost_managers import bring_back_text, if_lost_text, missing_managers
from bot.text.suggest import listed

NO_LEADER: Final = "does not have a leader"
WAIT: Final = "wait a minute, then `/swarm status`"
"""What comes before the fix of an issue that may pass by itself."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that is wrong."""

    critical: bool
    text: str
    fix: str = ""
    """What to do about it, "" if nothing can be done here."""
    harmless: str = ""
    """The part of ``fix`` that is still right while a recovery or a restore waits for approval."""
    where: str = ""
    """The host on which ``fix`` must be done, if ``fix`` does not name it."""
    urgent: bool = False
    """Whether ``fix`` comes first: it restores a manager of the cluster at once."""
    may_pass: bool = False
    """Whether it may pass by itself in a minute. ``fix`` is for when it has not."""
    regains_manager: bool = False
    """Whether ``fix``, or time, gives the cluster a manager back. Then no other manager should be added."""

    @property
    def advice(self) -> str:
        """The whole fix: where it must be done, and after what; "" if nothing can be done here."""
        parts = (tick(self.where) if self.where else "", self.fix)
        return f"{WAIT} · " * self.may_pass + ": ".join(filter(None, parts)) if self.fix else ""


def quorum_issues(facts: Facts, swarm: ClusterFacts) -> list[Issue]:
    """Return the issue of a cluster that tolerates no manager failure; [] otherwise."""
    quorum = quorum_of(raft_members(facts))
    if quorum.tolerates > 0:
        return []
    if quorum.managers == 1:
        return [
            Issue(
                critical=False,
                text=f"{facts.name} has one manager: if it fails, {facts.name} loses quorum",
                fix=f"add two managers: {adding_text(facts, 2)}",
            )
        ]
    if quorum.reachable == quorum.managers:
        return [
            Issue(
                critical=False,
                text=f"two managers tolerate no failure: if either fails, {facts.name} loses quorum",
                fix=f"add a third manager: {adding_text(facts, 1)}",
            )
        ]
    if quorum.tolerates < 0:
        return [lost_quorum_issue(quorum, *missing_managers(facts, swarm))]
    text = f"{managers_text(quorum)} reachable: one more failure and {facts.name} loses quorum"
    return [Issue(critical=True, text=text)]


def lost_quorum_issue(quorum: Quorum, missing: Sequence[str], lost: Sequence[str], unlock: Sequence[str] = ()) -> Issue:
    """Return the issue of a lost quorum.

    ``missing`` are the managers that do not respond; ``lost`` are those of them, as ``recover`` names them, that do not
    respond over SSH either. ``unlock`` are the commands that unlock the locked managers, which ``quorum`` counts as
    reachable.
    """
    text = "without quorum, nothing can be changed, and failed tasks are not restarted"
    if not missing:
        return Issue(critical=True, text=text, fix="`/swarm recover` rebuilds it from a manager that is left")
    then = f", then {listed(unlock)}" if unlock else ""
    back = f"{bring_back_text(quorum, missing)}{then}"
    fix = " · ".join(filter(None, (back, if_lost_text(missing, lost))))
    return Issue(critical=True, text=text, fix=fix, harmless=back)


def leaderless_issue(names: list[str]) -> Issue:
    """Return the issue of managers that respond, are enough for a quorum, and cannot be read."""
    again = "`/swarm status` again in 30 s. If nothing has changed"
    if len(names) == 1:
        text = f"`{names[0]}` is the only manager and could not be read: it is starting, or its engine hangs"
        return Issue(critical=True, text=text, fix=f"{again}: look at Docker's log on `{names[0]}`")
    them = listed(map(tick, names))
    text = f"{them} respond, which is enough for a quorum: they are electing a leader, or do not reach each other"
    return Issue(critical=True, text=text, fix=f"{again}: check that 2377/tcp is open between {them}")


def unsure_leader_issue(names: Sequence[str], unsure: Sequence[str]) -> Issue:
    """Return the issue of managers: ``names`` respond without a leader, ``unsure`` may be running."""
    them, others = listed(map(tick, names)), listed(map(tick, unsure))
    verb = "responds and has" if len(names) == 1 else "respond and have"
    text = f"{them} {verb} no leader; whether the engine of {others} works is unknown"
    fix = f"`/swarm status` again in 30 s. If nothing has changed: look at Docker's log on {others}"
    return Issue(critical=True, text=text, fix=fix)


def hanging_issue(facts: Facts, names: Sequence[str]) -> Issue:
    """Return the issue of managers that do not respond in time, as engines do that have just lost their leader."""
    them, are = listed(map(tick, names)), "is" if len(names) == 1 else "are"
    late = f"{them} did not respond in time, and an election may be in progress"
    fix = f"`/swarm status` again in 30 s. If nothing has changed: check that {them} {are} on"
    return Issue(critical=True, text=f"whether {facts.name} has a leader is unknown: {late}", fix=fix)


def stopped_swarm_text(host: HostFacts, shown: str) -> str:
    """Return that the swarm of a host, shown as ``shown``, has stopped, with the engine's error."""
    why = f": {plain_line(host.swarm_error)}" if host.swarm_error else ""
    return f"the swarm of {shown} has stopped until its engine restarts{why}"


def no_leader_text(host: HostFacts) -> str:
    """Return that a manager has no leader. For up to 28 s after the loss its engine does not report this itself."""
    if host.swarm_stopped:
        return stopped_swarm_text(host, f"`{host.name}` (manager)")
    if not host.swarm_error or NO_LEADER in host.swarm_error:
        return f"`{host.name}` (manager) responds but has no leader"
    return f"`{host.name}`: {plain_line(host.swarm_error)}"


def check_step(host: str, peers: str) -> str:
    """Return the step that finds out why the managers, ``peers`` in words, do not hear a host."""
    return f"`/swarm check {host}` tests its connection to {peers}"


def is_split_off(facts: Facts, host: HostFacts) -> bool:
    """Return whether a host works as a manager with a leader although this cluster's managers do not hear it."""
    return host.can_read_cluster and host.swarm_id == facts.cluster_id


def split_brain_issue(facts: Facts, host: HostFacts) -> Issue:
    """Return the issue of a possible split brain: lost managers came back and have a quorum, or an election runs."""
    read_from = facts.swarm.read_from if facts.swarm else ""
    text = (
        f"`{host.name}` works as a manager, but `{read_from}` does not hear it: if this lasts, {facts.name} is split "
        "into two clusters (split brain)"
    )
    commands = [f"`/swarm leave {name} --force`" for name in (host.name, read_from) if name]
    fix = f"{check_step(host.name, 'the other managers')}; "
    return Issue(
        critical=True, text=text, fix=f"{fix}if both still work in a minute, remove one: {' or '.join(commands)}"
    )


def failed_host_issue(host: HostFacts) -> Issue:
    """Return the issue of a host that could not be read."""
    failure = host.failure
    assert failure  # noqa: S101 - tells mypy what the callers have checked
    fix = failure.next_step
    if failure.problem == "engine error":
        fix = fix or f"see Docker's log on `{host.name}`: `journalctl -u docker`"
    return Issue(critical=True, text=failure.happened, fix=fix, where="" if tick(host.name) in fix else host.name)


def with_failure(issue: Issue, host: HostFacts | None) -> Issue:
    """Return the issue of a node with why its host could not be read, and what to do about that first."""
    if host is None or host.failure is None or host.awaited:
        return issue
    failed = failed_host_issue(host)
    text = f"{issue.text}. {failed.text}"
    return replace(failed, text=text) if failed.fix else replace(issue, text=text, fix=f"bring `{host.name}` back")
