"""Text from outside is plain text on one line, with any characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.mrkdwn import MAX_OUTSIDE_CHARS, plain_line, plain_title, quoted, safe_name, tick
from tests.kits.hostile_text import HOSTILE, markup_of_text

PLAIN = markup_of_text("x")


@given(HOSTILE)
def test_a_line_of_text_has_no_markup(text: str) -> None:
    """Nothing bold, no mention, no code, no quotation, no new line."""
    assert markup_of_text(plain_line(text)) == PLAIN
    assert markup_of_text(quoted(text)) == PLAIN
    assert markup_of_text(plain_title(text)) == PLAIN


@given(HOSTILE)
def test_a_name_in_backticks_stays_in_them(text: str) -> None:
    """There is one piece of code, on one line, and no mention."""
    assert markup_of_text(tick(text)) == PLAIN
    assert tick(text).count("`") == 2


@given(HOSTILE)
def test_a_name_of_a_host_needs_no_escaping(text: str) -> None:
    """It can stand in backticks as it is."""
    assert markup_of_text(f"`{safe_name(text) or 'x'}`") == PLAIN
    assert not set(safe_name(text)) & set("<>&`*~\n")


@given(HOSTILE)
def test_a_quotation_ends_where_the_text_ends(text: str) -> None:
    """A quote inside cannot make the rest look like Swarmbot's own words."""
    assert quoted(text).count('"') == 2
    assert not set(quoted(text)) & set("\u201c\u201d")


@given(st.text(min_size=1, max_size=10), st.integers(1, 500))
def test_its_length_is_bounded(text: str, times: int) -> None:
    """An error of an engine may have megabytes."""
    assert len(plain_line(text * times, 100)) <= 100 * len("&amp;")
    assert len(plain_line(text * times)) <= MAX_OUTSIDE_CHARS * len("&amp;")


@pytest.mark.parametrize(
    "text",
    [
        "host-1 retires on Friday",
        "my_service_1: no suitable node",
        "10.0.0.1:2377 says no",
        "fd00::1:2:3 at 12:30:45",
        "50 % of (a|b) #7, déjà",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """What marks nothing is not replaced; names can be copied."""
    assert plain_line(text) == text


@pytest.mark.parametrize("name", ["host-3", "ip-10-0-0-1.eu.example", "web_1", "20.10.24+dfsg1", "a/b:c@d"])
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    """Host names, services and versions keep each character."""
    assert safe_name(name) == name
