"""manifest.json is one that Slack takes, for HTTP and for Socket Mode, and asks for what the bot uses.

The rules are those of Slack's own schema of manifests (github.com/slackapi/manifest-schema, version 1).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.doctor.slack import MANIFEST
from bot.generate import usage_hint
from bot.slack.inbound.web import EVENTS
from sandbox.deployment import team_with_manifest
from sandbox.slack.web_api.registry import METHODS
from tests.kits.commands import COMMANDS

DESCRIBED: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
TEXTS = {
    "display_information.name": (1, 35),
    "display_information.description": (1, 140),
    "display_information.long_description": (175, 4000),
    "features.bot_user.display_name": (1, 80),
    "features.slash_commands.0.command": (2, 32),
    "features.slash_commands.0.description": (1, 2000),
    "features.slash_commands.0.usage_hint": (1, 1000),
    "features.slash_commands.0.url": (1, 3000),
    "settings.interactivity.request_url": (1, 3500),
}
KNOWN = {
    "": {"_metadata", "display_information", "features", "oauth_config", "settings"},
    "_metadata": {"major_version", "minor_version"},
    "display_information": {"name", "description", "long_description", "background_color"},
    "features": {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains"},
    "features.app_home": {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    "features.bot_user": {"display_name", "always_online"},
    "features.slash_commands.0": {"command", "url", "description", "usage_hint", "should_escape"},
    "oauth_config": {"redirect_urls", "scopes", "token_management_enabled"},
    "oauth_config.scopes": {"bot"},
    "settings": {
        "allowed_ip_address_ranges",
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    },
    "settings.interactivity": {"is_enabled", "request_url", "message_menu_options_url"},
}
CALLED = {
    "auth.test",
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.info",
    "conversations.open",
    "files.completeUploadExternal",
    "files.delete",
    "files.getUploadURLExternal",
    "files.info",
    "usergroups.list",
    "usergroups.users.list",
    "users.info",
    "views.open",
}
"""The Web API's methods that the bot and its doctor call; apps.connections.open takes the app's own token."""


def at(path: str) -> Any:
    """What stands under a path such as ``settings.interactivity``."""
    found: Any = DESCRIBED
    for key in filter(None, path.split(".")):
        found = found[int(key)] if key.isdigit() else found[key]
    return found


@pytest.mark.parametrize("path", KNOWN)
def test_every_key_is_one_that_slack_knows(path: str) -> None:
    """Slack refuses a manifest with a key that its schema lacks."""
    assert set(at(path)) <= KNOWN[path]


@pytest.mark.parametrize("path", TEXTS)
def test_texts_are_as_long_as_slack_allows(path: str) -> None:
    """Names, descriptions and addresses have least and greatest lengths."""
    least, most = TEXTS[path]
    assert least <= len(at(path)) <= most


def test_one_command_leads_where_the_web_process_listens_and_arrives_escaped() -> None:
    """Commands and presses arrive at one https address; users and channels arrive as ids, which nobody can fake."""
    command = at("features.slash_commands.0")
    assert len(at("features.slash_commands")) == 1
    assert command["command"] == "/swarm"
    assert command["should_escape"] is True
    assert command["url"] == at("settings.interactivity.request_url")
    assert command["url"].startswith("https://")
    assert command["url"].endswith(EVENTS)


def test_presses_arrive_and_nothing_that_people_write_does() -> None:
    """Buttons are switched on; no event is subscribed to, for the bot listens to none."""
    assert at("settings.interactivity.is_enabled") is True
    assert "event_subscriptions" not in at("settings")


def test_the_bot_can_write_to_people() -> None:
    """Slack refuses direct messages of an app whose Messages tab is off."""
    assert at("features.app_home.messages_tab_enabled") is True


def test_the_usage_hint_is_the_registrys() -> None:
    """A new command is in the hint: `python -m bot.generate` writes it."""
    assert at("features.slash_commands.0.usage_hint") == usage_hint(COMMANDS)


def test_the_scopes_are_those_of_the_calls_made() -> None:
    """Each call's scope, the command's own, and private channels' for conversations.info; no scope besides."""
    needed = {METHODS[name].scope for name in CALLED} - {""}
    assert set(at("oauth_config.scopes.bot")) == needed | {"commands", "groups:read"}
    assert at("oauth_config.scopes.bot") == sorted(at("oauth_config.scopes.bot"))


def test_the_calls_made_are_all_those_named_here() -> None:
    """A new call of the Web API in the bot fails here until its scope is checked."""
    written = "".join(path.read_text(encoding="utf-8") for path in Path(MANIFEST.parent, "bot").rglob("*.py"))
    assert {name for name in METHODS if name.replace(".", "_") in written} == CALLED | {"apps.connections.open"}


def test_the_demo_runs_with_what_the_manifest_grants() -> None:
    """The local Slack of the demo and of the scenarios gives the bot these scopes and no others."""
    assert team_with_manifest().app.scopes == set(at("oauth_config.scopes.bot"))
