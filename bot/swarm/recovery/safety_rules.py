"""Whether, and from which manager, a lost cluster may be recovered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.blocks import tick
from bot.errors import NotUnderstood, Refused
from bot.model import Facts, HostFacts, ip_of
from bot.swarm.health.lost_quorum import (
    OldManager,
    bring_back_text,
    locked_members,
    old_managers,
    quorum_among,
    recovery_candidates,
)
from bot.swarm.quorum import has_quorum, quorum_of, raft_members
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class RecoverFlags:
    """``gone`` and ``hold_off`` are names of hosts, or addresses of managers that swarmbot.yml does not have."""

    gone: tuple[str, ...] = ()
    hold_off: tuple[str, ...] = ()
    unlock: bool = False

    def words(self, host: str, *, gone: Iterable[str] = (), hold_off: Iterable[str] = (), unlock: bool = False) -> str:
        """The same order from ``host`` on, with what it lacks: "`/swarm recover host-1 --gone host-3 --unlock`"."""
        off = dict.fromkeys((*self.hold_off, *hold_off))
        away = dict.fromkeys((*self.gone, *gone))
        flags = [f"--hold-off {name}" for name in off if name != host]
        flags += [f"--gone {name}" for name in away if name != host and name not in off]
        flags += ["--unlock"] if self.unlock or unlock else []
        return f"`{' '.join(['/swarm recover', host, *flags])}`"


ENGINE_OFF: Final = frozenset({"no docker", "docker stopped"})
"""The troubles in which a host could be held off, if its disk could be seen."""


def refuse_unless_lost(facts: Facts) -> None:
    """Refused while a manager reads out the cluster: it has a quorum, or does not know yet that it has none."""
    if facts.swarm is None:
        return
    if has_quorum(facts) and quorum_of(raft_members(facts)).tolerates >= 0:
        raise Refused(
            f"{facts.name} has a quorum: there is nothing to recover.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows its managers; `/swarm join manager HOST` brings one that left back.",
        )
    raise Refused(
        f"`{facts.swarm.read_from}` still leads {facts.name}, or has not noticed yet that it does not.",
        true_now="Nothing was changed.",
        next_step="If the others are off it knows within half a minute: ask again then.",
    )


def choose_source(facts: Facts, wanted: str | None, flags: RecoverFlags) -> HostFacts:
    """The manager that the cluster goes on from: ``wanted``, or the one whose Raft log is the newest."""
    able = recovery_candidates(facts)
    if not able:
        raise _refused_none(facts)
    source = next((host for host in able if host.name == wanted), None) if wanted else able[0]
    if source is None:
        raise Refused(
            f"`{wanted}` is no manager of {facts.name} that answers.",
            true_now="Nothing was changed.",
            next_step=flags.words(able[0].name),
        )
    if not source.managers:
        raise Refused(
            f"who managed {facts.name} beside `{source.name}` is not known: neither its engine nor its disk tells it.",
            true_now="Nothing was changed.",
            next_step="Let the SSH user read its disk (root, or sudo), or name another manager.",
        )
    kin = {old.host.name: old.host for old in old_managers(facts, source) if old.host and old.state == "member"}
    if strangers := [host.name for host in able if host.name not in kin]:
        raise Refused(
            f"{listed(map(tick, strangers))} and `{source.name}` are in different clusters.",
            true_now="Nothing was changed.",
            next_step="Let those leave that are no part of it: `/swarm leave HOST --force`.",
        )
    _refuse_older(source, list(kin.values()), flags, named=wanted is not None)
    if opened := [host.name for host in able if host.recovery_pending and host is not source]:
        raise Refused(
            f"{tick(opened[0])} was opened for a recovery that did not end, and is a manager again when its engine is "
            "started anew.",
            true_now="Nothing was changed.",
            next_step=f"{flags.words(opened[0])}; or start its engine anew, and it can be made to leave.",
        )
    return source


def refuse_unless_safe(facts: Facts, source: HostFacts, olds: tuple[OldManager, ...], flags: RecoverFlags) -> None:
    """Refused unless each other old manager can be made to leave or held off, or is declared gone and looks like it."""
    if locked := locked_members(olds):
        are, they, it = ("is", "it gives", "it") if len(locked) == 1 else ("are", "they give", "them")
        raise Refused(
            f"{listed(map(tick, locked))} {are} locked: unlocked, {they} {facts.name} its quorum back, and nothing "
            "needs to be forced.",
            true_now="Nothing was changed.",
            next_step=f"{listed(f'`/swarm unlock {name}`' for name in locked)}. If nobody has the key any more, let "
            f"{it} leave on the host: `docker swarm leave --force`.",
        )
    if (quorum := quorum_among(olds)).tolerates >= 0:
        raise Refused(
            f"{quorum.reachable} of {quorum.managers} managers of {facts.name} are there, which is enough: they are "
            "choosing a leader now, or do not reach each other.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` in half a minute; if that stays, see that 2377/tcp is open between them.",
        )
    names = {old.name: old for old in olds} | {ip_of(old.address): old for old in olds}
    if unknown := [name for name in flags.gone if name not in names]:
        no = "is no manager" if len(unknown) == 1 else "are no managers"
        raise NotUnderstood(
            f"{listed(map(tick, unknown))} {no} that {facts.name} had.",
            next_step=f"Its managers were {listed(tick(old.name) for old in olds)}.",
        )
    declared = {names[name].name for name in flags.gone}
    if alive := [old.name for old in olds if old.name in declared and old.state != "unreachable"]:
        raise Refused(
            f"{listed(map(tick, alive))} {'answers' if len(alive) == 1 else 'answer'}, and so is not gone.",
            true_now="Nothing was changed.",
            next_step="Leave it out of `--gone`: it is made to leave and joins again, or is held off if its "
            "engine does not run.",
        )
    refuse_unless_off(olds, flags.hold_off)
    refuse_unless_started(facts.name, source, olds, flags)
    silent = [old for old in olds if old.state == "unreachable"]
    if up := [old for old in silent if old.up]:
        raise _refused_up(facts, source, up, flags)
    if heard := [old.name for old in silent if _heard(facts, old)]:
        raise Refused(
            f"Swarmbot does not reach {listed(map(tick, heard))}, and the other managers do: what takes their "
            "connections is not gone.",
            true_now="Nothing was changed.",
            next_step="Let Swarmbot reach it (`/swarm hosts` says what stands in the way), or switch it off.",
        )
    if open_ := [old for old in silent if old.name not in declared]:
        raise _refused_silent(facts, source, olds, open_, flags)


def _refuse_older(source: HostFacts, kin: list[HostFacts], flags: RecoverFlags, *, named: bool) -> None:
    """What a newer manager knows would be lost when it leaves."""
    newer = [
        host
        for host in kin
        if host.raft_position and (source.raft_position is None or host.raft_position > source.raft_position)
    ]
    if newer:
        newest = max(newer, key=lambda host: host.raft_position)  # type: ignore[arg-type,return-value] # those that have one
        raise Refused(
            f"`{newest.name}` has newer state than `{source.name}`: what only it knows would be lost.",
            true_now="Nothing was changed.",
            next_step=flags.words(newest.name),
        )
    unread = [host.raft_error for host in kin if host.raft_position is None]
    if unread and len(kin) > 1 and not named:
        raise Refused(
            f"which manager has the newest state is not known. {' '.join(unread)}",
            true_now="Nothing was changed.",
            next_step=f"Mend that (a log is read by root, or by sudo), or name the manager: {flags.words('HOST')}.",
        )


def _refused_none(facts: Facts) -> Refused:
    return Refused(
        f"no manager of {facts.name} answers, and a cluster goes on from a manager.",
        true_now="Nothing was changed.",
        next_step="Those that lost the quorum just now may not answer for half a minute: ask again then. "
        "If all managers are destroyed: `/swarm restore`.",
    )


def _refused_silent(
    facts: Facts, source: HostFacts, olds: tuple[OldManager, ...], silent: list[OldManager], flags: RecoverFlags
) -> Refused:
    names = [old.name for old in silent]
    happened = " ".join(old.host.failure.happened for old in silent if old.host and old.host.failure)
    back = bring_back_text(quorum_among(olds), [old.name for old in olds if old.state in {"unreachable", "stopped"}])
    return Refused(
        f"{listed(map(tick, names))} {'was a manager' if len(names) == 1 else 'were managers'} of {facts.name} and can "
        f"neither be made to leave nor held off: coming back, {'it' if len(names) == 1 else 'they'} could split "
        f"{facts.name} in two. {happened}".rstrip(),
        true_now="Nothing was changed.",
        next_step=f"{back[0].upper()}{back[1:]}; or, if gone for good, {flags.words(source.name, gone=names)}.",
    )


def _refused_up(facts: Facts, source: HostFacts, up: list[OldManager], flags: RecoverFlags) -> Refused:
    names = listed(tick(old.name) for old in up)
    answers, it, its = ("answers", "it is", "its disk") if len(up) == 1 else ("answer", "they are", "their disks")
    troubles = [old.host.failure for old in up if old.host and old.host.failure]
    fixes = " ".join(dict.fromkeys(failure.next_step for failure in troubles if failure.next_step))
    off = [old.name for old, failure in zip(up, troubles, strict=True) if failure.problem in ENGINE_OFF]
    held = (
        f" Or let Swarmbot see {its} (root, or sudo; `data_root` under `engine` in swarmbot.yml), then "
        f"{flags.words(source.name, hold_off=off)}."
    )
    return Refused(
        f"{names} {answers} over SSH, so {it} not gone; and what can neither be made to leave nor held off could split "
        f"{facts.name} in two. {' '.join(failure.happened for failure in troubles)}",
        true_now="Nothing was changed.",
        next_step=f"{fixes}{held if off else ''}".strip(),
    )


def _heard(facts: Facts, old: OldManager) -> bool:
    """Whether a member of the cluster gets a connection to it."""
    return any(host.peer_reach.get(old.address) == "open" for host in facts.hosts.values() if host.in_swarm)


def refuse_unless_off(olds: tuple[OldManager, ...], hold_off: tuple[str, ...]) -> None:
    """Refused where a host that shall be held off is none whose engine was seen not to run."""
    standings = {old.name: old for old in olds}
    for name in hold_off:
        old = standings.get(name)
        if old is None:
            raise NotUnderstood(
                f"{tick(name)} is no manager that the cluster had.",
                next_step=f"Its managers were {listed(tick(old.name) for old in olds)}.",
            )
        if old.state in {"member", "left"}:
            raise Refused(
                f"The engine of {tick(name)} runs, and one that runs is not held off.",
                true_now="Nothing was changed.",
                next_step="Leave it out of `--hold-off`.",
            )
        if old.state == "unreachable":
            failure = old.host.failure if old.host else None
            raise Refused(
                f"{tick(name)} cannot be held off. {failure.happened if failure else ''}".rstrip(),
                true_now="Nothing was changed.",
                next_step=failure.next_step if failure else "",
            )


def refuse_unless_started(cluster: str, source: HostFacts, olds: tuple[OldManager, ...], flags: RecoverFlags) -> None:
    """Refused where starting engines would do: they give the quorum back, or know what ``source`` does not."""
    startable = [old for old in olds if old.state == "stopped" and old.name not in flags.hold_off]
    quorum = quorum_among(olds)
    if startable and quorum.reachable + len(startable) >= quorum.needed:
        are, they = ("is", "it gives") if len(startable) == 1 else ("are", "they give")
        raise _refused(
            f"the {_engines(startable)} {are} stopped: started, {they} {cluster} its quorum back, and nothing needs to "
            "be forced.",
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
        raise _refused(
            f"the {_engines(newer)} {'is' if len(newer) == 1 else 'are'} stopped, with newer state than "
            f"{tick(source.name)}: what only {'it knows' if len(newer) == 1 else 'they know'} would be lost.",
            *(source, newer, flags),
        )


def _refused(happened: str, source: HostFacts, olds: list[OldManager], flags: RecoverFlags) -> Refused:
    off = [old.name for old in olds]
    it, they = ("it", "it") if len(off) == 1 else ("them", "they")
    return Refused(
        happened,
        true_now="Nothing was changed.",
        next_step=f"Start {it}: `systemctl start docker` on {listed(map(tick, off))}. If {they} cannot be started: "
        f"{flags.words(source.name, hold_off=off)}.",
    )


def _engines(olds: list[OldManager]) -> str:
    return f"engine{'' if len(olds) == 1 else 's'} of {listed(tick(old.name) for old in olds)}"
