"""What a reading of a cluster counts, for /metrics and the history. Pure."""

from __future__ import annotations

from collections import Counter

from bot.model import ClusterFacts
from bot.model.incident import ClusterNumbers
from bot.swarm.quorum.members import reported_quorum
from bot.swarm.services.service_state import missing_tasks, wanted_tasks


def cluster_numbers(swarm: ClusterFacts) -> ClusterNumbers:
    """Return the counts of a cluster that was read with its services."""
    quorum = reported_quorum(swarm)
    nodes = Counter((node.role, node.state) for node in swarm.nodes)
    return ClusterNumbers(
        nodes=tuple((role, state, number) for (role, state), number in sorted(nodes.items())),
        managers=quorum.managers,
        managers_reachable=quorum.reachable,
        managers_needed=quorum.needed,
        services=len(swarm.services),
        services_short=sum(missing_tasks(swarm, each) > 0 for each in swarm.services),
        tasks_desired=sum(wanted_tasks(swarm, each) for each in swarm.services),
        tasks_running=sum(each.running for each in swarm.services),
    )
