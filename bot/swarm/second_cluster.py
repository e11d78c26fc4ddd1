"""No order shall end in two clusters that take themselves for the same one."""

from __future__ import annotations

from bot.errors import Refused
from bot.plan import Facts, HostFacts
from bot.swarm.places import foreign_cluster, other_cluster
from bot.swarm.quorum import quorum_of


def refuse_forcing(facts: Facts, host: HostFacts) -> None:
    """Refused where ``force-new-cluster`` on ``host`` would make a second cluster, or seize another one."""
    if not host.in_a_swarm:
        raise Refused(
            f"`{host.name}` is in no cluster, so there is nothing to force anew.",
            next_step=f"`/swarm init {host.name}` makes a new one.",
        )
    # A manager without a quorum goes on answering reads for up to 14 s (facts/swarm.md): its word is not enough.
    if facts.swarm is not None and quorum_of(facts.swarm).survives >= 0:
        raise Refused(
            f"{facts.name} has a quorum: forcing a new cluster on `{host.name}` would leave two that take themselves "
            f"for {facts.name}.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows its managers.",
        )
    if other := foreign_cluster(facts, host):
        raise Refused(
            f"`{host.name}` is in another cluster: {other}.",
            true_now="Nothing was changed.",
            next_step=f"Ask in the channel of {other}.",
        )


def refuse_second_cluster(facts: Facts, host: HostFacts) -> None:
    """Refused where initialising ``host`` would take it from a cluster, or make a second one beside the first."""
    if host.membership == "pending":
        raise Refused(
            f"`{host.name}` still tries to join a cluster and may come into it by itself.",
            true_now="Nothing was changed.",
            next_step="Let it give up on the host first: `docker swarm leave --force`.",
        )
    if host.in_a_swarm:
        raise Refused(
            f"`{host.name}` is already in a cluster: {other_cluster(facts, host)}.",
            true_now="Nothing was changed.",
            next_step=("" if facts.swarm or foreign_cluster(facts, host) else "`/swarm status` shows its managers. ")
            + "If it shall not be, let it leave on the host first: `docker swarm leave`.",
        )
    if facts.swarm is not None:
        raise Refused(
            f"{facts.name} runs already (`{facts.swarm.id}`, read from `{facts.swarm.read_from}`).",
            next_step=f"`/swarm join manager|worker {host.name}` adds it.",
        )
    lost = [other.name for other in facts.hosts.values() if other.answers and other.in_a_swarm]
    if lost:
        raise Refused(
            f"{facts.name} has hosts that are in a cluster whose managers have no quorum or do not answer: "
            f"{', '.join(f'`{name}`' for name in lost)}. A second cluster beside it would split {facts.name} in two.",
            next_step="`/swarm status` shows what is wrong.",
        )
