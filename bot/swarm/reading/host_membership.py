"""Where a host stands that is in a swarm, but not in this cluster."""

from __future__ import annotations

from typing import Final

from bot.blocks import escape, escape_line
from bot.model import Facts, Finding, HostFacts, ip_of
from bot.text.suggest import listed

_LEAVE: Final = "`docker swarm leave --force`."


def membership_conflict(facts: Facts, host: HostFacts) -> Finding:
    """Why a host that is in a swarm and not in this cluster cannot be taken, naming the swarm that it is in."""
    if host.membership == "locked":
        text = f"`{host.name}` is locked: its engine waits for the unlock key of its cluster."
        step = f"`/swarm unlock {host.name}` unlocks it; or let it leave on the host: {_LEAVE}"
        return Finding("failed", text, host.name, step)
    if host.membership == "error":
        reason = escape(host.swarm_error) or "it gives no reason"
        text = f"`{host.name}` is in a cluster, and its engine is in error: {reason}"
        return Finding("failed", text, host.name, f"Mend that, or let it leave on the host: {_LEAVE}")
    if _awaits_quorum_here(facts, host):
        text = f"`{host.name}` is a manager of {facts.name} that was started and finds no quorum yet (`pending`)."
        step = "It is `active` once enough managers are back: ask again then. `/swarm status` shows them."
        return Finding("failed", text, host.name, step)
    if was_removed(facts, host):
        text = f"`{host.name}` believes itself in {facts.name}, which has no record of it: it was removed from there."
        return Finding("failed", text, host.name, f"Let it leave first: `/swarm leave {host.name}`.")
    text = f"`{host.name}` is in another cluster: {other_cluster_text(facts, host)}."
    step = "Let it leave on the host itself, if that is meant: `docker swarm leave`; a manager is demoted there before."
    if names := foreign_cluster_names(facts, host):
        step = f"It leaves there: ask in the channel of {names}."
    return Finding("failed", text, host.name, step)


def was_removed(facts: Facts, host: HostFacts) -> bool:
    """Whether a host without a record here takes itself for a member: it was removed, or its record was.

    A manager knows its cluster's id; a worker only the addresses of its managers.
    """
    if facts.swarm is None or not host.in_a_swarm or facts.member(host.name) is not None:
        return False
    if host.swarm_id:
        return host.swarm_id == facts.swarm.id
    return not {node.raft_address for node in facts.swarm.managers}.isdisjoint(host.managers)


def _awaits_quorum_here(facts: Facts, host: HostFacts) -> bool:
    """Whether a manager that awaits a quorum is this cluster's, for all that can be read."""
    if not host.awaits_quorum:
        return False
    return facts.member(host.name) is not None if facts.swarm else not foreign_cluster_names(facts, host)


def membership_text(facts: Facts, host: HostFacts) -> str:
    """Where a host that answers and has no record in this cluster stands: "in no cluster"."""
    if host.membership == "inactive":
        return "in no cluster"
    if host.membership == "locked":
        return f"locked: `/swarm unlock {host.name}`"
    error = f": {escape_line(host.swarm_error)}" if host.swarm_error else ""
    if not host.takes_part:
        return f"{host.membership}{error}"
    if was_removed(facts, host):
        return f"removed from {facts.name}, and does not know it"
    if facts.swarm is None and not foreign_cluster_names(facts, host):
        waits = f"a manager of {facts.name}, started and without a quorum yet"
        return (waits if host.awaits_quorum else "in a cluster whose managers cannot be read") + error
    return f"in another cluster: {other_cluster_text(facts, host)}"


def other_cluster_text(facts: Facts, host: HostFacts) -> str:
    """The other cluster in words: its name in swarmbot.yml if one of its managers stands there."""
    if names := foreign_cluster_names(facts, host):
        return names
    own = [other.name for other in facts.hosts.values() if other.address in set(map(ip_of, host.managers))]
    managers = ", ".join(host.managers) or "unknown"
    shown = f"managers {managers}" + (f" ({', '.join(f'`{name}`' for name in own)})" if own else "")
    return f"`{host.swarm_id}`, {shown}" if host.swarm_id else f"the one with {shown}"


def foreign_cluster_names(facts: Facts, host: HostFacts) -> str:
    """The other cluster of swarmbot.yml whose hosts manage this one; "" when there is none."""
    names = {facts.foreign[address] for address in map(ip_of, host.managers) if address in facts.foreign}
    return listed(f"`{name}`" for name in sorted(names))
