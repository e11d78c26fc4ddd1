"""What the bot says arrives, whatever Slack refuses, and secrets arrive at nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import blocks
from bot.secrets.secret import Secret
from bot.settings import Settings
from bot.slack.outbound.client import is_slack_url, web_client
from bot.slack.outbound.notifier import Notifier, Undelivered
from sandbox.slack import LocalSlack

TOKEN = blocks.Message("Run this.", [blocks.code("docker swarm join --token ", Secret("SWMTKN-1-abc"))])
CARD = blocks.progress("*joins*", [blocks.Line(blocks.DONE, "`host-3` joined")])
PLAIN = blocks.Message("Hello.", [blocks.section("Hello.")])


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack that only the test speaks to: commands go nowhere, their response_urls work."""
    with LocalSlack(bot_url="http://127.0.0.1:9/slack/events") as slack:
        yield slack


@pytest.fixture
def notifier(slack: LocalSlack) -> Notifier:
    """A notifier with the bot's own client."""
    return Notifier(web_client(Settings.from_environment(slack.environment())))


def response_url(slack: LocalSlack, channel: str = "prod") -> str:
    """A fresh response_url of ada's."""
    return slack.slash("ada", channel, "status").response_url


def test_a_card_is_posted_and_edited(slack: LocalSlack, notifier: Notifier) -> None:
    """The plan block is used where Slack takes it, and an edit keeps the message."""
    ts = notifier.post("C0PROD", CARD)
    assert notifier.update("C0PROD", ts, CARD) == ts
    (message,) = slack.messages("prod")
    assert "plan" in {block["type"] for block in message.blocks}


def test_older_blocks_are_taken_for_good_when_newer_ones_are_refused(slack: LocalSlack, notifier: Notifier) -> None:
    """One refusal is enough: the second card is sent in the older blocks at once."""
    slack.fault("refuse_block", "plan", times=1)
    notifier.post("C0PROD", CARD)
    notifier.post("C0PROD", CARD)
    shown = [{block["type"] for block in message.blocks} for message in slack.messages("prod")]
    assert shown == [{"section"}, {"section"}]


def test_a_message_whose_blocks_are_refused_is_said_as_text(slack: LocalSlack, notifier: Notifier) -> None:
    """Nothing is silent: at worst the fallback text is posted."""
    slack.fault("refuse_block", "section")
    notifier.post("C0PROD", CARD)
    (message,) = slack.messages("prod")
    assert message.text == "*joins*"


def test_a_message_that_is_gone_is_posted_anew(slack: LocalSlack, notifier: Notifier) -> None:
    """Somebody deleted the live message: the job's end is told all the same."""
    ts = notifier.update("C0PROD", "1.000001", PLAIN)
    assert [message.ts for message in slack.messages("prod")] == [ts]


def test_a_rate_limit_and_a_broken_connection_are_waited_out(slack: LocalSlack, notifier: Notifier) -> None:
    """429 and a dropped connection cost time, not the message."""
    slack.fault("rate_limited", "chat.postMessage", times=1, seconds=0)
    slack.fault("drop", "chat.postMessage", times=1)
    notifier.post("C0PROD", PLAIN)
    assert len(slack.messages("prod")) == 1


def test_a_long_rate_limit_is_given_back(slack: LocalSlack, notifier: Notifier) -> None:
    """Nothing waits for minutes inside a call."""
    slack.fault("rate_limited", "chat.postMessage", times=1, seconds=600)
    with pytest.raises(Undelivered) as raised:
        notifier.post("C0PROD", PLAIN)
    assert raised.value.reason == "ratelimited"


def test_a_channel_without_the_bot_says_to_invite_it(notifier: Notifier) -> None:
    """The error says what to do."""
    with pytest.raises(Undelivered, match="/invite @Swarmbot"):
        notifier.post("C0RANDOM", PLAIN)


def test_an_answer_is_for_the_asker_alone(slack: LocalSlack, notifier: Notifier) -> None:
    """A response_url needs no membership, and shows the answer to one person."""
    notifier.respond(response_url(slack, "random"), TOKEN, user="U0ADA", channel="C0RANDOM")
    (message,) = slack.ephemerals("ada")
    assert "SWMTKN-1-abc" in str(message.blocks)
    assert not slack.ephemerals("ben")


def test_an_answer_in_the_channel_is_for_all(slack: LocalSlack, notifier: Notifier) -> None:
    """The Share button's way."""
    notifier.respond(response_url(slack), PLAIN, user="U0ADA", channel="C0PROD", in_channel=True)
    assert len(slack.messages("prod")) == 1


def test_an_old_response_url_is_done_without(slack: LocalSlack, notifier: Notifier) -> None:
    """After half an hour the answer goes by chat.postEphemeral."""
    url = response_url(slack)
    slack.advance(1801)
    notifier.respond(url, TOKEN, user="U0ADA", channel="C0PROD")
    assert len(slack.ephemerals("ada")) == 1


def test_a_used_up_response_url_is_done_without(slack: LocalSlack, notifier: Notifier) -> None:
    """The sixth answer arrives as the first one did."""
    url = response_url(slack)
    for _ in range(6):
        notifier.respond(url, PLAIN, user="U0ADA", channel="C0PROD")
    assert len(slack.ephemerals("ada")) == 6


def test_who_is_not_in_the_channel_gets_a_direct_message(slack: LocalSlack, notifier: Notifier) -> None:
    """An answer without a secret may go to the direct messages."""
    url = response_url(slack, "random")
    slack.advance(1801)
    notifier.respond(url, PLAIN, user="U0ADA", channel="C0RANDOM")
    assert len(slack.messages("D0ADA")) == 1


def test_a_secret_never_goes_by_direct_message(slack: LocalSlack, notifier: Notifier) -> None:
    """A direct message stays: it is raised instead, so that the person can be told."""
    url = response_url(slack, "random")
    slack.advance(1801)
    with pytest.raises(Undelivered):
        notifier.respond(url, TOKEN, user="U0ADA", channel="C0RANDOM")
    assert "SWMTKN" not in slack.text()


def test_a_secret_is_not_replaced_by_text(slack: LocalSlack, notifier: Notifier) -> None:
    """Blocks with a token that are refused raise: text alone would look like an answer."""
    slack.fault("refuse_block", "section")
    with pytest.raises(Undelivered, match="invalid_blocks"):
        notifier.respond(response_url(slack), TOKEN, user="U0ADA", channel="C0PROD")


def test_a_failed_delivery_holds_no_secret(slack: LocalSlack, notifier: Notifier) -> None:
    """Neither the error nor anything that it was raised from shows what was to be sent."""
    slack.fault("error", "chat.postMessage", code="fatal_error")
    with pytest.raises(Undelivered) as raised:
        notifier.post("C0PROD", TOKEN)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert "SWMTKN" not in str(raised.value)


def test_a_private_message_is_taken_back(slack: LocalSlack, notifier: Notifier) -> None:
    """The Hide button deletes the token from the asker's screen."""
    row = blocks.actions(blocks.button("Hide", "hide"))
    secret = blocks.Message(TOKEN.text, [*TOKEN.blocks, row])
    notifier.respond(response_url(slack), secret, user="U0ADA", channel="C0PROD")
    (shown,) = slack.ephemerals("ada")
    notifier.delete_original(slack.click("ada", shown, "hide").response_url)
    assert not slack.ephemerals("ada")


def test_a_response_url_elsewhere_gets_nothing(slack: LocalSlack, notifier: Notifier) -> None:
    """Whoever can write to Redis cannot have tokens sent to a server of theirs."""
    notifier.respond("https://slack.com.example/x", TOKEN, user="U0ADA", channel="C0PROD")
    assert len(slack.ephemerals("ada")) == 1  # by chat.postEphemeral
    assert is_slack_url("https://hooks.slack.com/commands/1", "https://slack.com/api/")
    assert not is_slack_url("http://hooks.slack.com/commands/1", "https://slack.com/api/")
    assert not is_slack_url("https://hooks.slack.com@evil.example/1", "https://slack.com/api/")
