"""Slack's mrkdwn as plain text."""

from __future__ import annotations

import pytest

from bot.text.mrkdwn import plain_line, tick, user, when
from bot.text.plain import as_plain


@pytest.mark.parametrize(
    ("mrkdwn", "plain"),
    [
        (f"*{tick('host-2')} is down*", "host-2 is down"),
        (f"since {when(1_800_000_000.0)}", "since 2027-01-15 08:00 UTC"),
        (f"by {user('U0ADA')} in <#C0PROD>", "by @U0ADA in C0PROD"),
        (plain_line("a < b && c > d"), "a < b && c > d"),
        ("<https://example.com|the page>", "the page"),
    ],
)
def test_marks_are_removed(mrkdwn: str, plain: str) -> None:
    """Names, times, mentions, and what is escaped."""
    assert as_plain(mrkdwn) == plain
