"""Long lists are decoded in pieces, and what comes out is what was sent."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.api import listing
from bot.engine.api.listing import BETWEEN, RecordDecoder, batches, decode_current
from tests.kits.examples import examples

TEXTS = st.one_of(st.text(max_size=8), st.just(BETWEEN.decode()), st.just('"},{"ID":"'), st.just("é\\"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.fixed_dictionaries({"ID": TEXTS}), max_size=3),  # looks like the list itself
        st.dictionaries(TEXTS, inner, max_size=3),
    ),
    max_leaves=8,
)
RECORDS = st.lists(st.fixed_dictionaries({"ID": TEXTS, "Spec": VALUES, "Description": VALUES, "PreviousSpec": VALUES}))


def decoded(records: list[Any], size: int) -> list[Any]:
    """Return what is decoded of a list that comes in chunks of ``size`` bytes."""
    text = json.dumps(records, separators=(",", ":"), ensure_ascii=False).encode()
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    decoder = RecordDecoder(shared={"Spec"}, lazy={"PreviousSpec"})
    return [record for batch in batches(chunks, decoder.decode) for record in batch]


@settings(max_examples=examples(200))
@given(RECORDS, st.integers(1, 60), st.integers(1, 80))
def test_records_are_whole_wherever_a_piece_ends(records: list[Any], size: int, piece: int) -> None:
    """A text, or a list inside of a record, may look like the border between two records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "PIECE_BYTES", piece)
        assert decoded(records, size) == records


@pytest.mark.parametrize("text", [b"", b'[{"ID":"a"}', b'[{"ID":"a"},', b'{"ID":"a"}', b"[1]"])
def test_a_list_that_is_incomplete_or_none_is_refused(text: bytes) -> None:
    """An engine's list is never taken for shorter than it is."""
    with pytest.raises(msgspec.DecodeError):
        list(batches([text], RecordDecoder().decode))


def test_no_list_is_an_empty_one() -> None:
    """Go writes null for a list without elements."""
    assert [each for batch in batches([b"null\n"], RecordDecoder().decode) for each in batch] == []


def test_equal_values_are_one_object() -> None:
    """Thousands of tasks are made from one spec."""
    first, second = decoded([{"ID": each, "Spec": {"Image": "web"}} for each in "ab"], 1000)
    assert first["Spec"] is second["Spec"]


def test_parts_of_an_object_are_shared() -> None:
    """The rest of the object is each record's own."""
    decoder = RecordDecoder(shared={"Engine"}, parted={"Description"})
    text = json.dumps([{"ID": each, "Description": {"Hostname": each, "Engine": {"V": 1}}} for each in "ab"])
    first, second = decoder.decode(text.encode())
    assert (first["Description"]["Hostname"], second["Description"]["Hostname"]) == ("a", "b")
    assert first["Description"]["Engine"] is second["Description"]["Engine"]


def test_what_is_seldom_needed_is_decoded_when_it_is_looked_at() -> None:
    """Before, it costs only its text. Like any object it is false if it is empty."""
    full, empty = decoded([{"ID": "a", "PreviousSpec": {"Name": "web"}}, {"ID": "b", "PreviousSpec": {}}], 1000)
    previous = full["PreviousSpec"]
    assert previous
    assert "_values" not in vars(previous)
    assert (dict(previous), bool(empty["PreviousSpec"])) == ({"Name": "web"}, False)


def test_of_current_tasks_little_is_decoded() -> None:
    """A task without a node or service has empty ones."""
    status = {"Status": {"State": "running", "Err": "x"}, "CreatedAt": "2026-11-25T10:12:00Z"}
    whole = {"ID": "t", "ServiceID": "s", "NodeID": "n", "Spec": {"ServiceID": "other"}, **status}
    found = decode_current(json.dumps([whole, {"ID": "u", "Status": {"State": "new"}}]).encode())
    assert [tuple(each) for each in found] == [("s", "n", "running", "2026-11-25T10:12:00Z"), ("", "", "new", "")]
