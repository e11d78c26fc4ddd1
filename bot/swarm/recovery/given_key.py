"""The unlock key that somebody typed for this job, and what is told where it is not there or opens nothing. Pure."""

from __future__ import annotations

from bot.errors import Failed
from bot.model import Backup, Facts
from bot.secrets.secret import TYPED_KEPT, Secret
from bot.swarm.recovery.key_file import OtherUnlockKey, UnknownKeyFile
from bot.swarm.recovery.opened_state import opened_state


def given_key(facts: Facts) -> Secret:
    """The key; Failed when it is gone: whoever took the job over from a worker that died has it no more."""
    if facts.typed_secret is None:
        raise Failed(
            f"The key that you gave is not there any more: it is kept for {TYPED_KEPT // 60} minutes and taken once.",
            next_step="Press Retry, and type it again.",
        )
    return facts.typed_secret


def other_key(what: str, next_step: str) -> Failed:
    """It does not open ``what``."""
    return Failed(f"The key does not open {what}.", next_step=next_step)


def opened_backup(facts: Facts, backup: Backup, packed: bytes) -> bytes:
    """The state of an autolocked backup, opened with the key; Failed when it is gone, or another one."""
    key = given_key(facts)
    try:
        return opened_state(packed, key)
    except OtherUnlockKey:
        raise other_key(
            f"the backup `{backup.id}`",
            "Press Retry, and type the key that counted when it was taken: one that came later does not open it.",
        ) from None
    except UnknownKeyFile:
        raise Failed(
            f"The backup `{backup.id}` holds no key file as engines of 20.10 write it.",
            next_step="`/swarm backups` lists the others.",
        ) from None
