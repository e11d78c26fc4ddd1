"""A new key is shown only to its person, as QR code and as text, and the QR code is deleted."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from redis import Redis

from bot.audit import Audit
from bot.errors import Refused
from bot.secrets.secret import Secret
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import BlockFiles, FileRefused
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.store import keys
from bot.totp import EnrolmentMessage, QrCodeCleanup, SeedVault, Totp, codes
from sandbox.slack import CannotDo, LocalSlack
from sandbox.slack.transcript import TranscriptEntry
from tests.kits.totp import ADA, KEY, Clock, code_of, enrolled, everything

SPELLED = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")


@pytest.fixture
def enrolment_message(slack: LocalSlack, files: BlockFiles, totp: Totp) -> EnrolmentMessage:
    """Return the worker's part, with a Slack that processes files at once."""
    slack.file_delay(0)
    return EnrolmentMessage(totp, files, Notifier(web_client(Settings.from_environment(slack.environment()))))


@pytest.fixture
def qr_code_id(slack: LocalSlack, enrolment_message: EnrolmentMessage) -> str:
    """Return the file id of a key that ada was shown."""
    (qr_code_id,) = shown(slack, enrolment_message).files
    return qr_code_id


@pytest.fixture
def cleanup(client: Redis, files: BlockFiles, clock: Clock) -> QrCodeCleanup:
    """Return the cleanup, which the test runs."""
    return QrCodeCleanup(client, files, clock)


def shown(slack: LocalSlack, enrolment_message: EnrolmentMessage) -> TranscriptEntry:
    """Show ada a key, and return what she sees."""
    enrolment_message.show(ADA, "C0PROD", slack.slash("ada", "prod", "totp").response_url)
    return slack.wait_to_see("ada", "Your second factor", private=True)


def seed_of(seen: TranscriptEntry) -> Secret:
    """Return the key in the message."""
    found = SPELLED.search(seen.text)
    assert found
    return Secret(found[0].replace(" ", ""))


def test_key_is_shown_to_its_person_only(
    slack: LocalSlack, enrolment_message: EnrolmentMessage, totp: Totp, clock: Clock
) -> None:
    """QR code and text are of the same key, nobody else sees either, and its first code activates it."""
    seen = shown(slack, enrolment_message)
    seed = seed_of(seen)
    (qr_code_id,) = seen.files
    assert slack.image("ada", qr_code_id) == codes.qr_code(codes.uri(seed, ADA))
    assert slack.file_seen_by(qr_code_id) == ["ada"]
    assert slack.messages("prod") == []
    button = next(e for block in seen.blocks for e in block.get("elements", []) if e.get("action_id") == "totp.code")
    totp.confirm(ADA, button["value"], code_of(seed, clock.at))


def test_neither_redis_nor_the_log_has_the_key(
    slack: LocalSlack, enrolment_message: EnrolmentMessage, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything stored is encrypted; the log at its most verbose level has no key."""
    with caplog.at_level("DEBUG"):
        seed = seed_of(shown(slack, enrolment_message))
    spelled = codes.grouped(seed).reveal()
    for text in (everything(client), caplog.text):
        assert seed.reveal() not in text
        assert spelled not in text


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("error", "files.getUploadURLExternal"),
        ("drop", "upload_url"),
        ("error", "files.completeUploadExternal"),
        ("refuse_block", "image"),
    ],
)
def test_without_a_qr_code_the_text_is_shown(
    slack: LocalSlack, enrolment_message: EnrolmentMessage, kind: str, target: str
) -> None:
    """If Slack refuses the QR code, the key is still shown and the message says so."""
    slack.fault(kind, target)  # type: ignore[arg-type] # one of the kinds
    seen = shown(slack, enrolment_message)
    assert seed_of(seen)
    assert seen.files == ()
    assert "did not accept the QR code" in seen.text


def test_unprocessed_qr_code_times_out(slack: LocalSlack, enrolment_message: EnrolmentMessage) -> None:
    """After a timeout the text is shown."""
    slack.file_delay(3600)
    assert "did not accept the QR code" in shown(slack, enrolment_message).text


def test_nobody_gets_a_second_key(
    slack: LocalSlack, enrolment_message: EnrolmentMessage, totp: Totp, clock: Clock
) -> None:
    """The worker refuses an enrolled person too, even if the web process saw none before."""
    enrolled(totp, clock)
    with pytest.raises(Refused, match="already"):
        enrolment_message.show(ADA, "C0PROD", slack.slash("ada", "prod", "totp").response_url)


def test_key_is_never_a_direct_message(slack: LocalSlack, enrolment_message: EnrolmentMessage) -> None:
    """If no private message can be shown, none is: a direct message could be read later."""
    slack.fault("error", "chat.postEphemeral", code="user_not_in_channel")
    with pytest.raises(Undelivered):
        enrolment_message.show(ADA, "C0PROD", "https://elsewhere.example/hook")
    assert not [entry for entry in slack.transcript() if SPELLED.search(entry.text)]


def test_qr_code_is_deleted_after_the_first_correct_code(
    slack: LocalSlack, enrolment_message: EnrolmentMessage, cleanup: QrCodeCleanup, totp: Totp, client: Redis
) -> None:
    """Not before; and nothing is left to delete."""
    seen = shown(slack, enrolment_message)
    cleanup.delete_due()
    assert slack.image("ada", seen.files[0])
    totp.confirm(ADA, str(client.hget(keys.enrolment(ADA), "id")), code_of(seed_of(seen), Clock().at))
    cleanup.delete_due()
    with pytest.raises(CannotDo, match="file_deleted"):
        slack.file_bytes(seen.files[0])
    assert not client.exists(keys.PICTURES)


def _ten_minutes(_: Totp, clock: Clock) -> None:
    clock.at += keys.ENROLMENT_TTL_S + 1


def _another(totp: Totp, _: Clock) -> None:
    totp.enrol(ADA)


def _reset(totp: Totp, _: Clock) -> None:
    totp.reset(ADA, "U0CLEO")


@pytest.mark.parametrize("ending", [_ten_minutes, _another, _reset])
def test_qr_code_is_deleted_whenever_its_enrolment_ends(
    slack: LocalSlack, qr_code_id: str, client: Redis, files: BlockFiles, ending: Callable[[Totp, Clock], None]
) -> None:
    """After ten minutes, after a new enrolment, and after a reset."""
    clock = Clock()
    ending(Totp(client, Audit(client), SeedVault(KEY), clock), clock)
    QrCodeCleanup(client, files, clock).delete_due()
    with pytest.raises(CannotDo, match="file_deleted"):
        slack.file_bytes(qr_code_id)


def test_deletion_is_retried(slack: LocalSlack, qr_code_id: str, cleanup: QrCodeCleanup, clock: Clock) -> None:
    """After an error of Slack."""
    clock.at += keys.ENROLMENT_TTL_S + 1
    slack.fault("error", "files.delete", times=1)
    cleanup.delete_due()
    assert slack.file_bytes(qr_code_id)
    cleanup.delete_due()
    assert slack.file_bytes(qr_code_id)
    clock.at += 61
    cleanup.delete_due()
    with pytest.raises(CannotDo, match="file_deleted"):
        slack.file_bytes(qr_code_id)


def test_failed_upload_leaves_nothing_to_delete(
    slack: LocalSlack, enrolment_message: EnrolmentMessage, cleanup: QrCodeCleanup, clock: Clock, client: Redis
) -> None:
    """A file that does not exist is forgotten."""
    slack.fault("drop", "upload_url")
    shown(slack, enrolment_message)
    clock.at += keys.ENROLMENT_TTL_S + 1
    cleanup.delete_due()
    assert not client.exists(keys.PICTURES)


def test_content_is_sent_to_slack_only(slack: LocalSlack) -> None:
    """An upload address that is not Slack's is refused before anything is sent."""
    client = web_client(Settings.from_environment(slack.environment()))
    client.files_getUploadURLExternal = lambda **_: {"file_id": "F1", "upload_url": "http://127.0.0.1:9/x"}  # type: ignore[method-assign,assignment] # a Slack that lies
    with pytest.raises(FileRefused, match="the upload address is not Slack's"):
        BlockFiles(client).upload("x", b"x", begun=lambda _: None)
