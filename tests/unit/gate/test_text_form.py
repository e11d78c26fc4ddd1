"""`deploy STACK --file`: the form opens at once, errors of the file keep it open, and the file is kept encrypted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from redis import Redis

from bot.blocks.modals import FieldErrors, Modal
from bot.errors import NotAllowed, NotUnderstood, Refused
from bot.gate import Gate
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.slack.inbound.requests import SlashRequest, SubmitRequest
from bot.typed_files import TypedFiles
from sandbox.tour.secret_scan import redis_contents
from tests.kits.gates import gate_of
from tests.kits.totp import KEY as KEY_OF_TESTS

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}},
    "people": {"admins": ["U0ADA"], "readers": ["U0BEN"]},
    "rules": {"view": ["readers"], "operate": ["admins"], "administer": ["admins"]},
}
URL = "https://hooks.slack.com/commands/1"
COMPOSE = "services:\n  web:\n    image: nginx\n    environment: {DB_PASSWORD: tr0ub4dor-and-3}\n"


def opened(redis_url: str, tmp_path: Path, key: str = KEY_OF_TESTS.reveal()) -> Gate:
    """Return a gate whose only operator is U0ADA."""
    return gate_of(CONFIG, redis_url, tmp_path, SWARMBOT_SECRET_KEY=key)


@pytest.fixture
def gate(client: Redis, redis_url: str, tmp_path: Path) -> Gate:
    """Return such a gate on an empty Redis."""
    assert client.ping()
    return opened(redis_url, tmp_path)


def typed(gate: Gate, text: str, user: str = "U0ADA") -> object:
    """Type a command and return the answer."""
    return gate.slash(SlashRequest(text, user, "C0PROD", URL, f"command:{text}", "1.2"))


def form(gate: Gate, text: str = "deploy app --file --no-resolve") -> Modal:
    """Type a command that opens a form, and return the form."""
    answer = typed(gate, text)
    assert isinstance(answer, Modal)
    return answer


def submitted(modal: Modal, text: str, user: str = "U0ADA", key: str = "form:1") -> SubmitRequest:
    """Return the filled form."""
    return SubmitRequest(modal.callback, modal.private_metadata, {"text": text}, user, key)


def test_the_file_is_kept_encrypted_for_the_order(gate: Gate, queue: Queue, client: Redis) -> None:
    """The order is the one that was typed, with its flags; Redis has nothing of the file. A second delivery is one."""
    modal = form(gate, 'deploy app --file --prune --reason "new service"')
    field = modal.view()["blocks"][0]
    assert (field["optional"], field["element"]["max_length"]) == (False, 3000)
    assert queue.recent("prod", 5) == []
    gate.submit(submitted(modal, COMPOSE))
    gate.submit(submitted(modal, COMPOSE))
    [job] = queue.recent("prod", 5)
    assert (job.order.words, job.order.reason, job.order.requester) == (
        "deploy app --file --prune", "new service", "U0ADA",
    )  # fmt: skip
    assert job.order.args["prune"]
    assert TypedFiles(client, KEY_OF_TESTS).read("prod", job.order.args["typed"]) == Secret(COMPOSE)
    assert "tr0ub4dor" not in "\n".join(redis_contents(client))
    with pytest.raises(Refused, match="is not there any more"):
        TypedFiles(client, KEY_OF_TESTS).read("test", job.order.args["typed"])
    with pytest.raises(Refused, match="is not there any more"):
        TypedFiles(client, Secret("j" * 32)).read("prod", job.order.args["typed"])


def test_a_form_begins_with_what_the_same_person_typed_last(gate: Gate, client: Redis) -> None:
    """An order can be refused once its file was typed. Nobody else sees it, and another stack's form is empty."""
    gate.submit(submitted(form(gate), COMPOSE))
    held = form(gate, "deploy app --file --no-resolve").view()["blocks"][0]["element"]
    assert held["initial_value"] == COMPOSE
    assert "initial_value" not in form(gate, "deploy other --file").view()["blocks"][0]["element"]
    assert TypedFiles(client, KEY_OF_TESTS).last("prod", "U0BEN", "app") is None
    assert TypedFiles(client, Secret("j" * 32)).last("prod", "U0ADA", "app") is None
    assert "tr0ub4dor" not in "\n".join(redis_contents(client))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("services:\n  web: [\n", "line 3: not valid YAML"),
        ("services: {}\nservices: {}\n", "line 2: services is already set on line 1"),
        ("just words", "it has no keys"),
        ("", "it has no keys"),
    ],
)
def test_what_is_no_compose_file_keeps_the_form_open(gate: Gate, queue: Queue, text: str, told: str) -> None:
    """With the line. The same form can then be submitted again."""
    modal = form(gate)
    answer = gate.submit(submitted(modal, text))
    assert isinstance(answer, FieldErrors)
    assert told in answer.errors["text"]
    assert queue.recent("prod", 5) == []
    gate.submit(submitted(modal, COMPOSE))
    assert len(queue.recent("prod", 5)) == 1


def test_the_form_is_for_who_may_deploy(gate: Gate, queue: Queue) -> None:
    """Opening and submitting it are authorised by themselves: the command that comes back is parsed again."""
    with pytest.raises(NotAllowed):
        typed(gate, "deploy app --file", "U0BEN")
    modal = form(gate)
    with pytest.raises(NotAllowed):
        gate.submit(submitted(modal, COMPOSE, "U0BEN"))
    other = json.dumps({**json.loads(modal.private_metadata), "text": "services"})
    with pytest.raises(NotUnderstood, match="another version"):
        gate.submit(SubmitRequest(modal.callback, other, {"text": COMPOSE}, "U0ADA", "form:2"))
    assert queue.recent("prod", 5) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("deploy app --file --revision 3", "both say what to deploy"),
        ("deploy My.App --file", "cannot be the name of a stack"),
        (f"deploy app --file --reason {'x' * 3000}", "too long for a form"),
    ],
)
def test_orders_without_a_form(gate: Gate, words: str, told: str) -> None:
    """What does not go together is reported at once."""
    with pytest.raises(NotUnderstood, match=told):
        typed(gate, words)


def test_no_form_opens_that_nothing_could_encrypt(client: Redis, redis_url: str, tmp_path: Path) -> None:
    """Without SWARMBOT_SECRET_KEY nobody is asked for a file."""
    assert client.ping()
    with pytest.raises(Refused, match="SWARMBOT_SECRET_KEY is not set"):
        typed(opened(redis_url, tmp_path, key=""), "deploy app --file")
