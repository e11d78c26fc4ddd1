"""What is wrong with a manager that Raft does not reach, and the next step about it: one for every message. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.blocks import tick
from bot.model import Facts, HostFacts, NodeFacts
from bot.swarm.health.issues import Issue, check_step, failed_host_issue, is_split_off, split_brain_issue, with_failure
from bot.swarm.reading.host_membership import inactive_host_of


def is_former_manager(node: NodeFacts) -> bool:
    """Return whether a manager's record is not of a member of Raft, and its node is not ready.

    `recover` keeps the record of a lost manager (docs/decisions/0015).
    """
    return node.role == "manager" and not node.reachability and node.state != "ready"


def may_rejoin(facts: Facts, node: NodeFacts) -> bool:
    """Return whether a manager that is missing in Raft may rejoin by itself: its engine runs, or starts, as this node.

    So do managers that return after a recovery (docs/swarm-behaviour.md#recovery), and one that has just started. A
    member of Raft that is unreachable although its engine runs may be cut off: that is not meant.
    """
    host = facts.hosts.get(node.host)
    if host is None or not host.responds or host.node_id != node.id:
        return False
    return host.awaits_quorum or ((host.runs_as_member or host.joining) and not node.reachability)


def missing_manager_issue(facts: Facts, node: NodeFacts) -> Issue:
    """Return the issue of a manager that is not reachable in Raft."""
    host = facts.hosts.get(node.host)
    left = inactive_host_of(facts.hosts.values(), node) if not node.ready else None
    if left and left.has_left:
        return _left_issue(node, left)
    if host is not None and is_split_off(facts, host):
        return split_brain_issue(facts, host)
    if may_rejoin(facts, node):
        return _rejoining_issue(node)
    if is_former_manager(node):
        return _former_issue(node, host)
    responds = host is not None and host.membership == "active"
    fix = check_step(node.host, "the other managers") if responds else f"bring `{node.name}` back"
    issue = Issue(critical=True, text=f"`{node.name}` (manager) is {node.raft_state}, {node.state}", fix=fix)
    return with_failure(issue, host)


def _rejoining_issue(node: NodeFacts) -> Issue:
    text = f"`{node.name}` (manager) is {node.raft_state}, {node.state}. Its engine runs: it may rejoin by itself"
    check = check_step(node.host, "the other managers")
    fix = f"if nothing has changed: {check}"
    return Issue(critical=True, text=text, fix=fix, may_pass=True, regains_manager=True)


def _former_issue(node: NodeFacts, host: HostFacts | None) -> Issue:
    """Return the issue of a former manager whose engine is not seen to run.

    Where reading it fails, only that is reported.
    """
    name = tick(node.name)
    text = f"{name} is a former manager: {node.state} and not in Raft"
    back = f"bring {name} back: it rejoins by itself · if its disk is destroyed: `/swarm remove {node.name}`"
    failure = host.failure if host else None
    if host is None or failure is None or host.awaited:
        text = f"{text}. Its record lets it rejoin if it comes back"
        return Issue(critical=node.state != "down", text=text, fix=back)
    failed = failed_host_issue(host)
    text = f"{text}. {failed.text}"
    if failure.is_late:
        fix = f"if nothing has changed: check that {name} is on and not overloaded"
        return Issue(critical=True, text=text, fix=fix, may_pass=True, regains_manager=True)
    return replace(failed, text=text) if failure.answers_over_ssh else Issue(critical=True, text=text, fix=back)


def _left_issue(node: NodeFacts, host: HostFacts) -> Issue:
    """Return the issue of a manager whose host is in no cluster, as after a restore. Raft may still count it."""
    join = f"`/swarm join manager {host.name}`"
    text = f"`{host.name}` responds and is not part of any cluster"
    if not node.reachability:
        text = f"`{node.name}` is a former manager: down and not in Raft. {text}"
        return Issue(critical=True, text=text, fix=join, regains_manager=True)
    text = f"`{node.name}` (manager) is {node.raft_state}, {node.state}: {text}"
    return Issue(critical=True, text=text, fix=f"`/swarm remove {node.id}`, then {join}", regains_manager=True)
