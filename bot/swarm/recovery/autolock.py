"""What autolock means for a recovery."""

from __future__ import annotations

from bot.blocks import tick
from bot.errors import Failed, Refused
from bot.model import Backup, Facts, Finding, HostFacts
from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.swarm.recovery.key_file import UnknownKeyFile, WrongUnlockKey, decrypted_state
from bot.swarm.recovery.safety_rules import RecoverFlags


def needs_key(source: HostFacts) -> bool:
    """Whether its engine cannot be forced unless its key file is opened before."""
    return source.key_file is not None and source.key_file.locked


def refuse_without_key(source: HostFacts, flags: RecoverFlags) -> None:
    """Refused where the key is needed and is not given, or where it cannot be of use."""
    if source.membership == "locked" and source.key_file is None:
        raise Refused(
            f"{tick(source.name)} is locked, and its key file cannot be read: it cannot be opened with the unlock key.",
            true_now="Nothing was changed.",
            next_step="Let the SSH user read it (root, or sudo without a password).",
        )
    if needs_key(source) and not flags.unlock:
        raise Refused(
            f"autolock is on, so {tick(source.name)} goes on alone only with the cluster's unlock key: its engine, "
            "forced without it, would be in no cluster at all.",
            true_now="Nothing was changed.",
            next_step=f"{flags.words(source.name, unlock=True)} asks you for the key.",
        )


def key_findings(source: HostFacts, *, unlock: bool) -> list[Finding]:
    """Where a key was given for nothing, and where it is not known whether one is needed."""
    if source.key_file is None:
        return [
            Finding(
                "warning",
                f"whether autolock is on is not known: the key file of {tick(source.name)} cannot be read. If it is, "
                f"{tick(source.name)} will be in no cluster until its engine is started anew",
            )
        ]
    if unlock and not needs_key(source):
        return [Finding("warning", f"the unlock key is not used: the key file of {tick(source.name)} lies open")]
    return []


def key_warnings(cluster: str, source: HostFacts) -> list[str]:
    """What lies open on the keeper's disk, and for how long."""
    if source.key_file is None or not source.key_file.autolocked:
        return []
    name = tick(source.name)
    if not needs_key(source):
        since = "since a recovery that did not end; its engine encrypts it again as soon as it is forced."
        return [f"The key file of {name} lies open on its disk {since}"]
    then = f"until {cluster} is forced, some seconds; then the engine encrypts it again."
    stopped = f"The engine of {name} is stopped for its key file to be opened. The key lies open on its disk {then}"
    return [f"{stopped} The unlock key stays the same."]


def typed_key(facts: Facts) -> Secret:
    """The key; Failed when it is gone: whoever took the job over from a worker that died has it no more."""
    if facts.typed_secret is None:
        raise Failed(
            f"The key that you gave is not there any more: "
            f"it is kept for {TYPED_SECRET_TTL_S // 60} minutes and taken once.",
            next_step="Press Retry, and type it again.",
        )
    return facts.typed_secret


def wrong_key(what: str, next_step: str) -> Failed:
    """It does not open ``what``."""
    return Failed(f"The key does not open {what}.", next_step=next_step)


def decrypted_backup(facts: Facts, backup: Backup, packed: bytes) -> bytes:
    """The state of an autolocked backup, opened with the key; Failed when it is gone, or another one."""
    key = typed_key(facts)
    try:
        return decrypted_state(packed, key)
    except WrongUnlockKey:
        raise wrong_key(
            f"the backup `{backup.id}`",
            "Press Retry, and type the key that counted when it was taken: one that came later does not open it.",
        ) from None
    except UnknownKeyFile:
        raise Failed(
            f"The backup `{backup.id}` holds no key file as engines of 20.10 write it.",
            next_step="`/swarm backups` lists the others.",
        ) from None
