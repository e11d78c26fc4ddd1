"""Commands in messages to the bot: the same gate as for slash commands, answered in the message's thread."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from bot.audit import Audit
from bot.blocks import Message
from bot.errors import Refused
from bot.gate import Gate
from bot.gate.mention_refusals import MAX_MENTION_AGE_S
from bot.queue.queue import Queue
from bot.slack.inbound.requests import MentionRequest, PressRequest, SlashRequest
from bot.store import keys
from tests.kits.gates import gate_of
from tests.kits.jobs import taken
from tests.kits.totp import KEY
from tests.unit.gate.conftest import CONFIG


def message(text: str, *, user: str = "U0ADA", channel: str = "C0PROD", ts: str = "17.5") -> MentionRequest:
    """Return a message that was written now."""
    command = SlashRequest(text, user, channel, "", f"message:{channel}:{ts}", "", thread=ts)
    return MentionRequest(command, time.time(), outside=False)


def test_a_question_is_a_job_that_is_answered_in_the_thread(gate: Gate, queue: Queue, client: Redis) -> None:
    """Nothing else is said: the worker answers."""
    client.zadd(keys.WORKERS, {"one": 10**15})
    assert gate.mention(message("status")) is None
    order = taken(queue, lane="concurrent").job.order
    assert (order.words, order.thread, order.channel, order.response_url) == ("status", "17.5", "C0PROD", "")


def test_a_change_takes_the_same_way(gate: Gate, queue: Queue) -> None:
    """The job is in the cluster's line, and its requester is notified."""
    told = gate.mention(message("drain host-2"))
    assert told is not None
    [job] = queue.in_line("prod")
    assert (job.order.words, job.order.requester, job.order.thread) == ("drain host-2", "U0ADA", "17.5")


def test_a_second_delivery_does_nothing(gate: Gate, queue: Queue, audit: Audit) -> None:
    """Slack repeats what it believes to be lost, also as another kind of event about the same message."""
    gate.mention(message("drain host-2"))
    assert gate.mention(message("drain host-2")) is None
    assert len(queue.in_line("prod")) == 1
    assert [entry.action for entry in audit.query()].count("asked") == 1


def test_a_person_without_permission_is_refused_and_recorded(gate: Gate, queue: Queue, audit: Audit) -> None:
    """As for a slash command. A second delivery is not recorded again."""
    with pytest.raises(Refused, match="You can't run"):
        gate.mention(message("drain host-2", user="U0EVE"))
    assert gate.mention(message("drain host-2", user="U0EVE")) is None
    assert queue.recent("prod", 9) == []
    assert [entry.action for entry in audit.query()] == ["refused"]


def test_members_of_other_workspaces_are_refused(gate: Gate, queue: Queue) -> None:
    """They cannot type slash commands, and `everyone` in swarmbot.yml does not mean them."""
    with pytest.raises(Refused, match="members of this workspace"):
        gate.mention(replace(message("status"), outside=True))
    assert queue.recent("prod", 9) == []


def test_an_old_message_is_refused(gate: Gate, queue: Queue) -> None:
    """While Swarmbot is away Slack delivers a message again for minutes: its writer may have given up."""
    with pytest.raises(Refused, match="arrived 3 min after it was written"):
        gate.mention(replace(message("drain host-2"), sent_at=time.time() - MAX_MENTION_AGE_S - 1))
    assert queue.recent("prod", 9) == []


def test_what_opens_a_form_names_the_words_to_type(gate: Gate) -> None:
    """Slack opens forms only for commands and presses. The words are valid in each channel."""
    with pytest.raises(Refused) as refused:
        gate.mention(message("deploy app --file"))
    assert refused.value.next_step == "Type `/swarm deploy app --file --cluster prod`."


def test_a_key_is_shown_privately(redis_url: str, client: Redis, tmp_path: Path) -> None:
    """The thread says where it is, since the key itself is shown to its owner alone."""
    gate = gate_of(CONFIG, redis_url, tmp_path, SWARMBOT_SECRET_KEY=KEY.reveal())
    client.zadd(keys.WORKERS, {"one": 10**15})
    told = gate.mention(message("totp"))
    assert isinstance(told, Message)
    assert told.text == "The answer is private: only <@U0ADA> sees it, in this channel."


def test_a_retry_is_answered_in_the_same_thread(gate: Gate, queue: Queue) -> None:
    """The button is in the thread, so its effect is reported there too."""
    gate.mention(message("remove host-2 --plan"))
    lease = taken(queue, lane="concurrent")
    queue.finish(lease, "failed", "")
    place = ("U0ADA", "C0PROD", "https://hooks.slack.com/1", "again", "1.3", "1.4")
    gate.press(PressRequest("job.retry", lease.job.id, *place))
    assert queue.recent("prod", 9)[0].order.thread == "17.5"
