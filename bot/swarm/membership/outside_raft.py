"""Records of managers that are no members of Raft: of one promoted a moment ago, or of one that is no more."""

from __future__ import annotations

from bot.blocks import tick
from bot.model import Facts, Finding, NodeFacts
from bot.swarm.membership.departure import own_host


def outside_raft(facts: Facts, node: NodeFacts) -> Finding | None:
    """What stands against a change of such a manager's role; None for workers and for members of Raft."""
    if node.role == "worker" or node.reachability:
        return None
    if own_host(facts, node) is not None:
        text = f"{tick(node.name)} was promoted and is not in Raft yet: it does not count."
        return Finding(
            "failed", text, node.name, f"`/swarm node {node.name}` shows when it is reachable: ask again then."
        )
    text = f"{tick(node.name)} (`{node.id}`) is an old record of a manager, and no member of Raft: it does not count."
    return Finding("failed", text, node.name, f"`/swarm remove {node.id}` takes the record away.")
