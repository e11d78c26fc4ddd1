"""The archive of old entries: gzipped JSON Lines, one file for each month, append-only."""

from __future__ import annotations

import fcntl
import gzip
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.audit.chain import ChainBroken, Row
from bot.audit.entry import GENESIS, Head, restore

CHUNK_BYTES: Final = 1 << 16
_LINE: Final = re.compile(r'(\{.*),"hash":"([0-9a-f]{64})"\}', re.DOTALL)


def line_of(text: str, stored_hash: str) -> str:
    """Return an entry as a line of JSON: its canonical text with its hash as the last key."""
    return f'{text[:-1]},"hash":"{stored_hash}"}}'


class Archive:
    """A folder with ``audit-YYYY-MM.jsonl.gz``. Each append is one gzip member, on disk when ``append`` returns.

    The folder is on one machine, or shared by all writers. Methods raise OSError.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def at(cls, folder: Path | None) -> Archive | None:
        """Return the archive in ``folder``; None without one."""
        return cls(folder) if folder else None

    def rows(self) -> Iterator[Row]:
        """Yield all entries in the order written. Raises ChainBroken if a file other than the last is damaged.

        A damaged end of the last file is skipped: its append did not finish, or the next entry in Redis shows it.
        """
        files = self._files()
        for path in files:
            end = 0
            for content, behind in _members(path):
                end = behind
                yield from map(_row, content.decode(errors="replace").removesuffix("\n").split("\n"))
            if path != files[-1] and end != path.stat().st_size:
                raise ChainBroken(f"unreadable: {path.name} is damaged after byte {end}")

    def head(self) -> Head:
        """Return the last whole entry; GENESIS if there is none. Raises ChainBroken if it cannot be read."""
        for path in reversed(self._files()):
            last = b""
            for content, _ in _members(path):
                last = content
            if last:
                _, text, stored_hash = _row(last.decode(errors="replace").removesuffix("\n").split("\n")[-1])
                try:
                    return Head(restore(text, stored_hash).seq, stored_hash)
                except (ValueError, TypeError):
                    raise ChainBroken(f"unreadable: the last line of {path.name} is not an entry") from None
        return GENESIS

    def fix(self) -> None:
        """Remove a half-written member at the end, which a crash left."""
        for path in self._files()[-1:]:
            end = 0
            for _, behind in _members(path):
                end = behind
            if end != path.stat().st_size:
                with path.open("r+b") as file:
                    file.truncate(end)
                    os.fsync(file.fileno())

    def append(self, rows: Sequence[Row], month: str) -> None:
        """Append entries to the file of ``month`` (YYYY-MM), or to a later one that exists."""
        name = max([f"audit-{month}.jsonl.gz", *(path.name for path in self._files()[-1:])])
        path = self.folder / name
        lines = "".join(line_of(text, stored_hash) + "\n" for _, text, stored_hash in rows)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(gzip.compress(lines.encode(), mtime=0))
            file.flush()
            os.fsync(file.fileno())
        self._sync_folder()

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Lock the folder for writing; yield False if another process has the lock."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("audit-*.jsonl.gz"))

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _row(line: str) -> Row:
    match = _LINE.fullmatch(line)
    return ("", match[1] + "}", match[2]) if match else ("", line, "")


def _members(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield the content of each whole gzip member and the offset after it, as far as the file can be read."""
    with path.open("rb") as file:
        data, end = file.read(CHUNK_BYTES), 0
        while data:
            member, pieces, size = zlib.decompressobj(wbits=31), [], 0
            while data and not member.eof:
                try:
                    pieces.append(member.decompress(data))
                except zlib.error:
                    return
                size += len(data)
                data = (member.unused_data if member.eof else b"") or file.read(CHUNK_BYTES)
            if not member.eof:
                return
            end += size - len(member.unused_data)
            yield b"".join(pieces), end
