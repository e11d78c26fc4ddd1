"""Votes, denials and presses that Slack delivers twice: handled once, answered once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from redis import Redis

from bot.approvals.approval import ApprovalRequest
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit, Filter
from bot.blocks import Message
from bot.blocks.modals import Modal
from bot.errors import Refused, Unavailable
from bot.gate import Gate
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, SubmitRequest
from tests.kits.gates import gate_of
from tests.kits.jobs import admitted, taken

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-2": "192.0.2.2"}}},
    "people": {"admins": ["U0ADA", "U0BEN"]},
    "rules": {"view": ["admins"], "operate": ["admins"], "administer": ["admins"]},
}


@pytest.fixture
def gate(client: Redis, redis_url: str, tmp_path: Path) -> Gate:
    """Return a gate with two administrators, who are named by id."""
    assert client.ping()
    return gate_of(CONFIG, redis_url, tmp_path)


@pytest.fixture
def job(client: Redis, queue: Queue, audit: Audit) -> str:
    """Return a job that waits for two approvals."""
    job = admitted(queue, lane="concurrent")
    request = ApprovalRequest(
        job=job,
        cluster="prod",
        channel="C0PROD",
        requester="U0ASKER",
        words="join worker host-3",
        reason="",
        subject="join worker",
        by=("admins",),
        needed=2,
        asked_at=time.time(),
        expires=time.time() + 600,
        digest="9c41e0",
        basis="{}",
    )
    ApprovalRepository(client, audit).open(taken(queue, lane="concurrent"), request, "{}", [])
    return job


def press(action: str, job: str, key: str = "press:1", user: str = "U0ADA") -> PressRequest:
    """Return the press of a button."""
    return PressRequest(action, job, user, "C0PROD", "https://hooks.slack.com/actions/1", key, "1.2", "3.4")


def actions(audit: Audit) -> list[str]:
    """Return what the audit log has, the oldest first."""
    return [entry.action for entry in reversed(audit.query(Filter(), count=50))]


def test_a_vote_counts_once(gate: Gate, job: str, audit: Audit) -> None:
    """The second delivery is neither answered nor logged as a refused vote; a second press is."""
    first = gate.press(press("approval.approve", job))
    assert isinstance(first, Message)
    assert "It has 1 of 2 approvals" in first.text
    assert gate.press(press("approval.approve", job)) is None
    assert actions(audit).count("vote refused") == 0
    with pytest.raises(Refused, match="you have already approved this"):
        gate.press(press("approval.approve", job, "press:2"))


def test_a_refused_vote_is_refused_once(gate: Gate, job: str, audit: Audit) -> None:
    """It is reported and logged once."""
    with pytest.raises(Refused):
        gate.press(press("approval.approve", job, user="U0EVE"))
    assert gate.press(press("approval.approve", job, user="U0EVE")) is None
    assert actions(audit).count("vote refused") == 1


def test_a_denial_is_answered_the_same_way_twice(gate: Gate, job: str, audit: Audit) -> None:
    """One form opens; the answer takes the form's place, so a second delivery of the form gets it too."""
    form = gate.press(press("approval.deny", job))
    assert isinstance(form, Modal)
    assert gate.press(press("approval.deny", job)) is None
    submitted = SubmitRequest(form.callback, form.private_metadata, {"reason": "not today"}, "U0ADA", "form:1")
    answer = gate.submit(submitted)
    assert isinstance(answer, Message)
    assert "You denied" in answer.text
    assert gate.submit(submitted) == answer
    assert actions(audit).count("denied") == 1
    assert actions(audit).count("vote refused") == 0


def test_a_job_is_cancelled_once(gate: Gate, queue: Queue, audit: Audit) -> None:
    """The second delivery does not say that the job has already ended."""
    job = admitted(queue)
    first = gate.press(press("job.cancel", job))
    assert isinstance(first, Message)
    assert "was cancelled" in first.text
    assert gate.press(press("job.cancel", job)) is None
    assert actions(audit).count("cancelled") == 1


def test_a_press_that_could_not_be_stored_is_handled_again(
    gate: Gate, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person was notified that nothing was done."""

    def fail(*_: object) -> str:
        raise Unavailable("Redis did not respond in time.")

    with monkeypatch.context() as patched:
        patched.setattr(gate._interactions._voting, "approve", fail)
        with pytest.raises(Unavailable):
            gate.press(press("approval.approve", job))
    assert isinstance(gate.press(press("approval.approve", job)), Message)
