"""Old records: a host that was wiped and joined again is a second node, and its first record stays."""

from __future__ import annotations

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, Finding, NodeFacts, ip_of
from bot.text.suggest import listed


def successor(swarm: ClusterFacts, node: NodeFacts) -> NodeFacts | None:
    """The ready record of the same host that took the place of ``node``; None if ``node`` may be a host of its own.

    It is the same host when host name and address are the same, as far as both are known. A record is old when it is
    down; a manager's already when Raft does not reach it.
    """
    if node.state == "ready" and node.reachability != "unreachable":
        return None
    others = (other for other in swarm.nodes if other.id != node.id and other.ready)
    return next((other for other in others if _same_host(node, other)), None)


def namesakes(facts: Facts, node: NodeFacts) -> tuple[Finding, ...]:
    """What a plan for ``node`` says of the old records of its host."""
    nodes = facts.swarm.nodes if facts.swarm else ()
    old = [other for other in nodes if facts.swarm and successor(facts.swarm, other) == node]
    if not old:
        return ()
    records = listed(f"{tick(other.id)} ({other.role}, {other.state})" for other in old)
    text = f"{tick(node.name)} means its record {tick(node.id)}; left as they are: {records}"
    return (Finding("look", text, node.name),)


def _same_host(first: NodeFacts, second: NodeFacts) -> bool:
    one, other = _address(first), _address(second)
    return first.hostname == second.hostname and (one == other or not one or not other)


def _address(node: NodeFacts) -> str:
    return ip_of(node.raft_address) or node.address
