"""Where a host stands that is in a swarm, but not in this cluster."""

from __future__ import annotations

from bot.plan import Facts, Finding, HostFacts


def stranger(facts: Facts, host: HostFacts) -> Finding:
    """Why a host that is in a swarm and not in this cluster cannot be taken, naming the swarm that it is in."""
    if host.membership == "locked":
        text = f"`{host.name}` is locked: its engine waits for the unlock key of its cluster."
        return Finding("failed", text, host.name, f"Unlock it, or let it leave on the host: {_leave()}")
    if facts.swarm is not None and host.swarm_id == facts.swarm.id:
        text = f"`{host.name}` believes itself in {facts.name}, which has no record of it: it was removed from there."
        return Finding("failed", text, host.name, f"Let it leave on the host first: {_leave()}")
    text = f"`{host.name}` is in another cluster: {other_cluster(facts, host)}."
    return Finding("failed", text, host.name, f"If that is a mistake, let it leave there first: {_leave()}")


def other_cluster(facts: Facts, host: HostFacts) -> str:
    """The other cluster in words: its name in swarmbot.yml if one of its managers stands there."""
    names = {facts.foreign[address] for address in map(_address, host.managers) if address in facts.foreign}
    if names:
        return " and ".join(f"`{name}`" for name in sorted(names))
    own = [other.name for other in facts.hosts.values() if other.address in set(map(_address, host.managers))]
    managers = ", ".join(host.managers) or "unknown managers"
    shown = f"managers {managers}" + (f" ({', '.join(f'`{name}`' for name in own)})" if own else "")
    return f"`{host.swarm_id}`, {shown}" if host.swarm_id else f"the one with {shown}"


def _address(endpoint: str) -> str:
    return endpoint.rpartition(":")[0].strip("[]")


def _leave() -> str:
    return "`docker swarm leave`."
