"""The manifests are ones that Slack takes, for HTTP and for Socket Mode, and ask for what the bot uses.

The rules are those of Slack's reference of manifests (docs.slack.dev/reference/app-manifest), schema 2.
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

BOTH = (MANIFEST, MANIFEST.with_name("manifest-socket-mode.json"))
DESCRIBED: dict[Path, dict[str, Any]] = {path: json.loads(path.read_text(encoding="utf-8")) for path in BOTH}
TEXTS = {
    "display_information.name": (1, 35),
    "display_information.description": (1, 140),
    "display_information.long_description": (175, 4000),
    "display_information.background_color": (4, 7),
    "features.bot_user.display_name": (1, 80),
    "features.shortcuts.0.name": (1, 24),
    "features.shortcuts.0.callback_id": (1, 255),
    "features.shortcuts.0.description": (1, 150),
    "features.slash_commands.0.command": (2, 32),
    "features.slash_commands.0.description": (1, 2000),
    "features.slash_commands.0.usage_hint": (1, 1000),
}
ADDRESSES = {
    "features.slash_commands.0.url": 3000,
    "settings.interactivity.request_url": 3500,
    "settings.event_subscriptions.request_url": 3500,
}
"""The longest that Slack takes. Socket Mode has none of them."""
KNOWN = {
    "": {"_metadata", "display_information", "features", "oauth_config", "settings"},
    "_metadata": {"major_version", "minor_version"},
    "display_information": {"name", "description", "long_description", "background_color"},
    "features": {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains"},
    "features.app_home": {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    "features.bot_user": {"display_name", "always_online"},
    "features.shortcuts.0": {"name", "type", "callback_id", "description"},
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
    "settings.event_subscriptions": {"request_url", "bot_events"},
    "settings.interactivity": {"is_enabled", "request_url", "message_menu_options_url"},
}
REQUIRED = {
    "display_information": {"name"},
    "features.bot_user": {"display_name"},
    "features.shortcuts.0": {"name", "type", "callback_id", "description"},
    "features.slash_commands.0": {"command", "description"},
    "settings.event_subscriptions": {"bot_events"},
    "settings.interactivity": {"is_enabled"},
}
CALLED = {
    "auth.test",
    "blocks.validate",
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
    "views.publish",
    "views.push",
    "views.update",
}
"""The Web API's methods that the bot and its doctor call; apps.connections.open takes the app's own token."""
EVENT_SCOPES = {"app_home_opened": "", "app_mention": "app_mentions:read", "message.im": "im:history"}
"""The events that the bot listens to, and the scope that Slack asks for each; "" for none."""


def at(manifest: Path, path: str) -> Any:
    """What stands under a path such as ``settings.interactivity``."""
    found: Any = DESCRIBED[manifest]
    for key in filter(None, path.split(".")):
        found = found[int(key)] if key.isdigit() else found[key]
    return found


@pytest.mark.parametrize("manifest", BOTH, ids=lambda path: path.name)
@pytest.mark.parametrize("path", KNOWN)
def test_every_key_is_one_that_slack_knows(manifest: Path, path: str) -> None:
    """Slack refuses a manifest with a key that its schema lacks, or without one that it needs."""
    assert REQUIRED.get(path, set()) <= set(at(manifest, path)) <= KNOWN[path]


@pytest.mark.parametrize("manifest", BOTH, ids=lambda path: path.name)
@pytest.mark.parametrize("path", TEXTS)
def test_texts_are_as_long_as_slack_allows(manifest: Path, path: str) -> None:
    """Names and descriptions have least and greatest lengths."""
    least, most = TEXTS[path]
    assert least <= len(at(manifest, path)) <= most


@pytest.mark.parametrize("manifest", BOTH, ids=lambda path: path.name)
def test_both_are_of_schema_2(manifest: Path) -> None:
    """And each is for the way in which Slack delivers."""
    assert at(manifest, "_metadata.major_version") == 2
    assert at(manifest, "settings.socket_mode_enabled") is (manifest != MANIFEST)


def test_all_arrives_where_the_web_process_listens_and_escaped() -> None:
    """Commands, presses and events arrive at one https address; people arrive as ids, which nobody can fake."""
    assert len(at(MANIFEST, "features.slash_commands")) == 1
    assert at(MANIFEST, "features.slash_commands.0.command") == "/swarm"
    assert at(MANIFEST, "features.slash_commands.0.should_escape") is True
    [url] = {at(MANIFEST, path) for path in ADDRESSES}
    assert len(url) <= min(ADDRESSES.values())
    assert url.startswith("https://")
    assert url.endswith(EVENTS)


@pytest.mark.parametrize("manifest", BOTH, ids=lambda path: path.name)
def test_the_shortcut_is_found_from_every_channel(manifest: Path) -> None:
    """One that opens the menu; none of a message, whose text is no command."""
    assert [each["type"] for each in at(manifest, "features.shortcuts")] == ["global"]


def test_socket_mode_needs_no_address() -> None:
    """Slack would ask for one that answers."""
    assert "url" not in json.dumps(DESCRIBED[BOTH[1]])


@pytest.mark.parametrize("manifest", BOTH, ids=lambda path: path.name)
def test_presses_and_the_events_that_the_bot_listens_to_arrive(manifest: Path) -> None:
    """Home, mentions and direct messages; no message of a channel that does not mention the bot."""
    assert at(manifest, "features.app_home.home_tab_enabled") is True
    assert at(manifest, "settings.interactivity.is_enabled") is True
    assert set(at(manifest, "settings.event_subscriptions.bot_events")) == EVENT_SCOPES.keys()


@pytest.mark.parametrize("manifest", BOTH, ids=lambda path: path.name)
def test_people_and_the_bot_can_write_to_each_other(manifest: Path) -> None:
    """Slack refuses direct messages of an app whose Messages tab is off, and hides the box if it is read-only."""
    assert at(manifest, "features.app_home.messages_tab_enabled") is True
    assert at(manifest, "features.app_home.messages_tab_read_only_enabled") is False


def test_the_usage_hint_is_the_registrys() -> None:
    """`python -m bot.generate` writes it. It is short enough to be read while somebody types."""
    hint = at(MANIFEST, "features.slash_commands.0.usage_hint")
    assert hint == usage_hint(COMMANDS)
    assert len(hint) <= 150


@pytest.mark.parametrize("manifest", BOTH, ids=lambda path: path.name)
def test_the_scopes_are_those_of_the_calls_made(manifest: Path) -> None:
    """Each call's and event's scope, the command's own, and private channels' for conversations.info; none besides."""
    needed = ({METHODS[name].scope for name in CALLED} | {*EVENT_SCOPES.values()}) - {""}
    assert set(at(manifest, "oauth_config.scopes.bot")) == needed | {"commands", "groups:read"}
    assert at(manifest, "oauth_config.scopes.bot") == sorted(at(manifest, "oauth_config.scopes.bot"))


def test_the_calls_made_are_all_those_named_here() -> None:
    """A new call of the Web API in the bot fails here until its scope is checked."""
    written = "".join(path.read_text(encoding="utf-8") for path in Path(MANIFEST.parent, "bot").rglob("*.py"))
    called = {name for name in METHODS if name.replace(".", "_") in written or f'METHOD: Final = "{name}"' in written}
    assert called == CALLED | {"apps.connections.open"}


def test_the_demo_runs_with_what_the_manifest_grants() -> None:
    """The local Slack of the demo and of the scenarios gives the bot these scopes and no others."""
    assert team_with_manifest().app.scopes == set(at(MANIFEST, "oauth_config.scopes.bot"))
