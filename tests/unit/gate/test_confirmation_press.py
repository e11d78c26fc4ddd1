"""Proceed and Cancel under a plan that costs service, at the gate."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from bot.approvals.approval import ApprovalRequest
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit, Filter
from bot.blocks import Message
from bot.blocks.modals import Modal
from bot.errors import Refused
from bot.gate import Gate
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, ReplacingMessage, SlashRequest
from tests.kits.gates import gate_of
from tests.kits.jobs import order, taken

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-2": "192.0.2.2"}}},
    "people": {"admins": ["U0ADA", "U0BEN"]},
    "rules": {"view": ["admins"], "operate": ["admins"], "administer": ["admins"]},
}


@pytest.fixture
def gate(redis_url: str, client: Redis, tmp_path: Path) -> Gate:
    """Return a gate whose operators are U0ADA and U0BEN."""
    assert client.ping()
    return gate_of(CONFIG, redis_url, tmp_path)


def asked(queue: Queue, client: Redis, audit: Audit, person: str) -> str:
    """Return the job of a backup that waits until ``person`` confirms it."""
    ordered = replace(order(), command="backup", words="backup", args={}, requester=person)
    job = queue.admit(ordered, []).job_id
    request = ApprovalRequest(
        job=job,
        cluster="prod",
        channel="C0PROD",
        requester=person,
        words="backup",
        reason="",
        subject="backup",
        by=(person,),
        needed=1,
        asked_at=time.time(),
        expires=time.time() + 600,
        digest="9c41e0",
        basis="{}",
        confirmation=True,
    )
    ApprovalRepository(client, audit).open(taken(queue), request, "{}", [])
    return job


def press(gate: Gate, action: str, job: str, person: str = "U0ADA", key: str = "press:1") -> Message | Modal | None:
    """Press a button of the private question."""
    url = "https://hooks.slack.com/actions/1"
    return gate.press(PressRequest(action, job, person, "C0PROD", url, key, "1.3", "1.4"))


@pytest.mark.parametrize("press_of", [("approval.approve", "queued"), ("approval.withdraw", "cancelled")])
def test_a_press_is_answered_in_place_of_the_question(
    gate: Gate, queue: Queue, client: Redis, audit: Audit, press_of: tuple[str, str]
) -> None:
    """The buttons are gone then."""
    action, state = press_of
    job = asked(queue, client, audit, "U0ADA")
    answer = press(gate, action, job)
    assert isinstance(answer, ReplacingMessage)
    assert ("You cancelled" if state == "cancelled" else "You proceeded with") in answer.text
    found = queue.get(job)
    assert found is not None
    assert found.state == state
    assert press(gate, action, job) is None, "the same press, delivered twice"
    with pytest.raises(Refused, match="it is already"):
        press(gate, action, job, key="press:2")


def test_who_lost_the_permission_cannot_proceed(gate: Gate, queue: Queue, client: Redis, audit: Audit) -> None:
    """The press is judged as the order was; the refusal is in the audit log."""
    job = asked(queue, client, audit, "U0EVE")
    with pytest.raises(Refused, match="can't run"):
        press(gate, "approval.approve", job, "U0EVE")
    found = queue.get(job)
    assert found is not None
    assert found.state == "awaiting_confirmation"
    assert [entry.by for entry in audit.query(Filter(), count=9) if entry.action == "refused"] == ["U0EVE"]


def test_the_list_shows_that_it_waits(gate: Gate, queue: Queue, client: Redis, audit: Audit) -> None:
    """Its requester has the buttons, another reader has none."""
    asked(queue, client, audit, "U0ADA")
    texts = {}
    for person in ("U0ADA", "U0BEN"):
        url = "https://hooks.slack.com/commands/1"
        answer = gate.slash(SlashRequest("approvals", person, "C0PROD", url, f"command:{person}", "1.2"))
        assert isinstance(answer, Message)
        texts[person] = " ".join([answer.text, *map(str, answer.blocks)])
    assert all("1 change waits for a decision in prod" in text for text in texts.values())
    assert all("waits until <@U0ADA> confirms it" in text for text in texts.values())
    assert ("Proceed" in texts["U0ADA"], "Proceed" in texts["U0BEN"]) == (True, False)
