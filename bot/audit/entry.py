"""What the audit log holds, and its canonical form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from bot.secrets.redact import redact


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written down.

    ``action`` is what happened ("asked", "refused", "planned", "step", "ended", "told secret", …); ``by`` who did it
    (``U…`` or a worker's name); ``words`` the text typed; ``detail`` a short text; ``nodes`` the hosts and nodes that
    it is about. Secrets do not belong here; what looks like one is masked when it is written.
    """

    action: str
    by: str
    cluster: str = ""
    channel: str = ""
    command: str = ""
    words: str = ""
    job: str = ""
    detail: str = ""
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored(Entry):
    """An entry as it is in the log: its place from 1 on, unix seconds by the writer's clock, and the chain."""

    seq: int = 0
    at: float = 0.0
    prev: str = ""
    hash: str = ""

    def concerns(self, node: str) -> bool:
        """Whether the entry is about this host or node: named by it, or as a whole word in its words or detail."""
        word = re.compile(rf"(?<![\w.-]){re.escape(node)}(?![\w-]|\.\w)")
        return node in self.nodes or bool(word.search(self.words) or word.search(self.detail))


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's place and hash."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read what ``str`` wrote; ValueError if it is not that."""
        seq, _, digest = text.partition(":")
        return cls(int(seq), digest)


GENESIS: Final = Head(0, "0" * 64)


def digest(text: str) -> str:
    """SHA-256 of an entry's canonical JSON, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def chained(head: Head, entries: Iterable[Entry], at: float, nonce: str) -> tuple[Head, list[tuple[str, str]]]:
    """Chain ``entries`` to ``head``: the head after them, and the canonical JSON and hash of each.

    ``nonce`` is the writing's own: two that write equal entries behind one head at one time differ by it in their
    hashes, while one that asks again, because the answer was lost, does not.
    """
    rows: list[tuple[str, str]] = []
    for entry in entries:
        body = {key: _masked(value) for key, value in asdict(entry).items()}
        place = {"seq": head.seq + 1, "at": round(at, 3), "nonce": nonce, "prev": head.hash}
        text = _canonical(body | place)
        head = Head(head.seq + 1, digest(text))
        rows.append((text, head.hash))
    return head, rows


def restore(text: str, stored_hash: str) -> Stored:
    """The entry of its canonical JSON; fields that it does not have are left out. ValueError if it is none."""
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise ValueError("not an object")  # noqa: TRY004 - callers catch one kind for all that is no entry
    known = {field.name for field in fields(Stored)}
    kept = {key: value for key, value in raw.items() if key in known}
    return Stored(**kept | {"nodes": tuple(kept.get("nodes", ())), "hash": stored_hash})


def _masked(value: str | tuple[str, ...]) -> str | list[str]:
    return redact(value) if isinstance(value, str) else [redact(each) for each in value]


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
