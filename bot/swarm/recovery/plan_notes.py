"""What approvers of a recovery read beside its steps: what was found, and what it means. Pure."""

from __future__ import annotations

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, StoppedEngine, ip_of
from bot.swarm.health.lost_quorum import OldManager, quorum_among
from bot.swarm.health.preflight import preflight
from bot.text.suggest import listed


def stops(facts: Facts, host: HostFacts) -> str:
    """Why a host cannot join again; "" when nothing speaks against it."""
    failed = [finding.text for finding in preflight(facts, host, "manager") if finding.sign == "failed"]
    return failed[0] if failed else ""


def findings(facts: Facts, source: HostFacts, others: list[HostFacts], off: list[HostFacts]) -> list[Finding]:
    """Whose state is the newest, and who will not join again."""
    return [
        _newest(source, [*others, *off]),
        *(
            Finding("warning", f"`{host.name}` will not join again: {why}")
            for host in others
            if (why := stops(facts, host))
        ),
    ]


def _newest(source: HostFacts, others: list[HostFacts]) -> Finding:
    name = tick(source.name)
    if source.raft_position is None:
        return Finding(
            "warning", f"whether {name} has the newest state is not known. {source.raft_error}".removesuffix(".")
        )
    ends = f"its Raft log ends at term {source.raft_position.term}, entry {source.raft_position.index}"
    beside = [
        f"{tick(host.name)} at {host.raft_position.term}, {host.raft_position.index}"
        for host in others
        if host.raft_position
    ]
    newer = [tick(host.name) for host in others if host.raft_position and host.raft_position > source.raft_position]
    if newer:
        return Finding("warning", "; ".join([f"{listed(newer)} had newer state than {name}: {ends}", *beside]))
    return Finding("done", "; ".join([f"{name} has the newest state: {ends}", *beside]))


def warnings(
    facts: Facts, source: HostFacts, olds: tuple[OldManager, ...], others: list[HostFacts], off: list[HostFacts]
) -> list[str]:
    """What stays, what is lost, who is left out, and how to get them back."""
    gone = [tick(old.name) for old in olds if old.state == "unreachable"]
    told = []
    if gone:
        are, record = ("is", "Its record stays") if len(gone) == 1 else ("are", "A record stays of each")
        told.append(
            f"{listed(gone)} {are} taken for gone for good. {record}: through it an old manager that "
            "comes back all the same is told that it is out, and is taken in again."
        )
    if len(gone) >= quorum_among(olds).needed:
        told.append(
            f"{listed(gone)} are enough for a quorum without `{source.name}`: if they run where neither Swarmbot nor "
            f"`{source.name}` sees them, {facts.name} will be two."
        )
    told += [_held_off(host, host.stopped) for host in off if host.stopped]
    told.append(f"Tasks on `{source.name}` are stopped and started again; those on workers go on.")
    if leaving := [tick(host.name) for host in others if host.membership != "inactive"]:
        told.append(f"Tasks on {listed(leaving)} end: services start them elsewhere.")
    told.append(f"What the managers agreed on last is lost where `{source.name}` had not heard it yet.")
    if source.membership == "pending":
        told.append(
            f"The engine of `{source.name}` was started without a quorum: forced, it can drop the last change that it "
            "had heard, too. A quorum that is brought back drops nothing."
        )
    if orphans := [tick(host.name) for host in facts.hosts.values() if _is_orphan(host, source)]:
        it = "it" if len(orphans) == 1 else "each"
        told.append(
            f"{listed(orphans)} cannot follow, not knowing `{source.name}` as a manager: let {it} leave and join again."
        )
    return told


def _held_off(host: HostFacts, state: StoppedEngine) -> str:
    lies = f"lies in {tick(state.folder)}"
    if not state.held_off:
        lies = f"is moved to {tick(state.folder + '.held-off-…')} and kept"
    return (
        f"{tick(host.name)} is held off, for its engine does not run: its swarm state {lies}, and whenever the engine "
        f"starts it is in no cluster. `/swarm join manager {host.name}` takes it in again then."
    )


def _is_orphan(host: HostFacts, source: HostFacts) -> bool:
    """A worker of this cluster finds its managers at the addresses that it knows, and at no others."""
    if not host.responds or host.is_manager or host.membership != "active":
        return False
    known = {ip_of(address) for address in host.managers}
    return bool(set(host.managers) & set(source.managers)) and source.node_address not in known
