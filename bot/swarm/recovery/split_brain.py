"""No order shall end in two clusters that take themselves for the same one."""

from __future__ import annotations

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Facts, HostFacts
from bot.swarm.health.lost_quorum import old_managers
from bot.swarm.quorum import has_quorum
from bot.swarm.reading.host_membership import foreign_cluster_names, other_cluster_text
from bot.text.suggest import listed


def refuse_forcing(facts: Facts, host: HostFacts) -> None:
    """Refused where ``force-new-cluster`` on ``host`` would make a second cluster, or seize another one."""
    if not host.in_swarm:
        raise Refused(
            f"`{host.name}` is in no cluster, so there is nothing to force anew.",
            next_step=f"`/swarm init {host.name}` makes a new one.",
        )
    refuse_beside_quorum(facts, host.name)
    if other := foreign_cluster_names(facts, host):
        raise Refused(
            f"`{host.name}` is in another cluster: {other}.",
            true_now="Nothing was changed.",
            next_step=f"Ask in the channel of {other}.",
        )
    if host.key_file is not None and host.key_file.autolocked:
        raise Refused(
            f"autolock is on: forced without the unlock key the engine of `{host.name}` would be in no cluster at all.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm recover {host.name} --unlock` asks you for the key.",
        )
    _refuse_old_managers(facts, host)


def refuse_beside_quorum(facts: Facts, host: str) -> None:
    """Refused where the cluster has a quorum. Managers that lost it say for up to 28 s that they have it: also then."""
    if has_quorum(facts):
        raise Refused(
            f"{facts.name} has a quorum: forcing a new cluster on `{host}` would leave two that take themselves for "
            f"{facts.name}.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows its managers.",
        )


def _refuse_old_managers(facts: Facts, host: HostFacts) -> None:
    """An old manager that has not left comes back: beside the forced cluster, or into it and takes its quorum."""
    out = {"left", "held off"}
    others = [old for old in old_managers(facts, host) if old.host != host and old.state not in out]
    if not others:
        return
    here = [tick(old.name) for old in others if old.state == "member"]
    silent = [old.name for old in others if old.state == "unreachable"]
    stopped = [old.name for old in others if old.state == "stopped"]
    told = [f"{listed(here)} {'is' if len(here) == 1 else 'are'} a manager of it still"] if here else []
    told += [f"{listed(map(tick, [*stopped, *silent]))} may come back"] if stopped or silent else []
    gone = "".join(f" --gone {name}" for name in silent)
    raise Refused(
        f"{' and '.join(told)}: a new cluster forced on `{host.name}` would not stay the only {facts.name}.",
        true_now="Nothing was changed.",
        next_step=f"`/swarm recover {host.name}` does it in the safe order."
        + (f" What never comes back: `/swarm recover {host.name}{gone}`." if gone else ""),
    )


def refuse_unreachable(facts: Facts, host: HostFacts) -> None:
    """Refused where ``host`` does not answer; that the cluster runs already is then told first."""
    if host.failure is None:
        return
    runs, step = "", host.failure.next_step
    if facts.swarm is not None:
        runs = f"{facts.name} runs already (`{facts.swarm.id}`, read from `{facts.swarm.read_from}`), and "
        step = "`/swarm status` shows how its nodes stand."
    raise Refused(runs + host.failure.happened, true_now="Nothing was changed.", next_step=step)


def refuse_second_cluster(facts: Facts, host: HostFacts) -> None:
    """Refused where initialising ``host`` would take it from a cluster, or make a second one beside the first."""
    if host.joining:
        raise Refused(
            f"`{host.name}` still tries to join a cluster and may come into it by itself.",
            true_now="Nothing was changed.",
            next_step="Let it give up on the host first: `docker swarm leave --force`.",
        )
    if host.in_swarm:
        steps = ["If it shall not be, let it leave on the host first: `docker swarm leave`."]
        if facts.swarm is None and not foreign_cluster_names(facts, host):
            # What a manager without a quorum has may be the only copy of the cluster's state.
            steps = ["`/swarm status` shows its managers.", *(steps if not host.is_manager else ())]
        raise Refused(
            f"`{host.name}` is already in a cluster: {other_cluster_text(facts, host)}.",
            true_now="Nothing was changed.",
            next_step=" ".join(steps),
        )
    if facts.swarm is not None:
        raise Refused(
            f"{facts.name} runs already (`{facts.swarm.id}`, read from `{facts.swarm.read_from}`).",
            next_step=f"`/swarm join manager|worker {host.name}` adds it.",
        )
    lost = [other.name for other in facts.hosts.values() if other.responds and other.in_swarm]
    if lost:
        raise Refused(
            f"{facts.name} has hosts that are in a cluster whose managers have no quorum or do not answer: "
            f"{', '.join(f'`{name}`' for name in lost)}. A second cluster beside it would split {facts.name} in two.",
            next_step="`/swarm status` shows what is wrong.",
        )
