"""Decode long lists of an engine piece by piece. One of 50,000 tasks is 100 MB of JSON, and little of it is needed.

msgspec skips what is not asked for, so it decodes that list in 40 ms (docs/decisions/0048).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from bot.model.engine_values import CurrentTask, Json

PIECE_BYTES: Final = 128 * 1024
"""How much is decoded at a time."""
BETWEEN: Final = b'},{"ID":"'
"""What separates two elements: engines write the id first. It cannot be part of a text, because each quote there has a
backslash."""
MAX_TRIES: Final = 8
"""How many of its last places are tried as the end of a piece. If no place is valid, the piece becomes longer."""

T = TypeVar("T")


def batches(chunks: Iterable[bytes], decode: Callable[[bytes], list[T]]) -> Iterator[list[T]]:
    """Yield what ``decode`` makes of pieces of a JSON array, each an array of whole elements.

    A wrong end of a piece leaves a bracket open, so ``decode`` refuses it. Raises msgspec.DecodeError.
    """
    held, wanted = b"", PIECE_BYTES
    for chunk in chunks:
        held += chunk
        if len(held) < wanted:
            continue
        found = _first_elements(held, decode)
        if found is None:
            wanted = 2 * len(held)
            continue
        batch, end = found
        held, wanted = b"[" + held[end + 2 :], PIECE_BYTES
        yield batch
    yield decode(held)


def _first_elements(held: bytes, decode: Callable[[bytes], list[T]]) -> tuple[list[T], int] | None:
    """Return as many elements as end in ``held``, and where the last one ends; None if no end was found."""
    end = len(held)
    for _ in range(MAX_TRIES):
        end = held.rfind(BETWEEN, 0, end)
        if end < 0:
            return None
        try:
            return decode(held[: end + 1] + b"]"), end
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            continue
    return None


class _Status(msgspec.Struct, gc=False):
    State: str = ""


class _CurrentTask(msgspec.Struct, gc=False):
    Status: _Status
    ServiceID: str = ""
    NodeID: str = ""
    CreatedAt: str = ""


class LazyJson(Mapping[str, Any]):
    """An object that is decoded at its first use."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    @cached_property
    def _values(self) -> Json:
        found: Json = _json.decode(self._text)
        return found

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __bool__(self) -> bool:
        return self._text != b"{}"

    def __len__(self) -> int:
        return len(self._values)


_json: Final = msgspec.json.Decoder()
_record: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_records: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]] | None)
_tasks: Final = msgspec.json.Decoder(list[_CurrentTask] | None)


def decode_current(piece: bytes) -> list[CurrentTask]:
    """Decode what little is needed of each task."""
    found = _tasks.decode(piece) or ()
    return [CurrentTask(each.ServiceID, each.NodeID, each.Status.State, each.CreatedAt) for each in found]


class RecordDecoder:
    """Decodes whole records of one list.

    ``shared`` names the values that are often equal: then records have them in common. ``parted`` names objects with
    some shared values. ``lazy`` names objects that are seldom needed: they are decoded at their first use.
    """

    def __init__(
        self, *, shared: Collection[str] = (), parted: Collection[str] = (), lazy: Collection[str] = ()
    ) -> None:
        self._known: dict[bytes, Any] = {}
        self._decoders: dict[str, Callable[[msgspec.Raw], Any]] = {
            **dict.fromkeys(shared, self._shared_value),
            **dict.fromkeys(parted, self._parts),
            **dict.fromkeys(lazy, _lazy_value),
        }

    def decode(self, piece: bytes) -> list[Json]:
        """Decode a piece of the list."""
        return [self._values(each) for each in _records.decode(piece) or ()]

    def _values(self, record: Mapping[str, msgspec.Raw]) -> Json:
        decoders, plain = self._decoders, _json.decode
        return {key: decoders.get(key, plain)(raw) for key, raw in record.items()}

    def _parts(self, raw: msgspec.Raw) -> Json:
        return self._values(_record.decode(raw))

    def _shared_value(self, raw: msgspec.Raw) -> Any:
        text = bytes(raw)
        if text not in self._known:
            self._known[text] = _json.decode(text)
        return self._known[text]


def _lazy_value(raw: msgspec.Raw) -> Any:
    text = bytes(raw)
    return LazyJson(text) if text.startswith(b"{") else _json.decode(text)
