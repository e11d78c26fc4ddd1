"""`/swarm totp` at the gate: the command, its button and its form."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.audit import Audit
from bot.blocks import Message
from bot.blocks.modals import FieldErrors
from bot.commands import EnrolTotp, ResetTotp, Vocabulary, read_arguments
from bot.errors import NotUnderstood, Refused, Unavailable
from bot.gate.call import Call
from bot.gate.totp_command import TotpCommand
from bot.queue.queue import Queue
from bot.queue.worker_registry import WorkerRegistry
from bot.slack.inbound.requests import PressRequest, SubmitRequest
from bot.totp import Totp
from tests.kits.commands import COMMANDS
from tests.kits.totp import ADA, Clock, actions, code_of, enrolled, wrong_code

URL = "https://hooks.slack.com/actions/1"
TOTP = COMMANDS["totp"]


@pytest.fixture
def queue(client: Redis, audit: Audit) -> Queue:
    """A queue with a worker."""
    queue = Queue(client, audit)
    queue.registry.join()
    WorkerRegistry(client, beat_ms=60_000).beat("w")
    return queue


@pytest.fixture
def totp_command(queue: Queue, totp: Totp) -> TotpCommand:
    """Return the command."""
    return TotpCommand(queue, totp)


def call(words: str = "", user: str = ADA) -> Call:
    """Return `/swarm totp …` as parsed, in a channel of no cluster."""
    arguments = read_arguments(TOTP, tuple(words.split()), Vocabulary())
    return Call(TOTP, arguments, f"totp {words}".strip(), "", user, "C0RANDOM", URL, f"command:{words}:{user}")


def submit(metadata: str, code: str, user: str = ADA) -> SubmitRequest:
    """Return the submitted form."""
    return SubmitRequest("totp.confirm", metadata, {"code": code}, user, f"form:{metadata}:{code}")


def press(value: str, user: str = ADA) -> PressRequest:
    """Return a press of *Enter code*."""
    return PressRequest("totp.code", value, user, "C0PROD", URL, "press:1", "1.2", "")


def test_arguments_and_permissions() -> None:
    """Anybody may set up their own; a reset is for administrators and needs a person."""
    assert TOTP.control
    assert TOTP.control(call().arguments) == EnrolTotp()
    assert TOTP.permission(call().arguments) == "view"
    reset = call("reset U0BEN").arguments
    assert TOTP.control(reset) == ResetTotp("U0BEN")
    assert TOTP.permission(reset) == "administer"
    with pytest.raises(NotUnderstood, match="needs a person"):
        TOTP.control(call("reset").arguments)


def test_worker_shows_the_key(totp_command: TotpCommand, queue: Queue) -> None:
    """The web process makes no key: it queues an internal job."""
    assert totp_command.start(call()) is None
    lease = queue.take("w", "concurrent", block_ms=0)
    assert lease
    assert (lease.job.order.command, lease.job.order.requester, lease.job.order.response_url) == ("totp", ADA, URL)


def test_second_enrolment_is_refused(totp_command: TotpCommand, queue: Queue, totp: Totp, clock: Clock) -> None:
    """Before anything is stored, with how to replace it."""
    enrolled(totp, clock)
    with pytest.raises(Refused, match="already"):
        totp_command.start(call())
    with pytest.raises(Refused, match="already"):
        totp_command.form(press("x"))
    assert queue.take("w", "concurrent", block_ms=0) is None


def test_reply_says_that_no_worker_runs(client: Redis, audit: Audit, totp: Totp) -> None:
    """Nothing is silent."""
    told = TotpCommand(Queue(client, audit), totp).start(call())
    assert told
    assert "no worker is running" in told.text


def test_form_confirms_and_hides_the_key(totp_command: TotpCommand, queue: Queue, totp: Totp, clock: Clock) -> None:
    """A wrong code keeps the form open; the correct one deletes the message with the key."""
    enrolment = totp.enrol(ADA)
    form = totp_command.form(press(enrolment.id))
    wrong = totp_command.confirm(submit(form.private_metadata, wrong_code(enrolment.seed, clock.at)))
    assert isinstance(wrong, FieldErrors)
    assert wrong.errors["code"].startswith("This code is wrong; 4 tries left.")
    assert queue.take("w", "concurrent", block_ms=0) is None
    assert isinstance(totp_command.confirm(submit(form.private_metadata, code_of(enrolment.seed, clock.at))), Message)
    assert totp.enrolled(ADA)
    lease = queue.take("w", "concurrent", block_ms=0)
    assert lease
    assert (lease.job.order.command, lease.job.order.response_url) == ("hide", URL)


def test_confirmation_counts_if_the_key_stays_shown(
    totp_command: TotpCommand, queue: Queue, totp: Totp, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis fails after the second factor was confirmed: the reply says that it is set up."""

    def admit(*_: object) -> None:
        raise Unavailable("Redis cannot be reached.")

    monkeypatch.setattr(queue, "admit", admit)
    enrolment = totp.enrol(ADA)
    confirmed = totp_command.confirm(submit(f"{enrolment.id} {URL}", code_of(enrolment.seed, clock.at)))
    assert isinstance(confirmed, Message)
    assert "is set up" in confirmed.text


def test_administrators_reset_others(totp_command: TotpCommand, totp: Totp, clock: Clock, audit: Audit) -> None:
    """Not themselves: a stolen session could bypass the second factor."""
    enrolled(totp, clock)
    with pytest.raises(Refused, match="you cannot reset your own"):
        totp_command.reset(call(f"reset {ADA}"), ADA)
    assert totp.enrolled(ADA)
    assert "was deleted" in totp_command.reset(call(f"reset {ADA}", user="U0CLEO"), ADA).text
    assert not totp.enrolled(ADA)
    assert actions(audit)[-1] == "second factor reset"
    with pytest.raises(NotUnderstood, match="no second factor"):
        totp_command.reset(call(f"reset {ADA}", user="U0CLEO"), ADA)


def test_audit_log_has_no_codes_or_seeds(totp_command: TotpCommand, totp: Totp, clock: Clock, audit: Audit) -> None:
    """For any code, correct or wrong."""
    enrolment = totp.enrol(ADA)
    tried = [wrong_code(enrolment.seed, clock.at), code_of(enrolment.seed, clock.at)]
    for code in tried:
        totp_command.confirm(submit(enrolment.id, code))
    told = " ".join(f"{entry.words} {entry.detail}" for entry in audit.query(count=100))
    assert not [secret for secret in (*tried, enrolment.seed.reveal()) if secret in told]
