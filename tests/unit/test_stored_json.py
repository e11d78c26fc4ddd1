"""What is stored can be read back, has one text, and holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from bot.secrets.secret import Secret
from bot.stored_json import from_hash, from_json, to_json


@dataclass(frozen=True, slots=True)
class Kept:
    """Something with the types that stored classes have."""

    name: str
    labels: Mapping[str, object]
    nodes: tuple[tuple[str, int], ...] = ()
    at: float | None = None
    late: bool = False


def test_a_text_has_sorted_keys_and_no_white_space() -> None:
    """The digest of an approval rests on this form."""
    kept = Kept("ä", {"b": (1, 2), "a": None}, (("x", 1),))
    assert to_json(kept) == '{"at":null,"labels":{"a":null,"b":[1,2]},"late":false,"name":"ä","nodes":[["x",1]]}'


def test_what_is_stored_is_read_back() -> None:
    """Tuples are tuples again; unknown fields of a newer Swarmbot are ignored."""
    kept = Kept("prod", {}, (("x", 1),), at=1.5, late=True)
    assert from_json(Kept, to_json(kept)) == kept
    assert from_json(Kept, '{"name": "prod", "labels": {}, "newer": 1}') == Kept("prod", {})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1, "labels": {}}', '{"name": "prod", "labels": []}'])
def test_another_shape_is_not_read(text: str) -> None:
    """One kind of error for all of them."""
    with pytest.raises(ValueError, match="validation error"):
        from_json(Kept, text)


def test_a_redis_hash_holds_texts() -> None:
    """Numbers and flags are read from texts; "" stands for a field that was not written."""
    assert from_hash(Kept, {"name": "prod", "labels": {}, "at": "1.5", "late": "1"}) == Kept("prod", {}, (), 1.5, True)
    assert from_hash(Kept, {"name": "prod", "labels": {}, "at": "", "late": ""}) == Kept("prod", {})


def test_a_secret_is_not_stored() -> None:
    """Neither as text nor as a mask: the attempt raises an error."""
    with pytest.raises(ValueError, match="Secret"):
        to_json(Kept("prod", {"token": Secret("SWMTKN-1-abc")}))
