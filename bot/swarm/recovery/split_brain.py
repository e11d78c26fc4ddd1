"""Refuse what would make two clusters with one identity (split brain). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Facts, HostFacts
from bot.swarm.health.lost_quorum import OldManager, old_managers, quorum_among
from bot.swarm.quorum import has_quorum
from bot.swarm.reading.host_membership import foreign_cluster_names, is_membership_unknown, other_cluster_text
from bot.text.suggest import listed


def refuse_forcing(facts: Facts, host: HostFacts) -> None:
    """Raise Refused if ``force-new-cluster`` on the host would make a second cluster, or take over another one."""
    if not host.in_swarm:
        raise Refused(
            f"`{host.name}` is not part of any cluster: there is nothing to force.",
            next_step="To create a new cluster, leave out `--force-new-cluster`.",
        )
    refuse_beside_quorum(facts, host.name)
    if other := foreign_cluster_names(facts, host):
        raise Refused(
            f"`{host.name}` is part of another cluster: {other}.",
            true_now="Nothing was changed.",
            next_step=f"Ask in the channel of {other}.",
        )
    if host.key_file is not None and host.key_file.autolocked:
        raise Refused(
            f"autolock is on: forced without the unlock key, the engine of `{host.name}` would not be part of any "
            "cluster.",
            true_now="Nothing was changed.",
            next_step=f"If its quorum does not come back: `/swarm recover {host.name} --unlock` asks you for the key.",
        )
    _refuse_old_managers(facts, host)


def refuse_beside_quorum(facts: Facts, host: str) -> None:
    """Raise Refused if the cluster has a quorum. Managers that lost it report for up to 28 s that they have it."""
    if has_quorum(facts):
        raise Refused(
            f"{facts.name} has a quorum: a new cluster forced on `{host}` would be a second {facts.name} (split "
            "brain).",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows its managers.",
        )


def _refuse_old_managers(facts: Facts, host: HostFacts) -> None:
    """Raise Refused if an old manager has not left: it could come back beside the new cluster, or into it."""
    out = {"left", "held off"}
    others = [old for old in old_managers(facts, host) if old.host != host and old.state not in out]
    if not others:
        return
    refuse_unclear(facts, others)
    members = [tick(old.name) for old in others if old.state == "member"]
    unreachable = [old.name for old in others if old.state == "unreachable"]
    stopped = [old.name for old in others if old.state == "stopped"]
    are = "is still a manager" if len(members) == 1 else "are still managers"
    sentences = [f"{listed(members)} {are} of {facts.name}"] if members else []
    sentences += [f"{listed(map(tick, [*stopped, *unreachable]))} may come back"] if stopped or unreachable else []
    raise Refused(
        f"{' and '.join(sentences)}: a new cluster forced on `{host.name}` would not stay the only {facts.name} (split "
        "brain).",
        true_now="Nothing was changed.",
        next_step=_instead(facts, host, stopped, unreachable),
    )


def refuse_unclear(facts: Facts, olds: Iterable[OldManager]) -> None:
    """Raise Refused if an old manager says that it is in no cluster and was not seen to have left: it may return."""
    names = [old.name for old in olds if old.state == "unclear"]
    if not names:
        return
    one, named = len(names) == 1, listed(map(tick, names))
    raise Refused(
        f"the {'engine' if one else 'engines'} of {named} may be starting or stopping: whether "
        f"{'it is' if one else 'they are'} still part of {facts.name} is unknown.",
        true_now="Nothing was changed.",
        next_step=f"Run the command again in 30 s. If nothing has changed, look at Docker's log on {named}.",
    )


def _instead(facts: Facts, host: HostFacts, stopped: list[str], unreachable: list[str]) -> str:
    """Return what to do instead of forcing a new cluster beside old managers."""
    if quorum_among(old_managers(facts, host)).tolerates >= 0:
        return "Enough managers respond for a quorum: `/swarm status` shows whether they have a leader."
    flags = [*(f" --hold-off {name}" for name in stopped), *(f" --gone {name}" for name in unreachable)]
    recover = f"`/swarm recover {host.name}{''.join(flags)}`"
    if not flags:
        return f"{recover} does this in a safe order."
    back = f"Bring {listed(map(tick, [*stopped, *unreachable]))} back."
    return f"{back} If that is impossible: {recover} does this in a safe order."


def refuse_unreachable(facts: Facts, host: HostFacts) -> None:
    """Raise Refused if the host does not respond; a cluster that is already running is named first."""
    if host.failure is None:
        return
    runs, step = "", host.failure.next_step
    if facts.swarm is not None:
        runs = f"{facts.name} is already running (`{facts.swarm.id}`, read from `{facts.swarm.read_from}`), and "
        step = "`/swarm status` shows its nodes."
    raise Refused(runs + host.failure.happened, true_now="Nothing was changed.", next_step=step)


def refuse_second_cluster(facts: Facts, host: HostFacts) -> None:
    """Raise Refused if initialising the host would remove it from a cluster, or make a second cluster."""
    if host.joining:
        raise Refused(
            f"`{host.name}` is still trying to join a cluster and may join it by itself.",
            true_now="Nothing was changed.",
            next_step="Undo that first, on the host: `docker swarm leave --force`.",
        )
    if host.in_swarm:
        step = "To use it for a new cluster, let it leave first, on the host: `docker swarm leave`."
        if is_membership_unknown(facts, host):
            # A manager without a quorum may have the only copy of the cluster's state.
            step = "`/swarm status` shows its managers."
        raise Refused(
            f"`{host.name}` is already part of a cluster: {other_cluster_text(facts, host)}.",
            true_now="Nothing was changed.",
            next_step=step,
        )
    if facts.swarm is not None:
        raise Refused(
            f"{facts.name} is already running (`{facts.swarm.id}`, read from `{facts.swarm.read_from}`).",
            next_step=f"`/swarm join manager|worker {host.name}` adds it.",
        )
    lost = [other.name for other in facts.hosts.values() if other.responds and other.in_swarm]
    if lost:
        raise Refused(
            f"{facts.name} has hosts in a cluster whose managers have no quorum or do not respond: "
            f"{', '.join(f'`{name}`' for name in lost)}. A second cluster would split {facts.name} in two (split "
            "brain).",
            next_step="`/swarm status` shows what is wrong.",
        )
