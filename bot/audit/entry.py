"""Entries of the audit log and their canonical form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from bot.secrets.redact import redact


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to append. It must not contain secrets; what looks like one is masked."""

    action: str
    """What happened: "asked", "refused", "planned", "step", "ended", "told secret", …"""
    by: str
    """U… or the name of a worker."""
    cluster: str = ""
    channel: str = ""
    command: str = ""
    words: str = ""
    """The command as typed."""
    job: str = ""
    detail: str = ""
    nodes: tuple[str, ...] = ()
    """The hosts and nodes that it concerns."""
    question: bool = False
    """Whether it only says that somebody asked a question, or that it was answered."""


@dataclass(frozen=True, slots=True)
class StoredEntry(Entry):
    """An entry as stored in the log."""

    seq: int = 0
    """Its number, from 1."""
    at: float = 0.0
    """Unix seconds, by the writer's clock."""
    prev: str = ""
    """The hash of the entry before it."""
    hash: str = ""

    def concerns(self, node: str) -> bool:
        """Return whether the entry concerns this host or node: in ``nodes``, or as a whole word in its text."""
        word = re.compile(rf"(?<![\w.-]){re.escape(node)}(?![\w-]|\.\w)")
        return node in self.nodes or bool(word.search(self.words) or word.search(self.detail))


@dataclass(frozen=True, slots=True)
class Head:
    """The number and hash of the newest entry."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Return the head that ``str`` wrote. Raises ValueError for anything else."""
        seq, _, digest = text.partition(":")
        return cls(int(seq), digest)


GENESIS: Final = Head(0, "0" * 64)
_APPENDED: Final = tuple(field.name for field in fields(Entry))
_STORED: Final = frozenset(field.name for field in fields(StoredEntry))


def digest(text: str) -> str:
    """Return the SHA-256 of an entry's canonical JSON, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def chained(head: Head, entries: Iterable[Entry], at: float, nonce: str) -> tuple[Head, list[tuple[str, str]]]:
    """Chain ``entries`` to ``head``; return the head after them, and the canonical JSON and hash of each.

    ``nonce`` belongs to one call: it makes the hashes of two writers with equal entries differ, while a retry after a
    lost reply has the same hashes.
    """
    rows: list[tuple[str, str]] = []
    for entry in entries:
        body = {name: _masked(getattr(entry, name)) for name in _APPENDED}
        place = {"seq": head.seq + 1, "at": round(at, 3), "nonce": nonce, "prev": head.hash}
        text = _canonical(body | place)
        head = Head(head.seq + 1, digest(text))
        rows.append((text, head.hash))
    return head, rows


def restore(text: str, stored_hash: str) -> StoredEntry:
    """Return the entry of its canonical JSON; unknown fields are ignored. Raises ValueError if it is not an entry."""
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise ValueError("not an object")  # noqa: TRY004 - callers catch ValueError for everything that is not an entry
    fields = {key: value for key, value in raw.items() if key in _STORED}
    return StoredEntry(**fields | {"nodes": tuple(fields.get("nodes", ())), "hash": stored_hash})


def _masked(value: str | tuple[str, ...] | bool) -> str | list[str] | bool:  # noqa: FBT001 - a value, not a switch
    if isinstance(value, bool):
        return value
    return redact(value) if isinstance(value, str) else [redact(each) for each in value]


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
