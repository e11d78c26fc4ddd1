"""Answers about 500 services and 5,000 tasks keep Slack's limits, and say how to see what they leave out."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

import pytest

from bot.blocks import Message, fit
from bot.blocks.table import without_tables
from bot.commands import Vocabulary
from bot.model import ClusterFacts, Facts
from sandbox.slack.faults import Faults
from sandbox.slack.validate import check_message_blocks
from tests.kits.nodes import worker
from tests.plans.outcome import read_words
from tests.plans.parts import NOW
from tests.plans.showing import show_message
from tests.plans.workload import Network, Service, Stored, Task

LONG: Final = "a-name-that-is-as-long-as-a-name-may-be-in-a-cluster-of-docker"
STACKS: Final = 25
NODES: Final = tuple(worker(f"id-{number}", f"node-{number}") for number in range(3))
SERVICES: Final = {
    f"{LONG[: 50 if number % 2 else 3]}-{number}": Service(
        replicas=10,
        running=10 - (number % 10 == 0),
        stack=f"stack-{number % STACKS}",
        complaint="no suitable node " * 20,
    )
    for number in range(500)
}
FACTS: Final = Facts(
    "prod",
    NOW,
    MappingProxyType({}),
    ClusterFacts(
        *("cluster", "host-1", 1, {}, NODES),
        services=tuple(service.facts(name) for name, service in SERVICES.items()),
        task_list=tuple(
            Task(service=name, node=f"id-{slot % 3}", state="running", slot=slot, id=f"{name}-{slot}").facts(service)
            for name, service in SERVICES.items()
            for slot in range(10)
        ),
        networks=tuple(Network(name=f"{LONG}-{number}", stack="stack-1").facts() for number in range(300)),
        secrets=tuple(Stored(name=f"{LONG}-{number}", stack="stack-1").facts() for number in range(300)),
        configs=tuple(Stored(name=f"{LONG}-{number}", stack="stack-1").facts() for number in range(300)),
    ),
)
MORE: Final = re.compile(r"\((?:and )?(\d+) more\. (.*)\)")
COMMAND: Final = re.compile(r"`/swarm ([^`]+)`")


def answered(words: str) -> Message:
    """Return the answer as it is sent."""
    command, arguments = read_words(words, Vocabulary("prod"))
    assert command.answer is not None
    return fit(command.answer(FACTS, arguments))


@pytest.mark.parametrize(
    "words",
    [
        *("status", "services", "services stack-1", "stacks", "stack stack-1", "service a-n-0", "ps a-n-0"),
        *("ps stack-1", "ps stack-1 --all", "ps node-1", "networks", "secrets", "configs"),
    ],
)
def test_an_answer_keeps_slacks_limits(words: str) -> None:
    """With tables, and as text for a Slack that refuses them."""
    message = answered(words)
    check_message_blocks([*message.blocks], Faults())
    check_message_blocks([*fit(Message(message.text, without_tables(message))).blocks], Faults())


@pytest.mark.parametrize("words", ["services", "ps stack-1", "ps node-1"])
def test_what_is_left_out_can_be_seen(words: str) -> None:
    """By stack, by service or by node: each command that the answer names shows fewer."""
    shown = show_message(answered(words))
    [(count, rest)] = [found.groups() for line in shown if (found := MORE.search(line))]
    rows = sum(" | " in line for line in shown) - 1
    assert rows + int(count) == {"services": 500, "ps stack-1": 200}.get(words, 1500)
    narrower = COMMAND.findall(rest)
    assert narrower
    for each in narrower:
        assert not [line for line in show_message(answered(each)) if MORE.search(line)]


def test_what_is_wrong_is_not_left_out() -> None:
    """50 services lack a task: they are the first rows of the list."""
    rows = [line for line in show_message(answered("services")) if " | " in line][1:]
    assert [row[0] for row in rows[:50]] == ["✗"] * 50
    assert rows[50].startswith("✓")
