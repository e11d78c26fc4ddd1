"""The findings and warnings of a recovery, which approvers read beside its steps. Pure."""

from __future__ import annotations

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, StoppedEngine, ip_of
from bot.swarm.health.lost_quorum import OldManager, quorum_among
from bot.swarm.health.preflight import preflight
from bot.text.suggest import listed


def rejoin_obstacle(facts: Facts, host: HostFacts) -> str:
    """Return why a host cannot join again; "" if it can."""
    failed = [finding.text for finding in preflight(facts, host, "manager") if finding.sign == "failed"]
    return failed[0] if failed else ""


def may_restart(source: HostFacts) -> bool:
    """Return whether the engine of the manager to force may be restarted if its swarm stops: it starts again.

    Autolocked, it would be locked then. With live-restore enabled it does not start as a member again.
    """
    open_key = source.key_file is not None and not source.key_file.autolocked
    return open_key and source.live_restore is False


def tries_networks(source: HostFacts) -> bool:
    """Return whether the forced engine makes a network as a trial, and restarts if it refuses."""
    return not source.live_restore and (source.key_file is None or not source.key_file.autolocked)


def findings(facts: Facts, source: HostFacts, others: list[HostFacts], off: list[HostFacts]) -> list[Finding]:
    """Return which manager has the newest state, and which hosts will not join again."""
    return [
        _newest(source, [*others, *off]),
        *(
            Finding("warning", f"`{host.name}` will not join again: {why}")
            for host in others
            if (why := rejoin_obstacle(facts, host))
        ),
    ]


def _newest(source: HostFacts, others: list[HostFacts]) -> Finding:
    name = tick(source.name)
    if source.raft_position is None:
        return Finding(
            "warning", f"whether {name} has the newest state is unknown. {source.raft_error}".removesuffix(".")
        )
    ends = f"its Raft log ends at term {source.raft_position.term}, entry {source.raft_position.index}"
    beside = [
        f"{tick(host.name)} at term {host.raft_position.term}, entry {host.raft_position.index}"
        for host in others
        if host.raft_position
    ]
    newer = [tick(host.name) for host in others if host.raft_position and host.raft_position > source.raft_position]
    if newer:
        return Finding(
            "warning",
            "; ".join(
                [f"{listed(newer)} {'has' if len(newer) == 1 else 'have'} newer state than {name}: {ends}", *beside]
            ),
        )
    return Finding("done", "; ".join([f"{name} has the newest state: {ends}", *beside]))


def warnings(
    facts: Facts, source: HostFacts, olds: tuple[OldManager, ...], others: list[HostFacts], off: list[HostFacts]
) -> list[str]:
    """Return what stays, what is lost, which hosts stay out, and how to bring them back."""
    gone = [tick(old.name) for old in olds if old.state == "unreachable"]
    texts = []
    if gone:
        are, record = ("is", "Its record stays") if len(gone) == 1 else ("are", "Their records stay")
        texts.append(
            f"{listed(gone)} {are} treated as permanently lost. {record}: an old manager that comes back learns from "
            "its record that it was removed, and joins again."
        )
    if len(gone) >= quorum_among(olds).needed:
        texts.append(
            f"{listed(gone)} are enough for a quorum without `{source.name}`: if they run where neither Swarmbot nor "
            f"`{source.name}` reaches them, {facts.name} becomes two clusters (split brain)."
        )
    texts += [_held_off(host, host.stopped) for host in off if host.stopped]
    texts.append(f"{_restarts(source)} Tasks on workers keep running.")
    if leaving := [tick(host.name) for host in others if host.membership != "inactive"]:
        texts.append(f"Tasks on {listed(leaving)} stop: services start them on other nodes.")
    texts.append(f"The last changes to {facts.name} are lost if `{source.name}` had not received them.")
    if source.membership == "pending":
        texts.append(
            f"The engine of `{source.name}` started without a quorum: if it is forced, it can also drop the last "
            "change that it received. A quorum that comes back drops nothing."
        )
    if orphans := [tick(host.name) for host in facts.hosts.values() if _is_orphan(host, source)]:
        do, it = ("does", "It") if len(orphans) == 1 else ("do", "Each")
        texts.append(
            f"{listed(orphans)} {do} not know `{source.name}` as a manager and cannot follow it. {it} must leave and "
            "join again."
        )
    return texts


def _restarts(source: HostFacts) -> str:
    """Return what stops on the manager to force, and when its engine restarts."""
    name = tick(source.name)
    stop = "Then all containers on it stop, because live-restore is off; those of no service start again only by their"
    stop = f"{stop} restart policy."
    if source.swarm_stopped:
        return f"The swarm of {name} has stopped, so its engine restarts first. {stop}"
    tasks = f"Tasks on {name} stop and start again."
    if may_restart(source):
        when = "if its swarm stops and is not forced, or if it makes no networks afterwards"
        return f"{tasks} Its engine restarts {when}. {stop}"
    if tries_networks(source):
        return f"{tasks} Its engine restarts if it makes no networks afterwards."
    if source.live_restore:
        return f"{tasks} Its engine is not restarted: live-restore is enabled, and it would not start again."
    return tasks


def _held_off(host: HostFacts, state: StoppedEngine) -> str:
    where = f"is in {tick(state.folder)}"
    if not state.held_off:
        where = f"is moved to {tick(state.folder + '.held-off-…')} and kept"
    return (
        f"{tick(host.name)} is held off because its engine is stopped: its swarm state {where}. When the engine "
        f"starts, the host is not part of any cluster. To add it again then: `/swarm join manager {host.name}`."
    )


def _is_orphan(host: HostFacts, source: HostFacts) -> bool:
    """Return whether the host is a worker of this cluster that does not know the source's address."""
    if not host.responds or host.is_manager or host.membership != "active":
        return False
    known = {ip_of(address) for address in host.managers}
    return bool(set(host.managers) & set(source.managers)) and source.node_address not in known
