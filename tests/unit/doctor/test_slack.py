"""What the doctor says about the bot token's scopes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.doctor.slack import token


class Answer(dict[str, str]):
    """A response of Slack."""

    headers: dict[str, str]


def findings(headers: dict[str, str]) -> list[tuple[str, str]]:
    """Return the findings about a token whose response has these headers."""
    answer = Answer(user="swarmbot", team="Acme")
    answer.headers = headers
    resources: Any = SimpleNamespace(slack=SimpleNamespace(auth_test=lambda: answer))
    return [(finding.sign, finding.what) for finding in token(resources)]


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/html"}])
def test_no_header_of_scopes_is_no_verdict(headers: dict[str, str]) -> None:
    """A proxy may drop the header: which scopes the bot has is then unknown, and none is called missing."""
    _, (sign, words) = findings(headers)
    assert sign == "!"
    assert words.startswith("Slack did not say which scopes the bot has")


def test_missing_scopes_are_named() -> None:
    """Those of manifest.json that the header does not list."""
    _, (sign, words) = findings({"X-OAuth-Scopes": "chat:write,commands"})
    assert sign == "✗"
    assert "`chat:write`" not in words
    assert "users:read" in words
