"""The folder of backups: :class:`bot.model.backups.BackupStore` over files that all workers share."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from bot.backups.encryption import MAX_HEAD_BYTES, DamagedBackup, WrongKey, decrypt, encrypt, read_head
from bot.errors import Failed, Refused
from bot.model.backups import Backup, BackupList, Drill
from bot.secrets.secret import Secret
from bot.stored_json import from_json, from_plain, to_json, to_plain

log = logging.getLogger(__name__)

SUFFIX: Final = ".swarm"


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """The backups of ``cluster`` in ``folder``, of which ``keep`` stay. Safe between threads and processes."""

    cluster: str
    folder: Path | None
    keep_count: int
    key: Secret | None

    def shelved(self) -> BackupList:
        """What is there, newest first."""
        found: list[Backup] = []
        unreadable: list[str] = []
        for path in self._files():
            backup = _head(path)
            if backup is None:
                unreadable.append(path.name)
            else:
                found.append(replace(backup, drill=_drill(path)))
        found.sort(key=lambda backup: backup.taken_at, reverse=True)
        return BackupList(tuple(found), tuple(sorted(unreadable)))

    def keep(self, backup: Backup, state: bytes) -> None:
        """Write it under a name of its own that appears when all of it is on the disk."""
        folder = self._usable()
        plain = {name: value for name, value in to_plain(backup).items() if name != "drill"}
        plain |= {"size": len(state), "checksum": hashlib.sha256(state).hexdigest()}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(folder / _name(backup), encrypt(self._secret(), plain, state))
        except OSError as error:
            raise Failed(f"The backup could not be written to `{folder}`: {error.strerror}.") from None
        for old in self.shelved().backups[self.keep_count :]:
            self._remove(folder / _name(old))

    def open(self, backup: Backup) -> bytes:
        """Read and unseal it."""
        path = self._usable() / _name(backup)
        try:
            return decrypt(self._secret(), path.read_bytes())
        except FileNotFoundError:
            raise Refused(f"the backup `{backup.id}` is not in its folder any more.") from None
        except OSError as error:
            raise Failed(f"`{path.name}` cannot be read: {error.strerror}.") from None
        except WrongKey:
            raise Refused(
                f"the backup `{backup.id}` was sealed with another SWARMBOT_SECRET_KEY.",
                next_step="Whoever runs Swarmbot sets the key of then for the worker.",
            ) from None
        except DamagedBackup:
            raise Refused(
                f"the backup `{backup.id}` is not as it was sealed: `{path.name}` was cut off or changed.",
                next_step="`/swarm backups` lists the others; a copy kept elsewhere may be whole.",
            ) from None

    def note(self, backup: Backup, drill: Drill) -> None:
        """Write the drill's report."""
        path = self._usable() / _name(backup)
        try:
            _write(_report(path), to_json(drill).encode())
        except OSError as error:
            raise Failed(f"What came of the drill could not be written: {error.strerror}.") from None

    def _remove(self, path: Path) -> None:
        """The new backup is kept all the same where an old one stays."""
        try:
            path.unlink(missing_ok=True)
            _report(path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("The old backup %s could not be removed: %s", path, error.strerror)

    def _files(self) -> list[Path]:
        folder = self._usable()
        ours = re.compile(rf"{re.escape(self.cluster)}-[0-9]{{8}}T[0-9]{{6}}Z-[0-9a-z]+{re.escape(SUFFIX)}")
        try:
            return sorted(path for path in folder.iterdir() if ours.fullmatch(path.name))
        except FileNotFoundError:  # it is made with the first backup
            return []
        except OSError as error:
            raise Failed(
                f"The folder of backups `{folder}` cannot be read: {error.strerror}.",
                next_step="Whoever runs Swarmbot lets the user of `worker` read it.",
            ) from None

    def _usable(self) -> Path:
        self._secret()
        if self.folder is None:
            raise Refused(
                "swarmbot.yml names no folder for backups.",
                next_step="Whoever runs Swarmbot sets `backups.folder` there, for all workers alike.",
            )
        return self.folder

    def _secret(self) -> Secret:
        if self.key is None:
            raise Refused(
                "backups are encrypted with SWARMBOT_SECRET_KEY, which is not set.",
                next_step="Whoever runs Swarmbot sets it for the worker, and keeps it where a lost machine does not "
                "take it along.",
            )
        return self.key


def _name(backup: Backup) -> str:
    taken = datetime.fromtimestamp(backup.taken_at, UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{backup.cluster}-{taken}-{backup.id}{SUFFIX}"


def _report(path: Path) -> Path:
    return path.with_suffix(".drill.json")


def _head(path: Path) -> Backup | None:
    try:
        with path.open("rb") as file:
            backup = from_plain(Backup, read_head(file.read(MAX_HEAD_BYTES)).backup)
    except (OSError, DamagedBackup, ValidationError):
        return None
    return backup if _name(backup) == path.name else None


def _drill(path: Path) -> Drill | None:
    try:
        return from_json(Drill, _report(path).read_bytes())
    except (OSError, ValidationError):
        return None


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
    finally:
        new.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
