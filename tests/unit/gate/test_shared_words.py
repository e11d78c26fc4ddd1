"""A word of two commands at the gate: the names that were last read decide which one is queued."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from bot.errors import NotAllowed, NotUnderstood
from bot.gate import Gate
from bot.last_read import LastRead
from bot.queue.queue import Queue
from bot.slack.inbound.requests import SlashRequest
from tests.kits.gates import gate_of
from tests.plans.description import Description

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-2": "192.0.2.2"}}},
    "people": {"admins": ["U0CLEO"], "operators": ["U0ADA"]},
    "rules": {"view": "everyone", "operate": ["operators", "admins"], "administer": ["admins"]},
}


@pytest.fixture
def gate(redis_url: str, client: Redis, tmp_path: Path) -> Gate:
    """Return a gate that knows two nodes, and the services web and host-2."""
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "worker"}}
    swarm = Description.model_validate({"hosts": hosts, "services": {"web": {}, "host-2": {}}}).facts().swarm
    assert swarm is not None
    LastRead(client).note("prod", replace(swarm), services=True)
    return gate_of(CONFIG, redis_url, tmp_path)


def typed(gate: Gate, text: str, person: str = "U0ADA") -> None:
    """Type a command in the cluster's channel."""
    gate.slash(SlashRequest(text, person, "C0PROD", "https://hooks.slack.com/commands/1", f"command:{text}", "1.2"))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("remove web", "remove-service"),
        ("update web --image nginx:1.27", "update-service"),
        ("resume web", "resume"),
        ("resume host-1", "activate"),
        ("remove host-2 --service", "remove-service"),
    ],
)
def test_an_operator_s_order_is_queued_as_what_it_means(gate: Gate, queue: Queue, text: str, command: str) -> None:
    """With the words as they were typed."""
    typed(gate, text)
    [job] = queue.recent(None, 10)
    assert (job.order.command, job.order.words) == (command, text)


def test_the_node_of_a_name_needs_the_node_s_permission(gate: Gate, queue: Queue) -> None:
    """A name of both is refused, and naming the node is an administrator's order."""
    with pytest.raises(NotUnderstood, match="a node or host `host-2` and a service of this name"):
        typed(gate, "remove host-2")
    with pytest.raises(NotAllowed):
        typed(gate, "remove host-2 --node")
    assert queue.recent(None, 10) == []
    typed(gate, "remove host-2 --node", "U0CLEO")
    assert [job.order.command for job in queue.recent(None, 10)] == ["remove"]


@pytest.mark.parametrize("text", ["remove wbe", "pause wbe"])
def test_an_unknown_name_is_told_before_the_permission(gate: Gate, queue: Queue, text: str) -> None:
    """It is not known which permission the order needs; the nearest name may be that of a service."""
    with pytest.raises(NotUnderstood) as refused:
        typed(gate, text)
    assert "prod had no service or node `wbe` when it was last read" in refused.value.happened
    assert refused.value.happened.endswith("Did you mean `web`?")
    assert refused.value.next_step.startswith("Services: `web`, `host-2`. `/swarm services` reads them again. Nodes: ")
    with pytest.raises(NotAllowed):
        typed(gate, "remove wbe --node")
    assert queue.recent(None, 10) == []
