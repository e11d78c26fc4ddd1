"""The backup folder: a :class:`bot.model.backups.BackupStore` over files that all workers share."""

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
    """The backups of one cluster. Safe for use by several threads and processes."""

    cluster: str
    folder: Path | None
    """None if swarmbot.yml names no folder."""
    keep_count: int
    """How many backups stay; older ones are removed."""
    key: Secret | None
    """SWARMBOT_SECRET_KEY; None if it is not set."""

    def list_backups(self) -> BackupList:
        """Return the backups, the newest first, and the names of files that cannot be read. Raise Refused or Failed."""
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

    def add(self, backup: Backup, state: bytes) -> None:
        """Store a backup: the file gets its name only when it is complete on the disk. Raise Refused or Failed."""
        folder = self._usable()
        plain = {name: value for name, value in to_plain(backup).items() if name != "drill"}
        plain |= {"size": len(state), "checksum": hashlib.sha256(state).hexdigest()}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(folder / _name(backup), encrypt(self._secret(), plain, state))
        except OSError as error:
            raise Failed(f"The backup could not be written to `{folder}`: {error.strerror}.") from None
        for old in self.list_backups().backups[self.keep_count :]:
            self._remove(folder / _name(old))

    def read(self, backup: Backup) -> bytes:
        """Return a backup's state, decrypted. Raise Refused or Failed."""
        path = self._usable() / _name(backup)
        try:
            return decrypt(self._secret(), path.read_bytes())
        except FileNotFoundError:
            raise Refused(f"the backup `{backup.id}` is not in the backup folder any more.") from None
        except OSError as error:
            raise Failed(f"`{path.name}` cannot be read: {error.strerror}.") from None
        except WrongKey:
            raise Refused(
                f"the backup `{backup.id}` was encrypted with another SWARMBOT_SECRET_KEY.",
                next_step="Set the SWARMBOT_SECRET_KEY of that time for the worker.",
            ) from None
        except DamagedBackup:
            raise Refused(
                f"the backup `{backup.id}` is damaged: `{path.name}` was truncated or changed.",
                next_step="`/swarm backups` lists the others. A copy that is kept elsewhere may be intact.",
            ) from None

    def add_drill(self, backup: Backup, drill: Drill) -> None:
        """Store the result of a drill. Raise Failed."""
        path = self._usable() / _name(backup)
        try:
            _write(_report(path), to_json(drill).encode())
        except OSError as error:
            raise Failed(f"The result of the drill could not be written: {error.strerror}.") from None

    def _remove(self, path: Path) -> None:
        """Remove an old backup. A failure is only logged: the new backup is stored."""
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
        except FileNotFoundError:  # the first backup creates it
            return []
        except OSError as error:
            raise Failed(
                f"The backup folder `{folder}` cannot be read: {error.strerror}.",
                next_step="Let the user of the worker process read it.",
            ) from None

    def _usable(self) -> Path:
        self._secret()
        if self.folder is None:
            raise Refused(
                "swarmbot.yml has no backup folder.",
                next_step="Set `backups.folder` in swarmbot.yml, the same for all workers.",
            )
        return self.folder

    def _secret(self) -> Secret:
        if self.key is None:
            raise Refused(
                "backups are encrypted with SWARMBOT_SECRET_KEY, which is not set.",
                next_step="Set it for the worker, and keep a copy that is not lost together with the worker's machine.",
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
