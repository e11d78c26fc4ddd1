"""An order in a channel that does not say which cluster: a button for each, which carries an id only."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.blocks import Message
from bot.blocks.modals import Modal
from bot.config import ClusterNeeded
from bot.errors import NotUnderstood, Refused
from bot.gate import Gate
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.slack.inbound.requests import MentionRequest, PressRequest, SlashRequest
from bot.store import keys
from sandbox.tour.secret_scan import redis_contents
from tests.kits.gates import gate_of

URL = "https://hooks.slack.com/commands/1"
CONFIG = {
    "clusters": {
        "prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}},
        "lab": {"channel": "C0LAB", "hosts": {"host-5": "192.0.2.5"}},
    },
    "people": {"admins": ["U0ADA", "U0BEN"]},
    "rules": {"view": ["admins"], "operate": ["admins"], "administer": ["admins"]},
}


@pytest.fixture
def gate(redis_url: str, client: Redis, tmp_path: Path) -> Gate:
    """Return a gate of two clusters."""
    assert client.ping()
    return gate_of(CONFIG, redis_url, tmp_path)


def typed(gate: Gate, text: str) -> Message | None:
    """Type a command in a channel of no cluster."""
    answer = gate.slash(SlashRequest(text, "U0ADA", "C0OTHER", URL, f"command:{text}", "1.2"))
    assert not isinstance(answer, Modal)
    return answer


def buttons(message: Message | None) -> dict[str, dict[str, Any]]:
    """Return the buttons of a message by their labels."""
    assert message is not None
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {element["text"]["text"]: element for row in rows for element in row}


def press(gate: Gate, value: str, person: str = "U0ADA", key: str = "press:1") -> Message | Modal | None:
    """Press a button that chooses a cluster."""
    return gate.press(PressRequest("cluster.choose", value, person, "C0OTHER", URL, key, "1.3", "1.4"))


def jobs(queue: Queue) -> list[Job]:
    """Return all jobs."""
    return queue.recent(None, 10)


def test_a_button_runs_the_order_for_its_cluster(gate: Gate, queue: Queue) -> None:
    """The value is an id: neither words nor a cluster. Delivered twice it is one job."""
    found = buttons(typed(gate, "drain host-5 --reason 'disk & co'"))
    assert [*found] == ["prod", "lab"]
    assert not any(word in str(each["value"]) for each in found.values() for word in ("drain", "lab", "host"))
    assert jobs(queue) == []
    for _ in range(2):
        press(gate, found["lab"]["value"])
    [job] = jobs(queue)
    assert (job.order.words, job.order.cluster, job.order.reason) == ("drain host-5", "lab", "disk & co")
    assert (job.order.requester, job.order.response_url) == ("U0ADA", URL)


def test_the_words_are_read_for_the_chosen_cluster(gate: Gate) -> None:
    """A host of another cluster is refused as if the order had been typed there."""
    found = buttons(typed(gate, "check host-5"))
    with pytest.raises(NotUnderstood, match=r"`host-5` is not in swarmbot\.yml for prod"):
        press(gate, found["prod"]["value"])


def test_only_who_typed_it_may_press(gate: Gate, queue: Queue, client: Redis) -> None:
    """An id of somebody else, of nobody, or one that expired starts nothing."""
    value = buttons(typed(gate, "status"))["prod"]["value"]
    with pytest.raises(Refused, match="somebody else's"):
        press(gate, value, "U0BEN")
    with pytest.raises(NotUnderstood, match="expired"):
        press(gate, "status --cluster prod", key="press:2")
    client.delete(keys.cluster_choice(value))
    with pytest.raises(NotUnderstood, match="expired"):
        press(gate, value, key="press:3")
    assert jobs(queue) == []


def test_all_clusters_can_be_chosen(gate: Gate, queue: Queue) -> None:
    """Only for a question that can be about all of them, which needs no channel either."""
    assert [*buttons(typed(gate, "status"))] == ["prod", "lab", "all"]
    assert [*buttons(typed(gate, "nodes"))] == ["prod", "lab"]
    press(gate, buttons(typed(gate, "status"))["all"]["value"])
    typed(gate, "status --cluster all")
    assert [job.order.cluster for job in jobs(queue)] == ["", ""]
    with pytest.raises(NotUnderstood, match="`all` is not a cluster"):
        typed(gate, "nodes --cluster all")


def test_an_order_with_a_secret_is_not_kept(gate: Gate, client: Redis) -> None:
    """It is refused as before, and nothing of it is stored."""
    with pytest.raises(ClusterNeeded, match="belongs to no cluster"):
        typed(gate, "label host-5 token=SWMTKN-1-abc-def")
    assert not [*client.scan_iter("*cluster-choice*")]


def test_a_value_that_looks_like_a_secret_is_not_kept(gate: Gate, client: Redis) -> None:
    """It is refused without buttons, and with a cluster named it is refused for the secret; Redis has nothing of it."""
    with pytest.raises(ClusterNeeded):
        typed(gate, "update web --env DB_PASSWORD=hunter2")
    with pytest.raises(NotUnderstood, match="`DB_PASSWORD` looks like a secret"):
        typed(gate, "update web --env DB_PASSWORD=hunter2 --cluster lab")
    assert not [text for text in redis_contents(client) if "hunter2" in text]


def test_a_choice_for_a_message_is_answered_in_its_thread(gate: Gate, queue: Queue) -> None:
    """A message in a channel of no cluster gets the same buttons as a slash command there."""
    command = SlashRequest("status", "U0ADA", "C0OTHER", "", "message:C0OTHER:17.5", "", thread="17.5")
    offered = gate.mention(MentionRequest(command, time.time(), outside=False))
    press(gate, buttons(offered)["lab"]["value"])
    [job] = jobs(queue)
    assert (job.order.cluster, job.order.thread, job.order.channel) == ("lab", "17.5", "C0OTHER")
