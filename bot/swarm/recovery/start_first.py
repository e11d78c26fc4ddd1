"""Old managers whose engines do not run: starting them is better than holding them off. Pure."""

from __future__ import annotations

from bot.blocks import tick
from bot.errors import NotUnderstood, Refused
from bot.model import HostFacts
from bot.swarm.health.lost_quorum import OldManager, standing_of
from bot.swarm.recovery.recover_flags import RecoverFlags
from bot.text.suggest import listed


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
        if old.standing in {"here", "left"}:
            raise Refused(
                f"The engine of {tick(name)} runs, and one that runs is not held off.",
                true_now="Nothing was changed.",
                next_step="Leave it out of `--hold-off`.",
            )
        if old.standing == "silent":
            failure = old.host.failure if old.host else None
            raise Refused(
                f"{tick(name)} cannot be held off. {failure.happened if failure else ''}".rstrip(),
                true_now="Nothing was changed.",
                next_step=failure.next_step if failure else "",
            )


def refuse_unless_started(cluster: str, keeper: HostFacts, olds: tuple[OldManager, ...], flags: RecoverFlags) -> None:
    """Refused where starting engines would do: they give the quorum back, or know what ``keeper`` does not."""
    startable = [old for old in olds if old.standing == "stopped" and old.name not in flags.hold_off]
    quorum = standing_of(olds)
    if startable and quorum.reachable + len(startable) >= quorum.needed:
        are, they = ("is", "it gives") if len(startable) == 1 else ("are", "they give")
        raise _refused(
            f"the {_engines(startable)} {are} stopped: started, {they} {cluster} its quorum back, and nothing needs to "
            "be forced.",
            *(keeper, startable, flags),
        )
    newer = [old for old in startable if old.host and old.host.raft and keeper.raft and old.host.raft > keeper.raft]
    if newer:
        raise _refused(
            f"the {_engines(newer)} {'is' if len(newer) == 1 else 'are'} stopped, with newer state than "
            f"{tick(keeper.name)}: what only {'it knows' if len(newer) == 1 else 'they know'} would be lost.",
            *(keeper, newer, flags),
        )


def _refused(happened: str, keeper: HostFacts, olds: list[OldManager], flags: RecoverFlags) -> Refused:
    off = [old.name for old in olds]
    it, they = ("it", "it") if len(off) == 1 else ("them", "they")
    return Refused(
        happened,
        true_now="Nothing was changed.",
        next_step=f"Start {it}: `systemctl start docker` on {listed(map(tick, off))}. If {they} cannot be started: "
        f"{flags.words(keeper.name, hold_off=off)}.",
    )


def _engines(olds: list[OldManager]) -> str:
    return f"engine{'' if len(olds) == 1 else 's'} of {listed(tick(old.name) for old in olds)}"
