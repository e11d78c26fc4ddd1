"""A lost cluster that goes on from an autolocked manager: what its unlock key is for, and what that leaves. Pure."""

from __future__ import annotations

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Finding, HostFacts
from bot.swarm.recovery.recover_flags import RecoverFlags


def needs_key(keeper: HostFacts) -> bool:
    """Whether its engine cannot be forced unless its key file is opened before."""
    return keeper.key_file is not None and keeper.key_file.locked


def refuse_without_key(keeper: HostFacts, flags: RecoverFlags) -> None:
    """Refused where the key is needed and is not given, or where it cannot be of use."""
    if keeper.membership == "locked" and keeper.key_file is None:
        raise Refused(
            f"{tick(keeper.name)} is locked, and its key file cannot be read: it cannot be opened with the unlock key.",
            true_now="Nothing was changed.",
            next_step="Let the SSH user read it (root, or sudo without a password).",
        )
    if needs_key(keeper) and not flags.unlock:
        raise Refused(
            f"autolock is on, so {tick(keeper.name)} goes on alone only with the cluster's unlock key: its engine, "
            "forced without it, would be in no cluster at all.",
            true_now="Nothing was changed.",
            next_step=f"{flags.words(keeper.name, unlock=True)} asks you for the key.",
        )


def key_findings(keeper: HostFacts, *, unlock: bool) -> list[Finding]:
    """Where a key was given for nothing, and where it is not known whether one is needed."""
    if keeper.key_file is None:
        return [
            Finding(
                "look",
                f"whether autolock is on is not known: the key file of {tick(keeper.name)} cannot be read. If it is, "
                f"{tick(keeper.name)} will be in no cluster until its engine is started anew",
            )
        ]
    if unlock and not needs_key(keeper):
        return [Finding("look", f"the unlock key is not used: the key file of {tick(keeper.name)} lies open")]
    return []


def key_warnings(cluster: str, keeper: HostFacts) -> list[str]:
    """What lies open on the keeper's disk, and for how long."""
    if keeper.key_file is None or not keeper.key_file.autolocked:
        return []
    name = tick(keeper.name)
    if not needs_key(keeper):
        since = "since a recovery that did not end; its engine encrypts it again as soon as it is forced."
        return [f"The key file of {name} lies open on its disk {since}"]
    then = f"until {cluster} is forced, some seconds; then the engine encrypts it again."
    stopped = f"The engine of {name} is stopped for its key file to be opened. The key lies open on its disk {then}"
    return [f"{stopped} The unlock key stays the same."]
