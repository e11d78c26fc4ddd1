"""A worker plans first; only if the plan needs a secret does the requester get the button that opens the form."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from bot.blocks import Message
from bot.commands import Vocabulary
from bot.errors import Refused, SwarmbotError
from bot.execution.changes import Changes
from bot.execution.services import WorkerServices
from bot.model import Facts
from bot.queue.job import Job
from tests.kits.commands import COMMANDS
from tests.kits.jobs import order
from tests.plans.description import Description
from tests.plans.outcome import read_words
from tests.plans.showing import show_message

LOCKED = {"is": "manager", "membership": "locked", "record": {"state": "down", "reachability": "unreachable"}}
THREE = {"host-1": {"is": "leader"}, "host-2": {"is": "manager"}, "host-3": {"is": "manager"}}
WITHOUT_QUORUM = {"host-1": {"is": "manager", "key": "open"}, "host-2": {"is": "manager", "failure": "no route"}}


class Worker:
    """The parts of a worker that planning meets; ``said`` is what happened."""

    def __init__(self, refusal: Refused | None = None) -> None:
        self.said: list[Any] = []
        self._refusal = refusal

    def require(self) -> None:
        """Be the secret inbox."""
        if self._refusal:
            raise self._refusal

    def answer(self, _: object, message: Message, result: str, how: str) -> None:
        """Show the requester a message and end the job."""
        del result
        self.said += [show_message(message), how]

    def offer_form(self, _: object, message: Message) -> None:
        """Show the requester the button that opens the form and end the job."""
        self.said += [show_message(message), "form offered"]

    def refuse(self, _: object, error: SwarmbotError) -> None:
        """End the job with an error."""
        self.said.append(error.happened)

    def with_needs(self, facts: Facts) -> Facts:
        """Be what knows approvals."""
        return facts

    def requested(self, *_: object, **__: object) -> bool:
        """Ask for approval."""
        self.said.append("planned without a secret")
        return True


def asked(words: str, facts: dict[str, Any], *, keyed: bool = False, worker: Worker | None = None) -> list[Any]:
    """Return what a worker does with a new job for ``words``."""
    worker = worker or Worker()
    description = Description.model_validate(facts)
    command, arguments = read_words(words, Vocabulary("prod", tuple(description.hosts)))
    parts: Any = worker
    unused: Any = None
    approvals: Any = SimpleNamespace(get=lambda _: None, waiting=lambda _: [])
    queue: Any = SimpleNamespace(jobs=lambda _: [])
    config: Any = SimpleNamespace(clusters={"prod": SimpleNamespace(failure_domain="zone", channel="C0PROD")})
    reader: Any = SimpleNamespace(read_whole=lambda _, query: description.facts(query), keep_good_spec=lambda *_: None)
    services = WorkerServices(
        config=config,
        commands=COMMANDS,
        queue=queue,
        notifier=unused,
        replies=parts,
        secret_messages=unused,
        outbox=unused,
        cluster_reader=reader,
        approvals=approvals,
        approval_step=parts,
        watch=unused,
        pending_rotations=unused,
        secret_inbox=parts,
        enrolment_message=unused,
        uploads=unused,
        pictures=unused,
        exporter=unused,
    )
    what = replace(order(job_id="k7f3", words=words), secret_id="some-id" if keyed else "")
    lease: Any = SimpleNamespace(job=Job(what, "running"))
    Changes(services).run(lease, command, arguments)
    return worker.said


def test_the_key_of_a_locked_manager_is_asked_for() -> None:
    """The message says for what, and that nothing was changed."""
    message, how = asked("unlock host-2", {"hosts": {**THREE, "host-2": LOCKED}})
    assert message == [
        "· *The unlock key is needed* to unlock `host-2` in prod · `k7f3`",
        "Nothing was changed yet. Only you see the form.",
        "[Enter unlock key]",
    ]
    assert how == "form offered"


def test_no_key_is_asked_for_a_manager_that_is_not_locked() -> None:
    """The order ends with what is true."""
    said = asked("unlock host-2", {"hosts": THREE})
    assert said == [
        ["✓ *No change needed*: `host-2` is not locked. Nothing was changed."],
        "no change needed",
    ]


def test_no_key_is_asked_for_a_host_that_does_not_respond() -> None:
    """The refusal comes instead of a form."""
    [said] = asked("unlock host-2", {"hosts": {**THREE, "host-2": {"is": "manager", "failure": "no route"}}})
    assert said == "`host-2` (10.0.0.2): no route."


def test_no_key_is_asked_for_a_recovery_that_needs_none() -> None:
    """``--unlock`` on a cluster without autolock: the plan says so, and continues."""
    facts = {"hosts": WITHOUT_QUORUM, "readable": False}
    assert asked("recover host-1 --gone host-2 --unlock", facts) == ["planned without a secret"]


def test_a_job_with_the_key_goes_on() -> None:
    """It is not asked for twice."""
    facts = {"hosts": {**THREE, "host-2": LOCKED}}
    assert asked("unlock host-2", facts, keyed=True) == ["planned without a secret"]


def test_no_button_is_sent_that_would_be_refused() -> None:
    """Without SWARMBOT_SECRET_KEY nothing could encrypt what is typed."""
    worker = Worker(Refused("what you type cannot be encrypted"))
    said = asked("unlock host-2", {"hosts": {**THREE, "host-2": LOCKED}}, worker=worker)
    assert said == ["what you type cannot be encrypted"]
