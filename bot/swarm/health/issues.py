"""What can ail a cluster's managers: no quorum or little of it, no leader, old managers, a second cluster. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.blocks import escape_line
from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts
from bot.swarm.health.lost_quorum import bring_back_text
from bot.swarm.quorum import Quorum, quorum_of, raft_members
from bot.text.suggest import listed

NO_LEADER: Final = "does not have a leader"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that is not as it should be, and what to do about it ("" when there is nothing to be done here)."""

    critical: bool
    text: str
    fix: str = ""


def quorum_issues(facts: Facts, swarm: ClusterFacts) -> list[Issue]:
    """Nothing while one more manager may fail."""
    quorum = quorum_of(raft_members(facts))
    if quorum.tolerates > 0:
        return []
    if quorum.managers == 1:
        return [
            Issue(
                critical=False,
                text=f"{facts.name} has one manager: if it fails, the cluster stops deciding",
                fix="`/swarm join manager HOST HOST` makes three",
            )
        ]
    if quorum.reachable == quorum.managers:
        return [
            Issue(
                critical=False,
                text=f"two managers survive no more failures than one: if either fails, {facts.name} stops deciding",
                fix="`/swarm join manager HOST` makes three",
            )
        ]
    if quorum.tolerates < 0:
        reachable = raft_members(facts).reachable
        return [lost_quorum_issue(quorum, [node.name for node in swarm.managers if reachable.get(node.id) is False])]
    text = (
        f"{quorum.reachable} of {quorum.managers} managers reachable: one more failure and {facts.name} stops deciding"
    )
    return [Issue(critical=True, text=text)]


def lost_quorum_issue(quorum: Quorum, missing: list[str], unlock: Sequence[str] = ()) -> Issue:
    """What a lost quorum means, and what gives it back.

    ``missing`` are the managers that are not there; ``unlock`` is what unlocks the others, for ``quorum`` has them.
    """
    text = "until there is a quorum nothing can be changed, and what fails is not started elsewhere"
    gone = "it is" if len(missing) == 1 else "they are"
    then = f", then {listed(unlock)}" if unlock else ""
    fix = f"{bring_back_text(quorum, missing)}{then} · if {gone} gone for good, `/swarm recover`"
    return Issue(critical=True, text=text, fix=fix)


def no_leader_text(host: HostFacts) -> str:
    """A manager that answers and does not serve. For up to 28 s after the loss it does not say so itself."""
    if not host.swarm_error or NO_LEADER in host.swarm_error:
        return f"`{host.name}` (manager) is there and finds no leader"
    return f"`{host.name}`: {escape_line(host.swarm_error)}"


def old_manager_issue(node: NodeFacts) -> Issue:
    """What `recover` leaves of a manager that was declared gone (docs/decisions/0015)."""
    text = f"`{node.name}` is an old manager, out of Raft and down; its record takes it in if it comes back"
    return Issue(critical=False, text=text, fix=f"`/swarm remove {node.name}` once its disk is destroyed")


def is_split_off(facts: Facts, host: HostFacts) -> bool:
    """Whether a host answers as a manager with a leader, of which this cluster's managers hear nothing."""
    return host.serves and host.swarm_id == facts.cluster_id


def split_brain_issue(facts: Facts, host: HostFacts) -> Issue:
    """Two that were declared gone came back and found a quorum between them, or an election is going on."""
    read_from = facts.swarm.read_from if facts.swarm else ""
    text = (
        f"`{host.name}` serves as a manager, and `{read_from}` does not hear it: if that lasts, two clusters take "
        f"themselves for {facts.name}"
    )
    return Issue(critical=True, text=text, fix="let the one that is not wanted leave: `/swarm leave HOST --force`")
