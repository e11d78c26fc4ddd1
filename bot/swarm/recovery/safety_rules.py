"""Decide whether a cluster without a quorum may be recovered, and from which manager. Pure.

Each rule raises Refused with the next step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.blocks import tick
from bot.errors import NotUnderstood, Refused
from bot.model import Facts, HostFacts, ip_of
from bot.swarm.health.lost_quorum import (
    OldManager,
    locked_members,
    old_managers,
    quorum_among,
    recovery_candidates,
)
from bot.swarm.health.preflight import live_restore_fix
from bot.swarm.quorum import has_quorum, managers_text, quorum_of, raft_members
from bot.swarm.quorum.lost_managers import bring_back_text
from bot.swarm.reading.host_membership import foreign_cluster_names
from bot.swarm.recovery.plan_notes import may_restart
from bot.swarm.recovery.split_brain import refuse_unclear
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class RecoverFlags:
    """The flags of ``/swarm recover`` as they were typed, so that a next step keeps all of them."""

    gone: tuple[str, ...] = ()
    """The old managers that are permanently lost: names of hosts, or addresses that are not in swarmbot.yml."""
    hold_off: tuple[str, ...] = ()
    """The old managers to hold off, as in ``gone``."""
    unlock: bool = False
    """Whether the requester types the unlock key."""

    def command(
        self, host: str, *, gone: Iterable[str] = (), hold_off: Iterable[str] = (), unlock: bool = False
    ) -> str:
        """Return the command with more flags: "`/swarm recover host-1 --gone host-3 --unlock`"."""
        off = dict.fromkeys((*self.hold_off, *hold_off))
        away = dict.fromkeys((*self.gone, *gone))
        flags = [f"--hold-off {name}" for name in off if name != host]
        flags += [f"--gone {name}" for name in away if name != host and name not in off]
        flags += ["--unlock"] if self.unlock or unlock else []
        return f"`{' '.join(['/swarm recover', host, *flags])}`"


# With these problems a host can be held off, if its disk can be read.
ENGINE_STOPPED: Final = frozenset({"no docker", "docker stopped"})


def refuse_unless_lost(facts: Facts) -> None:
    """Raise Refused while a manager can be read: it has a quorum, or has not detected yet that it lost quorum."""
    if facts.swarm is None:
        return
    if has_quorum(facts) and quorum_of(raft_members(facts)).tolerates >= 0:
        raise Refused(
            f"{facts.name} has a quorum: there is nothing to recover.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows its managers. To bring back one that left: `/swarm join manager HOST`.",
        )
    raise Refused(
        f"`{facts.swarm.read_from}` is still the leader of {facts.name}, or has not detected yet that it lost quorum.",
        true_now="Nothing was changed.",
        next_step="If the other managers are off, it detects that within 30 s. Run the command again then.",
    )


def choose_source(facts: Facts, wanted: str | None, flags: RecoverFlags) -> HostFacts:
    """Return the manager to recover from: ``wanted``, or the one with the newest Raft log.

    Raise Refused if there is none.
    """
    able = recovery_candidates(facts)
    if not able:
        raise _refused_none(facts)
    source = next((host for host in able if host.name == wanted), None) if wanted else able[0]
    if source is None:
        raise Refused(
            f"`{wanted}` is not a manager of {facts.name} that responds.",
            true_now="Nothing was changed.",
            next_step=flags.command(able[0].name),
        )
    if not source.managers:
        raise Refused(
            f"the other managers of {facts.name} are unknown: neither the engine nor the disk of `{source.name}` "
            "names them.",
            true_now="Nothing was changed.",
            next_step="Let the SSH user read its disk (root, or sudo), then run the command again.",
        )
    if source.swarm_stopped and not may_restart(source):
        raise _refused_stopped_swarm(source, flags)
    members = {old.host.name: old.host for old in old_managers(facts, source) if old.host and old.state == "member"}
    if others := [host.name for host in able if host.name not in members]:
        raise Refused(
            f"{listed(map(tick, others))} and `{source.name}` are in different clusters.",
            true_now="Nothing was changed.",
            next_step=f"On the hosts that are not part of {facts.name}, run `docker swarm leave --force`.",
        )
    _refuse_older(source, list(members.values()), flags, named=wanted is not None)
    if decrypted := [host.name for host in able if host.recovery_pending and host is not source]:
        raise Refused(
            f"the key file of {tick(decrypted[0])} was decrypted for a recovery that did not finish. When its engine "
            "restarts, it is a manager again.",
            true_now="Nothing was changed.",
            next_step=f"{flags.command(decrypted[0])}. Or restart its engine, so that it can be made to leave.",
        )
    return source


def refuse_unless_safe(facts: Facts, source: HostFacts, olds: tuple[OldManager, ...], flags: RecoverFlags) -> None:
    """Raise Refused unless each other old manager can leave or be held off, or is declared gone and seems lost."""
    if locked := locked_members(olds):
        are, it = ("is", "it") if len(locked) == 1 else ("are", "them")
        raise Refused(
            f"{listed(map(tick, locked))} {are} locked. Unlocking {it} restores the quorum of {facts.name}: no "
            "recovery is needed.",
            true_now="Nothing was changed.",
            next_step=f"{listed(f'`/swarm unlock {name}`' for name in locked)}. If nobody has the key "
            f"any more, let {it} leave, on the host: `docker swarm leave --force`.",
        )
    if (quorum := quorum_among(olds)).tolerates >= 0:
        raise Refused(
            f"{managers_text(quorum)} of {facts.name} respond, which is enough for a quorum: "
            "they are electing a leader, or do not reach each other.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` in 30 s. If nothing has changed, check that 2377/tcp is open between them.",
        )
    names = {old.name: old for old in olds} | {ip_of(old.address): old for old in olds}
    if unknown := [name for name in flags.gone if name not in names]:
        was_not = "was not a manager" if len(unknown) == 1 else "were not managers"
        raise NotUnderstood(
            f"{listed(map(tick, unknown))} {was_not} of {facts.name}.",
            next_step=f"Its managers were {listed(tick(old.name) for old in olds)}.",
        )
    declared = {names[name].name for name in flags.gone}
    if alive := [old.name for old in olds if old.name in declared and old.state != "unreachable"]:
        raise Refused(
            f"{listed(map(tick, alive))} {'responds and is' if len(alive) == 1 else 'respond and are'} not lost.",
            true_now="Nothing was changed.",
            next_step=f"Run the command again without {listed(f'`--gone {name}`' for name in alive)}: such a host is "
            "made to leave and joins again, or is held off if its engine is stopped.",
        )
    refuse_unless_off(olds, flags.hold_off)
    refuse_unclear(facts, olds)
    refuse_unless_started(facts.name, source, olds, flags)
    unreachable = [old for old in olds if old.state == "unreachable"]
    if up := [old for old in unreachable if old.up]:
        raise _refused_up(facts, source, up, flags)
    if reached := [old.name for old in unreachable if _reached_by_members(facts, old)]:
        raise Refused(
            f"Swarmbot does not reach {listed(map(tick, reached))}, but the other managers do: what takes their "
            "connections is not lost.",
            true_now="Nothing was changed.",
            next_step="Let Swarmbot reach it (`/swarm hosts` shows the cause), or switch it off.",
        )
    if undeclared := [old for old in unreachable if old.name not in declared]:
        raise _refused_unreachable(facts, source, olds, undeclared, flags)


def _refuse_older(source: HostFacts, members: list[HostFacts], flags: RecoverFlags, *, named: bool) -> None:
    """Raise Refused if another manager has newer state, which would be lost when it leaves."""
    newer = [
        host
        for host in members
        if host.raft_position and (source.raft_position is None or host.raft_position > source.raft_position)
    ]
    if newer:
        newest = max(newer, key=lambda host: host.raft_position)  # type: ignore[arg-type,return-value] # all of them have a log
        raise Refused(
            f"`{newest.name}` has newer state than `{source.name}`: changes that only `{newest.name}` has would be "
            "lost.",
            true_now="Nothing was changed.",
            next_step=flags.command(newest.name),
        )
    unread = [host.raft_error for host in members if host.raft_position is None]
    if unread and len(members) > 1 and not named:
        raise Refused(
            f"which manager has the newest state is unknown. {' '.join(unread)}",
            true_now="Nothing was changed.",
            next_step=f"Fix this (root or sudo can read a log), or name the manager: {flags.command('HOST')}.",
        )


def _refused_stopped_swarm(source: HostFacts, flags: RecoverFlags) -> Refused:
    """Return the refusal if an engine must restart that Swarmbot does not restart: it may be locked then."""
    first = f"{live_restore_fix(source)}. Then " if source.live_restore else ""
    again = flags.command(source.name, unlock=source.key_file is not None and source.key_file.autolocked)
    run = f"run `systemctl restart docker` on `{source.name}`, then {again}."
    return Refused(
        f"the swarm of `{source.name}` has stopped until its engine restarts.",
        true_now="Nothing was changed.",
        next_step=f"{(first + run)[0].upper()}{(first + run)[1:]}",
    )


def _refused_none(facts: Facts) -> Refused:
    """Return the refusal if no host is seen to be a manager. A restore is advised only if no host may be one."""
    wait = "Managers that have just lost quorum may not respond for 30 s: run the command again then."
    if maybe := [host for host in facts.hosts.values() if _may_be_manager(facts, host)]:
        failures = [host.failure for host in maybe if host.failure]
        names = listed(tick(host.name) for host in maybe)
        why = " ".join(failure.happened for failure in failures)
        fixes = " ".join(dict.fromkeys(failure.next_step for failure in failures))
        return Refused(
            f"no manager of {facts.name} could be read, but {names} may be one. {why}".rstrip(),
            true_now="Nothing was changed.",
            next_step=f"{wait} {fixes}".rstrip(),
        )
    return Refused(
        f"no manager of {facts.name} responds, and a recovery needs one.",
        true_now="Nothing was changed.",
        next_step=f"{wait} If all managers are permanently lost: `/swarm backups` shows what you can restore.",
    )


def _may_be_manager(facts: Facts, host: HostFacts) -> bool:
    """Return whether a host was not seen to be off or to be something else than a manager."""
    if host.failure is not None:
        return host.failure.answers_over_ssh or host.failure.problem == "slow"
    unsure = host.membership in {"pending", "error"} or (host.in_swarm and bool(host.swarm_error))
    return unsure and not foreign_cluster_names(facts, host)


def _refused_unreachable(
    facts: Facts, source: HostFacts, olds: tuple[OldManager, ...], unreachable: list[OldManager], flags: RecoverFlags
) -> Refused:
    names = [old.name for old in unreachable]
    happened = " ".join(old.host.failure.happened for old in unreachable if old.host and old.host.failure)
    back = bring_back_text(quorum_among(olds), [old.name for old in olds if old.state in {"unreachable", "stopped"}])
    return Refused(
        f"{listed(map(tick, names))} {'was a manager' if len(names) == 1 else 'were managers'} of {facts.name} and can "
        f"neither be made to leave nor held off: if {'it comes' if len(names) == 1 else 'they come'} back, "
        f"{facts.name} could become two clusters (split brain). {happened}".rstrip(),
        true_now="Nothing was changed.",
        next_step=f"{back[0].upper()}{back[1:]}. If permanently lost: {flags.command(source.name, gone=names)}.",
    )


def _refused_up(facts: Facts, source: HostFacts, up: list[OldManager], flags: RecoverFlags) -> Refused:
    names = listed(tick(old.name) for old in up)
    one = len(up) == 1
    respond, are = ("responds", "is") if one else ("respond", "are")
    failures = [old.host.failure for old in up if old.host and old.host.failure]
    fixes = " ".join(dict.fromkeys(failure.next_step for failure in failures if failure.next_step))
    off = [old.name for old, failure in zip(up, failures, strict=True) if failure.problem in ENGINE_STOPPED]
    advice = (
        f" Or let Swarmbot read {'its disk' if one else 'their disks'} (root, or sudo; `data_root` under `engine` in "
        f"swarmbot.yml), then {flags.command(source.name, hold_off=off)}."
    )
    return Refused(
        f"{names} {respond} over SSH and {are} not lost, but can neither be made to leave nor held off: {facts.name} "
        f"could become two clusters (split brain). {' '.join(failure.happened for failure in failures)}",
        true_now="Nothing was changed.",
        next_step=f"{fixes}{advice if off else ''}".strip(),
    )


def _reached_by_members(facts: Facts, old: OldManager) -> bool:
    """Return whether a member of the cluster can connect to it."""
    return any(host.peer_reach.get(old.address) == "open" for host in facts.hosts.values() if host.in_swarm)


def refuse_unless_off(olds: tuple[OldManager, ...], hold_off: tuple[str, ...]) -> None:
    """Raise Refused unless the engine of each host to hold off was seen to be stopped."""
    named = {old.name: old for old in olds}
    for name in hold_off:
        old = named.get(name)
        if old is None:
            raise NotUnderstood(
                f"{tick(name)} was not a manager of the cluster.",
                next_step=f"Its managers were {listed(tick(old.name) for old in olds)}.",
            )
        if old.state in {"member", "left", "unclear"}:
            raise Refused(
                f"the engine of {tick(name)} is running: only a host whose engine is stopped can be held off.",
                true_now="Nothing was changed.",
                next_step=f"Run the command again without `--hold-off {name}`.",
            )
        if old.state == "unreachable":
            failure = old.host.failure if old.host else None
            raise Refused(
                f"{tick(name)} cannot be held off. {failure.happened if failure else ''}".rstrip(),
                true_now="Nothing was changed.",
                next_step=failure.next_step if failure else "",
            )


def refuse_unless_started(cluster: str, source: HostFacts, olds: tuple[OldManager, ...], flags: RecoverFlags) -> None:
    """Raise Refused if stopped engines should be started: they restore the quorum, or have newer state."""
    startable = [old for old in olds if old.state == "stopped" and old.name not in flags.hold_off]
    quorum = quorum_among(olds)
    if startable and quorum.reachable + len(startable) >= quorum.needed:
        are, it = ("is", "it") if len(startable) == 1 else ("are", "them")
        raise _refused_stopped(
            f"the {_engines(startable)} {are} stopped. Starting {it} restores the quorum of {cluster}: no recovery is "
            "needed.",
            *(source, startable, flags),
        )
    newer = [
        old
        for old in startable
        if old.host
        and old.host.raft_position
        and source.raft_position
        and old.host.raft_position > source.raft_position
    ]
    if newer:
        raise _refused_stopped(
            f"the {_engines(newer)} {'is stopped and has' if len(newer) == 1 else 'are stopped and have'} newer state "
            f"than {tick(source.name)}: changes that only {'it has' if len(newer) == 1 else 'they have'} would be "
            "lost.",
            *(source, newer, flags),
        )


def _refused_stopped(happened: str, source: HostFacts, olds: list[OldManager], flags: RecoverFlags) -> Refused:
    off = [old.name for old in olds]
    it, they = ("it", "it") if len(off) == 1 else ("them", "they")
    return Refused(
        happened,
        true_now="Nothing was changed.",
        next_step=f"Start {it}: `systemctl start docker` on {listed(map(tick, off))}. If {they} cannot be started: "
        f"{flags.command(source.name, hold_off=off)}.",
    )


def _engines(olds: list[OldManager]) -> str:
    return f"engine{'' if len(olds) == 1 else 's'} of {listed(tick(old.name) for old in olds)}"
