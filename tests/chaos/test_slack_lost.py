"""Slack is down while jobs run on real engines: no job waits for it, and what was promised arrives afterwards, once."""

from __future__ import annotations

from time import sleep

import pytest

from sandbox.fleet.shell import until
from sandbox.slack.faults import Kind
from tests.kits.killed_workers import kill_all, start_all
from tests.kits.scenario import Scenario, stalled

JOINED = "✓ *1 worker joined prod*"
BACK_S = 30.0
"""The longest pause between two attempts, and a margin for a busy machine."""


@pytest.mark.parametrize(
    "fault", ["drop", *(pytest.param(fault, marks=pytest.mark.long) for fault in ("http_500", "rate_limited"))]
)
def test_the_last_state_of_the_card_arrives_afterwards(scenario: Scenario, fault: Kind) -> None:
    """The host joins although Slack accepts nothing; when Slack is back, the card shows how the job ended."""
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        job = scenario.begin("ada", "join worker host-2")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        scenario.slack.fault(fault)
    scenario.quiet()
    assert scenario.nodes()["host-2"] == "Ready Active"
    assert "joined prod" not in scenario.public().partition(job)[2]
    scenario.slack.clear_faults()
    assert scenario.end(job).text.startswith(JOINED)


def test_workers_that_die_lose_no_message(scenario: Scenario) -> None:
    """Slack is away; a change, a refusal, a question and a token end, and both workers are killed.

    Workers that start later report each of them, once; the token is read again.
    """
    scenario.cluster()
    before = scenario.now
    scenario.slack.fault("http_500")
    job = scenario.begin("ada", "join worker host-2")
    for words in ("drain host-9", "nodes", "token worker"):
        scenario.slack.slash("ada", "prod", words)
    scenario.quiet()
    kill_all(scenario)
    scenario.slack.clear_faults()
    start_all(scenario)
    assert scenario.end(job).text.startswith(JOINED)
    for words in ("no node `host-9`", "1 of 1 node ready", "docker swarm join --token"):
        scenario.slack.wait_to_see("ada", words, after=before, private=True, timeout=BACK_S)
    once(scenario, job, before)


@pytest.mark.long
def test_slack_is_away_for_140_seconds(scenario: Scenario) -> None:
    """The card of a change and an answer arrive soon after Slack is back, each once; they say when they were true."""
    scenario.cluster()
    before = scenario.now
    scenario.slack.fault("drop")
    job = scenario.begin("ada", "join worker host-2")
    scenario.slack.slash("ada", "prod", "nodes")
    scenario.quiet()
    sleep(140)  # the outage
    scenario.slack.clear_faults()
    card = scenario.slack.wait_to_see("eve", JOINED, after=before, private=False, timeout=BACK_S)
    assert "Sent late: this was true" in card.text
    answer = scenario.slack.wait_to_see("ada", "host-1", after=before, private=True, timeout=BACK_S)
    assert "Sent late: this was true" in answer.text
    once(scenario, job, before)


def once(scenario: Scenario, job: str, after: int) -> None:
    """Assert that the job has one card, and that nobody was told anything twice."""
    posted = [entry for entry in scenario.slack.transcript(after) if entry.kind == "posted"]
    assert len([entry for entry in posted if not entry.private and f"`{job}`" in entry.text]) == 1
    told = [entry.text for entry in posted if entry.private]
    assert len(told) == len(set(told))
