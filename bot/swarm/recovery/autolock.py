"""The unlock key in a recovery and a restore: when it is needed, and what it decrypts. Pure."""

from __future__ import annotations

from bot.blocks import tick
from bot.errors import Failed, Refused
from bot.model import Backup, Facts, Finding, HostFacts
from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.swarm.recovery.key_file import UnknownKeyFile, WrongUnlockKey, decrypted_state
from bot.swarm.recovery.safety_rules import RecoverFlags


def needs_key(source: HostFacts) -> bool:
    """Return whether the key file must be decrypted before the engine can be forced."""
    return source.key_file is not None and source.key_file.locked


def refuse_without_key(source: HostFacts, flags: RecoverFlags) -> None:
    """Raise Refused if the key is needed and not typed, or if the key file cannot be read."""
    if source.membership == "locked" and source.key_file is None:
        raise Refused(
            f"{tick(source.name)} is locked, and its key file cannot be read: the unlock key cannot decrypt it.",
            true_now="Nothing was changed.",
            next_step="Let the SSH user read the file (root, or sudo without a password).",
        )
    if needs_key(source) and not flags.unlock:
        raise Refused(
            f"autolock is on: forced without the unlock key, the engine of {tick(source.name)} would not be part of "
            "any cluster.",
            true_now="Nothing was changed.",
            next_step=f"{flags.command(source.name, unlock=True)} asks you for the key.",
        )


def key_findings(source: HostFacts, *, unlock: bool) -> list[Finding]:
    """Return a finding if the key is not needed, or if it is unknown whether it is."""
    if source.key_file is None:
        return [
            Finding(
                "warning",
                f"whether autolock is on is unknown: the key file of {tick(source.name)} cannot be read. If it is on, "
                f"{tick(source.name)} will not be part of any cluster until its engine restarts",
            )
        ]
    if unlock and not needs_key(source):
        return [
            Finding("warning", f"the unlock key is not needed: the key file of {tick(source.name)} is not encrypted")
        ]
    return []


def key_warnings(cluster: str, source: HostFacts) -> list[str]:
    """Return that the key is on the disk in plain text, and for how long."""
    if source.key_file is None or not source.key_file.autolocked:
        return []
    name = tick(source.name)
    if not needs_key(source):
        since = "since a recovery that did not finish. Its engine encrypts it again when it is forced."
        return [f"The key file of {name} is on its disk without encryption {since}"]
    then = f"until {cluster} is forced, a few seconds. Then the engine encrypts it again."
    stopped = f"The engine of {name} is stopped to decrypt its key file. The key is on its disk in plain text {then}"
    return [f"{stopped} The unlock key does not change."]


def typed_key(facts: Facts) -> Secret:
    """Return the key that the requester typed. Raise Failed if this worker took the job over and has no key."""
    if facts.typed_secret is None:
        raise Failed(
            "The key that you typed is not stored any more: "
            f"it is kept for {TYPED_SECRET_TTL_S // 60} minutes and used once.",
            next_step="Press Retry and type it again.",
        )
    return facts.typed_secret


def wrong_key(what: str, next_step: str) -> Failed:
    """Return the error for a key that does not decrypt ``what``."""
    return Failed(f"The key does not decrypt {what}.", next_step=next_step)


def decrypted_backup(facts: Facts, backup: Backup, packed: bytes) -> bytes:
    """Return the state of an autolocked backup, decrypted with the typed key. Raise Failed if that does not work."""
    key = typed_key(facts)
    try:
        return decrypted_state(packed, key)
    except WrongUnlockKey:
        raise wrong_key(
            f"the backup `{backup.id}`",
            "Press Retry and type the key that was valid when the backup was taken: a later key does not decrypt it.",
        ) from None
    except UnknownKeyFile:
        raise Failed(
            f"The backup `{backup.id}` has no key file in the format of engine 20.10.",
            next_step="`/swarm backups` lists the others.",
        ) from None
