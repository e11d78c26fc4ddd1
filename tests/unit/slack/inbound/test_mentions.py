"""Messages to the bot: which are commands, and how each is answered over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot import blocks
from bot.errors import Refused, Unavailable
from bot.settings import Settings
from bot.slack.inbound import deadline
from bot.slack.inbound.mentions import command_text, mention_request
from bot.slack.inbound.payloads import problem_of
from bot.slack.inbound.requests import MentionRequest, SlashRequest
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from sandbox.slack import LocalSlack
from tests.kits.web_app import MENTION, ListeningGate, ask, serving, signed

STATUS = SlashRequest("status", "U0ADA", "C0PROD", "", "message:C0PROD:17.5", "", thread="17.5")


def body_with(**fields: Any) -> dict[str, Any]:
    """Return the mention with other fields of its event; None removes one."""
    event = {name: value for name, value in {**MENTION["event"], **fields}.items() if value is not None}
    body = {**MENTION, "event": event}
    assert problem_of(body) == ""
    return body


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("<@U0SWARM> status", "status"),
        ("<@U0SWARM|swarmbot>: status", "status"),
        ("status <@U0SWARM>", "status"),
        ("please <@U0SWARM>, drain host-1", "drain host-1"),
        ("<@U0SWARM> audit --by <@U0BEN>", "audit --by <@U0BEN>"),
        ("<@U0BEN> see <@U0SWARM> jobs", "jobs"),
        ("<@U0SWARM>", ""),
        ("status", "status"),
        ("<@U0SWARM> `/swarm status`", "`/swarm status`"),
    ],
)
def test_the_command_follows_the_mention(text: str, command: str) -> None:
    """Other people's mentions are part of the command."""
    assert command_text(text, "U0SWARM") == command


def test_the_first_mention_counts_if_the_bot_is_not_named() -> None:
    """Slack names the bot in each event; if it does not, the command is still found."""
    assert command_text("<@U0SWARM> status", "") == "status"


def test_a_mention_is_answered_in_a_thread() -> None:
    """A message in a thread is answered in that thread. Both kinds of event about one message are one request."""
    assert mention_request(body_with()) == MentionRequest(STATUS, 1700000000.0, outside=False)
    inside = mention_request(body_with(thread_ts="11.1"))
    assert inside
    assert inside.command.thread == "11.1"
    direct = mention_request(body_with(type="message", channel_type="im", text="status"))
    assert direct
    assert direct.command == STATUS


@pytest.mark.parametrize(
    "fields",
    [
        {"bot_id": "B1"},
        {"user": "U0SWARM"},
        {"user": None},
        {"edited": {"user": "U0ADA", "ts": "18.1"}},
        {"type": "message", "channel_type": "im", "subtype": "message_changed"},
        {"type": "message", "channel_type": "im", "subtype": "message_deleted"},
        {"type": "message", "channel_type": "im", "subtype": "bot_message"},
        {"type": "message", "channel_type": "channel"},
        {"type": "reaction_added"},
        {"ts": None},
    ],
)
def test_what_is_no_new_message_of_a_person_is_ignored(fields: dict[str, Any]) -> None:
    """Messages of bots, the bot's own, edits, deletions, and channels' messages that do not mention it."""
    assert mention_request(body_with(**fields)) is None


@pytest.mark.parametrize("name", ["team", "user_team", "source_team"])
def test_people_of_other_workspaces_are_recognised(name: str) -> None:
    """A shared channel delivers their mentions too."""
    found = mention_request(body_with(**{name: "T2OTHER"}))
    assert found
    assert found.outside
    own = mention_request(body_with(**{name: "T1"}))
    assert own
    assert not own.outside


class AnsweringGate(ListeningGate):
    """Answers each message with the next of these."""

    def __init__(self, *answers: blocks.Message | Exception | None) -> None:
        super().__init__()
        self._answers = list(answers)

    def mention(self, request: MentionRequest) -> blocks.Message | None:
        """Take a message."""
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def delivered(slack: LocalSlack, gate: ListeningGate, redis_url: str, folder: Path) -> tuple[int, str]:
    """Deliver the mention, and return status and body once the answer was sent."""
    notifier = Notifier(web_client(Settings.from_environment(slack.environment())))
    body = json.dumps(MENTION).encode()
    with serving(gate, notifier, redis_url, folder) as web:
        return ask(web, body, CONTENT_TYPE="application/json", **signed(body))


def told(slack: LocalSlack) -> list[tuple[str, str]]:
    """Return the bot's messages in the channel, each with the message in whose thread it is."""
    return [(message.thread_ts, message.text) for message in slack.messages("prod")]


def test_the_answer_is_posted_in_the_thread(slack: LocalSlack, redis_url: str, tmp_path: Path) -> None:
    """The acknowledgement itself is empty: Slack shows nothing of it."""
    gate = AnsweringGate(blocks.text_message("On it."))
    assert delivered(slack, gate, redis_url, tmp_path) == (200, "")
    assert gate.asked == [MentionRequest(STATUS, 1700000000.0, outside=False)]
    assert told(slack) == [("17.5", "On it.")]


def test_a_refusal_is_told_in_the_thread(slack: LocalSlack, redis_url: str, tmp_path: Path) -> None:
    """A refused order needs no second delivery."""
    assert delivered(slack, AnsweringGate(Refused("no.")), redis_url, tmp_path)[0] == 200
    assert told(slack) == [("17.5", "Refused: no.")]


def test_what_was_not_stored_is_not_acknowledged(slack: LocalSlack, redis_url: str, tmp_path: Path) -> None:
    """Its person reads that nothing was done, so Slack must not deliver it again."""
    gate = AnsweringGate(Unavailable("Redis does not respond."))
    assert delivered(slack, gate, redis_url, tmp_path)[0] == 503
    [(thread, text)] = told(slack)
    assert thread == "17.5"
    assert "Your request was not accepted" in text


def test_a_late_message_may_be_delivered_again(
    slack: LocalSlack, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is stored is unknown when Slack stops waiting; the person is told both that and the end."""
    monkeypatch.setattr(deadline, "ANSWER_TIMEOUT_S", 0.05)

    class SlowGate(AnsweringGate):
        def mention(self, request: MentionRequest) -> blocks.Message | None:
            """Answer once the person was told that there is no answer yet."""
            slack.wait_for(lambda seen: seen.messages("prod"))
            return super().mention(request)

    assert delivered(slack, SlowGate(blocks.text_message("On it.")), redis_url, tmp_path)[0] == 503
    (_, first), (_, second) = told(slack)
    assert "No answer yet" in first
    assert second == "On it."
