"""manifest.json asks for what the bot uses, and no more."""

from __future__ import annotations

import json
from pathlib import Path

from bot.slack.web import EVENTS

MANIFEST = json.loads((Path(__file__).parents[3] / "manifest.json").read_text(encoding="utf-8"))


def test_every_address_is_where_the_web_process_listens() -> None:
    """Commands and presses arrive at one path."""
    (command,) = MANIFEST["features"]["slash_commands"]
    addresses = {command["url"], MANIFEST["settings"]["interactivity"]["request_url"]}
    assert len(addresses) == 1
    assert addresses.pop().endswith(EVENTS)


def test_the_command_arrives_escaped() -> None:
    """Users and channels come as ids: a display name says nothing certain about who is meant."""
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["command"] == "/swarm"
    assert command["should_escape"] is True


def test_the_scopes_are_those_of_the_calls_made() -> None:
    """chat.* needs chat:write, the command commands, groups and names their two; nothing reads what people write."""
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == {"chat:write", "commands", "usergroups:read", "users:read"}


def test_texts_keep_slacks_limits() -> None:
    """Slack refuses a manifest with a name over 35, a description over 140, a long one under 175 or over 4000."""
    told = MANIFEST["display_information"]
    assert len(told["name"]) <= 35
    assert len(told["description"]) <= 140
    assert 175 <= len(told["long_description"]) <= 4000
    assert len(MANIFEST["features"]["slash_commands"][0]["usage_hint"]) <= 1000
