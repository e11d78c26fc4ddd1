"""A command that may need a secret is planned first; the form opens at the press of the button that a worker sends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from redis import Redis

from bot.blocks.modals import FieldErrors, Modal
from bot.errors import NotAllowed, NotUnderstood, Refused
from bot.execution.secret_request import FORM_BUTTON
from bot.gate import Gate
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, SlashRequest, SubmitRequest
from bot.store import keys
from tests.kits.gates import gate_of
from tests.kits.totp import KEY as KEY_OF_TESTS

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-2": "192.0.2.2"}}},
    "people": {"admins": ["U0ADA"], "readers": ["U0BEN"]},
    "rules": {"view": ["readers"], "operate": ["admins"], "administer": ["admins"]},
}
KEY = f"SWMKEY-1-{'A' * 43}"
SECRET_KEY = KEY_OF_TESTS.reveal()
URL = "https://hooks.slack.com/actions/1"


def opened(redis_url: str, tmp_path: Path, secret_key: str = SECRET_KEY) -> Gate:
    """Return a gate whose only operator is U0ADA."""
    return gate_of(CONFIG, redis_url, tmp_path, SWARMBOT_SECRET_KEY=secret_key)


@pytest.fixture
def gate(client: Redis, redis_url: str, tmp_path: Path) -> Gate:
    """Return such a gate on an empty Redis."""
    assert client.ping()
    return opened(redis_url, tmp_path)


def typed(gate: Gate, queue: Queue, text: str) -> Job:
    """Type a command and return its job."""
    gate.slash(SlashRequest(text, "U0ADA", "C0PROD", "https://hooks.slack.com/commands/1", f"command:{text}", "1.2"))
    [job] = queue.recent("prod", 1)
    return job


def press(job: str, user: str = "U0ADA") -> PressRequest:
    """Return a press of the button that asks for the secret of a job."""
    return PressRequest(FORM_BUTTON, job, user, "C0PROD", URL, f"press:{user}", "3.4", "5.6")


def submitted(form: Modal, secret: str, user: str = "U0ADA") -> SubmitRequest:
    """Return the filled form."""
    return SubmitRequest(form.callback, form.private_metadata, {"secret": secret}, user, "form:1")


@pytest.mark.parametrize("words", ["unlock host-2", "recover --unlock", "backup --drill --unlock"])
def test_a_command_is_planned_before_its_form(gate: Gate, queue: Queue, words: str) -> None:
    """Whether the key is needed is seen on the hosts, which the gate cannot reach: the job plans, and has no key."""
    job = typed(gate, queue, words)
    assert job.order.lane == "exclusive"
    assert not job.order.secret_id


def test_the_form_orders_the_same_with_the_key(gate: Gate, queue: Queue, client: Redis) -> None:
    """The second job is in the line of changes, its key is encrypted, and the form carries no key."""
    first = typed(gate, queue, 'unlock host-2 --reason "after the power cut"')
    form = gate.press(press(first.id))
    assert isinstance(form, Modal)
    assert json.loads(form.private_metadata) == {"job": first.id, "channel": "C0PROD", "response_url": URL}
    gate.submit(submitted(form, KEY))
    [second] = [job for job in queue.recent("prod", 5) if job.id != first.id]
    assert (second.order.words, second.order.args, second.order.lane) == (
        first.order.words, first.order.args, "exclusive",
    )  # fmt: skip
    assert second.order.reason == "after the power cut"
    assert KEY not in str(client.get(keys.secret(second.order.secret_id)))


def test_a_malformed_key_keeps_the_form_open(gate: Gate, queue: Queue) -> None:
    """No job is made of it."""
    form = gate.press(press(typed(gate, queue, "unlock host-2").id))
    assert isinstance(form, Modal)
    assert isinstance(gate.submit(submitted(form, "SWMTKN-1-no-key")), FieldErrors)
    assert len(queue.recent("prod", 5)) == 1


def test_the_form_is_for_who_may_run_the_command(gate: Gate, queue: Queue) -> None:
    """Press and form are authorised by themselves."""
    job = typed(gate, queue, "unlock host-2").id
    with pytest.raises(NotAllowed):
        gate.press(press(job, "U0BEN"))
    form = gate.press(press(job))
    assert isinstance(form, Modal)
    with pytest.raises(NotAllowed):
        gate.submit(submitted(form, KEY, "U0BEN"))


@pytest.mark.parametrize("words", ["", "drain host-2"])
def test_a_button_without_such_a_job_is_refused(gate: Gate, queue: Queue, words: str) -> None:
    """The job was deleted, or its command takes no secret."""
    with pytest.raises(NotUnderstood, match="deleted"):
        gate.press(press(typed(gate, queue, words).id if words else "gone"))


def test_no_form_opens_that_nothing_could_encrypt(gate: Gate, queue: Queue, redis_url: str, tmp_path: Path) -> None:
    """Without SWARMBOT_SECRET_KEY nobody is asked for a key."""
    job = typed(gate, queue, "unlock host-2").id
    with pytest.raises(Refused, match="SWARMBOT_SECRET_KEY"):
        opened(redis_url, tmp_path, "").press(press(job))
