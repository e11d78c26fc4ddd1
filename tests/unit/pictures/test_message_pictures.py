"""An answer with a picture: uploaded in Slack's present way, described for those who do not see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.blocks import Message, paragraphs, section
from bot.model.cluster_map import ClusterMap, MapGroup, MapNode
from bot.pictures.message_pictures import MAX_ALT_CHARS, Pictures
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import BlockFiles
from bot.slack.outbound.notifier import Notifier
from sandbox.slack import LocalSlack

MAP = ClusterMap(
    "prod is healthy", "", "good", (MapGroup("Managers", (MapNode("host-1", "leader", "good", "ready"),)),)
)
WORDS = Message("prod is healthy", (section("✓ *prod is healthy*"), *paragraphs(["Managers (1): host-1 (leader)."])))


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSlack]:
    """A local Slack that only the test speaks to; it needs a moment for a file."""
    monkeypatch.setattr("bot.slack.outbound.files.POLL_INTERVAL_S", 0.02)
    with LocalSlack(bot_url="http://127.0.0.1:9/slack/events") as slack:
        slack.file_delay(0.05)
        yield slack


def pictures(slack: LocalSlack) -> Pictures:
    """Return what makes pictures for it."""
    return Pictures(BlockFiles(web_client(Settings.from_environment(slack.environment())), ready_timeout_s=3))


def test_the_picture_takes_the_place_of_the_words(slack: LocalSlack) -> None:
    """They are its description. Slack has processed the file before a message names it."""
    message = pictures(slack).with_picture(WORDS, MAP, "map")
    head, image = message.blocks
    assert head == WORDS.blocks[0]
    assert image["alt_text"] == "prod is healthy Managers (1): host-1 (leader)."
    Notifier(web_client(Settings.from_environment(slack.environment()))).post("C0PROD", message)
    [shown] = slack.messages("prod")
    assert [block["type"] for block in shown.blocks] == ["section", "image"]
    assert slack.image("ada", image["slack_file"]["id"]).startswith(b"\x89PNG")


def test_a_long_description_is_cut(slack: LocalSlack) -> None:
    """Slack takes 2000 characters."""
    long = Message("prod", (section("prod"), *paragraphs(["x" * 2500])))
    message = pictures(slack).with_picture(long, MAP, "map")
    assert len(message.blocks[1]["alt_text"]) == MAX_ALT_CHARS


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal", "files.info"])
def test_without_the_picture_the_words_are_shown(slack: LocalSlack, method: str) -> None:
    """Nothing is silent: the answer says so."""
    slack.fault("error", method, code="internal_error")
    message = pictures(slack).with_picture(WORDS, MAP, "map")
    assert message.blocks[:-1] == WORDS.blocks
    assert "Slack did not take the picture" in str(message.blocks[-1])
