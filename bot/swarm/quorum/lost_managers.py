"""What restores a lost quorum: which managers to bring back, and the order without those that are lost. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, NodeFacts, ip_of
from bot.swarm.quorum.arithmetic import Quorum
from bot.swarm.quorum.members import raft_members
from bot.text.suggest import listed


def missing_managers(facts: Facts, swarm: ClusterFacts) -> tuple[list[str], list[str]]:
    """Return the names of the unreachable managers, and of those of them that do not respond over SSH either.

    The latter are named as ``recover`` names them.
    """
    reachable = raft_members(facts).reachable
    missing = [node for node in swarm.managers if reachable.get(node.id) is False]
    lost = [node.host or ip_of(node.raft_address) for node in missing if not _answers_ssh(facts, node)]
    return [node.name for node in missing], lost


def bring_back_text(quorum: Quorum, missing: Sequence[str]) -> str:
    """Return what restores quorum: "bring `host-2` or `host-3` back (either is enough)"."""
    wanted = -quorum.tolerates
    names = [tick(name) for name in missing]
    if wanted >= len(names):
        return f"bring {' and '.join(names)} back"
    if wanted == 1:
        enough = "either is enough" if len(names) == 2 else "one is enough"  # noqa: PLR2004 - either of two
        return f"bring {' or '.join(names)} back ({enough})"
    return f"bring {wanted} of {', '.join(names)} back"


def if_lost_text(missing: Sequence[str], lost: Sequence[str]) -> str:
    """Return the order for managers that may be permanently lost; "" if all that are missing respond over SSH."""
    if not lost:
        return ""
    gone = "it is" if len(missing) == 1 else "they are all"
    if len(lost) < len(missing):
        gone = f"{listed(map(tick, lost))} {'is' if len(lost) == 1 else 'are'}"
    return f"if {gone} permanently lost: `/swarm recover {' '.join(f'--gone {name}' for name in lost)}`"


def regain_text(quorum: Quorum, missing: Sequence[str], lost: Sequence[str]) -> str:
    """Return both as sentences, as the next step of a refusal; "" if no manager is missing."""
    if not missing:
        return ""
    steps = filter(None, (bring_back_text(quorum, missing), if_lost_text(missing, lost)))
    return " ".join(f"{step[0].upper()}{step[1:]}." for step in steps)


def _answers_ssh(facts: Facts, node: NodeFacts) -> bool:
    """Return whether the host of a manager that is missing responds over SSH: then it is not lost."""
    host = facts.hosts.get(node.host)
    return host is not None and (host.failure is None or host.failure.answers_over_ssh)
