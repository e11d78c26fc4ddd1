"""Messages arrive even if Slack refuses blocks, and secrets reach nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import Mock

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
def notifier(slack: LocalSlack) -> Notifier:
    """Return a notifier with the bot's own client."""
    return Notifier(web_client(Settings.from_environment(slack.environment())))


def response_url(slack: LocalSlack, channel: str = "prod") -> str:
    """Return a new response_url of ada."""
    return slack.slash("ada", channel, "status").response_url


def test_card_is_posted_and_edited(slack: LocalSlack, notifier: Notifier) -> None:
    """The plan block is used if Slack accepts it, and an edit keeps the message."""
    ts = notifier.post("C0PROD", CARD)
    assert notifier.update("C0PROD", ts, CARD) == ts
    (message,) = slack.messages("prod")
    assert "plan" in {block["type"] for block in message.blocks}


def test_refused_newer_blocks_are_not_tried_again(slack: LocalSlack, notifier: Notifier) -> None:
    """After one refusal the second card is sent in the older blocks."""
    slack.fault("refuse_block", "plan", times=1)
    notifier.post("C0PROD", CARD)
    notifier.post("C0PROD", CARD)
    shown = [{block["type"] for block in message.blocks} for message in slack.messages("prod")]
    assert shown == [{"section"}, {"section"}]


@pytest.mark.parametrize(
    ("refused", "sent"),
    [((), "data_table"), (("data_table",), "table"), (("data_table", "table"), "section")],
)
def test_a_table_is_sent_as_slack_takes_it(
    slack: LocalSlack, notifier: Notifier, refused: Sequence[str], sent: str
) -> None:
    """What was refused once is not sent again, and a plan is not given up for a table."""
    for block in refused:
        slack.fault("refuse_block", block)
    nodes = blocks.Message("Nodes", [blocks.data_table("Nodes", ("node", "state"), [("host-1", "ready")])])
    for _ in range(2):
        notifier.post("C0PROD", nodes)
    calls = [call for call in slack.workspace.calls if call.method == "chat.postMessage"]
    assert len(calls) == 2 + len(refused)
    assert [[block["type"] for block in each.blocks] for each in slack.messages("prod")] == [[sent]] * 2
    notifier.post("C0PROD", CARD)
    assert ("plan" in str(slack.messages("prod")[-1].blocks)) == (sent != "section")


def test_message_with_refused_blocks_is_sent_as_text(slack: LocalSlack, notifier: Notifier) -> None:
    """Nothing is silent: at least the fallback text is posted."""
    slack.fault("refuse_block", "section")
    notifier.post("C0PROD", CARD)
    (message,) = slack.messages("prod")
    assert message.text == "*joins*"


def test_deleted_message_is_posted_again(slack: LocalSlack, notifier: Notifier) -> None:
    """Somebody deleted the live message: the result of the job is posted nevertheless."""
    ts = notifier.update("C0PROD", "1.000001", PLAIN)
    assert [message.ts for message in slack.messages("prod")] == [ts]


def test_rate_limits_and_broken_connections_are_retried(
    slack: LocalSlack, notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 and a dropped connection cost time, not the message."""
    pauses: list[float] = []
    for module in ("handler", "builtin_handlers"):
        monkeypatch.setattr(f"slack_sdk.http_retry.{module}.time", Mock(sleep=pauses.append))
    slack.fault("rate_limited", "chat.postMessage", times=1, seconds=0)
    slack.fault("drop", "chat.postMessage", times=1)
    notifier.post("C0PROD", PLAIN)
    assert len(slack.messages("prod")) == 1
    assert len(pauses) == 2


def test_long_rate_limit_is_an_error(slack: LocalSlack, notifier: Notifier) -> None:
    """No call waits for minutes."""
    slack.fault("rate_limited", "chat.postMessage", times=1, seconds=600)
    with pytest.raises(Undelivered) as raised:
        notifier.post("C0PROD", PLAIN)
    assert raised.value.reason == "ratelimited"


def test_channel_without_the_bot_says_to_invite_it(notifier: Notifier) -> None:
    """The error says what to do."""
    with pytest.raises(Undelivered, match="/invite @Swarmbot"):
        notifier.post("C0RANDOM", PLAIN)


def test_answer_is_for_the_requester_only(slack: LocalSlack, notifier: Notifier) -> None:
    """A response_url needs no membership, and shows the answer to one person."""
    notifier.respond(response_url(slack, "random"), TOKEN, user="U0ADA", channel="C0RANDOM")
    (message,) = slack.ephemerals("ada")
    assert "SWMTKN-1-abc" in str(message.blocks)
    assert not slack.ephemerals("ben")


def test_answer_in_the_channel_is_for_all(slack: LocalSlack, notifier: Notifier) -> None:
    """As the Share button does."""
    notifier.respond(response_url(slack), PLAIN, user="U0ADA", channel="C0PROD", in_channel=True)
    assert len(slack.messages("prod")) == 1


def test_expired_response_url_is_replaced(slack: LocalSlack, notifier: Notifier) -> None:
    """After half an hour the answer goes by chat.postEphemeral."""
    url = response_url(slack)
    slack.advance(1801)
    notifier.respond(url, TOKEN, user="U0ADA", channel="C0PROD")
    assert len(slack.ephemerals("ada")) == 1


def test_used_up_response_url_is_replaced(slack: LocalSlack, notifier: Notifier) -> None:
    """The sixth answer arrives like the first."""
    url = response_url(slack)
    for _ in range(6):
        notifier.respond(url, PLAIN, user="U0ADA", channel="C0PROD")
    assert len(slack.ephemerals("ada")) == 6


def test_person_outside_the_channel_gets_a_direct_message(slack: LocalSlack, notifier: Notifier) -> None:
    """An answer without a secret may be a direct message."""
    url = response_url(slack, "random")
    slack.advance(1801)
    notifier.respond(url, PLAIN, user="U0ADA", channel="C0RANDOM")
    assert len(slack.messages("D0ADA")) == 1


def test_secret_is_never_a_direct_message(slack: LocalSlack, notifier: Notifier) -> None:
    """A direct message is kept: the call raises instead."""
    url = response_url(slack, "random")
    slack.advance(1801)
    with pytest.raises(Undelivered):
        notifier.respond(url, TOKEN, user="U0ADA", channel="C0RANDOM")
    assert "SWMTKN" not in slack.text()


def test_secret_is_not_replaced_by_text(slack: LocalSlack, notifier: Notifier) -> None:
    """Refused blocks with a token raise: text alone would look like an answer."""
    slack.fault("refuse_block", "section")
    with pytest.raises(Undelivered, match="invalid_blocks"):
        notifier.respond(response_url(slack), TOKEN, user="U0ADA", channel="C0PROD")


def test_failed_delivery_contains_no_secret(slack: LocalSlack, notifier: Notifier) -> None:
    """Neither the error nor its causes show what was to be sent."""
    slack.fault("error", "chat.postMessage", code="fatal_error")
    with pytest.raises(Undelivered) as raised:
        notifier.post("C0PROD", TOKEN)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert "SWMTKN" not in str(raised.value)


def test_private_message_is_deleted(slack: LocalSlack, notifier: Notifier) -> None:
    """The Hide button deletes the token from the requester's screen."""
    row = blocks.actions(blocks.button("Hide", "hide"))
    secret = blocks.Message(TOKEN.text, [*TOKEN.blocks, row])
    notifier.respond(response_url(slack), secret, user="U0ADA", channel="C0PROD")
    (shown,) = slack.ephemerals("ada")
    notifier.delete_original(slack.click("ada", shown, "hide").response_url)
    assert not slack.ephemerals("ada")


def test_response_url_outside_slack_gets_nothing(slack: LocalSlack, notifier: Notifier) -> None:
    """Write access to Redis is not enough to send tokens to another server."""
    notifier.respond("https://slack.com.example/x", TOKEN, user="U0ADA", channel="C0PROD")
    assert len(slack.ephemerals("ada")) == 1  # by chat.postEphemeral
    assert is_slack_url("https://hooks.slack.com/commands/1", "https://slack.com/api/")
    assert not is_slack_url("http://hooks.slack.com/commands/1", "https://slack.com/api/")
    assert not is_slack_url("https://hooks.slack.com@evil.example/1", "https://slack.com/api/")
