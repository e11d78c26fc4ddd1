"""A new key is shown to its person alone, by picture and by text, and the picture does not stay."""

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
from bot.slack.outbound.files import FileRefused, Files
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.store import keys
from bot.totp import Pictures, Seeds, Showing, Totp, codes
from sandbox.slack import CannotDo, LocalSlack
from sandbox.slack.transcript import Seen
from tests.kits.totp import ADA, KEY, Clock, code_of, enrolled, everything

SPELLED = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")


@pytest.fixture
def showing(slack: LocalSlack, files: Files, totp: Totp) -> Showing:
    """The worker's part, before a Slack that is done with files at once."""
    slack.file_delay(0)
    return Showing(totp, files, Notifier(web_client(Settings.from_environment(slack.environment()))))


@pytest.fixture
def picture(slack: LocalSlack, showing: Showing) -> str:
    """The file's id of a key that ada was shown."""
    (picture,) = shown(slack, showing).files
    return picture


@pytest.fixture
def pictures(client: Redis, files: Files, clock: Clock) -> Pictures:
    """What deletes pictures, turned by hand."""
    return Pictures(client, files, clock)


def shown(slack: LocalSlack, showing: Showing) -> Seen:
    """Show ada a key, and return what she sees."""
    showing.show(ADA, "C0PROD", slack.slash("ada", "prod", "totp").response_url)
    return slack.wait_to_see("ada", "Your second factor", private=True)


def seed_of(seen: Seen) -> Secret:
    """The key as it stands in the message."""
    found = SPELLED.search(seen.text)
    assert found
    return Secret(found[0].replace(" ", ""))


def test_a_key_is_shown_to_its_person_alone(slack: LocalSlack, showing: Showing, totp: Totp, clock: Clock) -> None:
    """Picture and text are of one key, nobody else sees either, and its first code makes it count."""
    seen = shown(slack, showing)
    seed = seed_of(seen)
    (picture,) = seen.files
    assert slack.picture("ada", picture) == codes.picture(codes.uri(seed, ADA))
    assert slack.file_seen_by(picture) == ["ada"]
    assert slack.messages("prod") == []
    button = next(e for block in seen.blocks for e in block.get("elements", []) if e.get("action_id") == "totp.code")
    totp.confirm(ADA, button["value"], code_of(seed, clock.at))


def test_neither_redis_nor_the_log_has_the_key(
    slack: LocalSlack, showing: Showing, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """All that is at rest is sealed; at the level of logging that says most, too."""
    with caplog.at_level("DEBUG"):
        seed = seed_of(shown(slack, showing))
    spelled = codes.spelled(seed).reveal()
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
def test_without_a_picture_the_text_does(slack: LocalSlack, showing: Showing, kind: str, target: str) -> None:
    """Whatever Slack refuses of the picture, the key is shown and the message says so."""
    slack.fault(kind, target)  # type: ignore[arg-type] # one of the kinds
    seen = shown(slack, showing)
    assert seed_of(seen)
    assert seen.files == ()
    assert "did not take the picture" in seen.text


def test_a_picture_that_is_never_ready_is_not_waited_for(slack: LocalSlack, showing: Showing) -> None:
    """Slack processes files when it likes: after a while the text must do."""
    slack.file_delay(3600)
    assert "did not take the picture" in shown(slack, showing).text


def test_nobody_gets_a_second_key(slack: LocalSlack, showing: Showing, totp: Totp, clock: Clock) -> None:
    """Who is enrolled is refused by the worker too, whatever the web process saw before."""
    enrolled(totp, clock)
    with pytest.raises(Refused, match="already"):
        showing.show(ADA, "C0PROD", slack.slash("ada", "prod", "totp").response_url)


def test_a_key_goes_by_no_direct_message(slack: LocalSlack, showing: Showing) -> None:
    """Where no private message can be shown, none is: what stays in a conversation could be read later."""
    slack.fault("error", "chat.postEphemeral", code="user_not_in_channel")
    with pytest.raises(Undelivered):
        showing.show(ADA, "C0PROD", "https://elsewhere.example/hook")
    assert not [entry for entry in slack.transcript() if SPELLED.search(entry.text)]


def test_a_picture_goes_with_the_first_right_code(
    slack: LocalSlack, showing: Showing, pictures: Pictures, totp: Totp, client: Redis
) -> None:
    """Not before; and nothing is left to delete."""
    seen = shown(slack, showing)
    pictures.turn()
    assert slack.picture("ada", seen.files[0])
    totp.confirm(ADA, str(client.hget(keys.enrolment(ADA), "id")), code_of(seed_of(seen), Clock().at))
    pictures.turn()
    with pytest.raises(CannotDo, match="file_deleted"):
        slack.file_bytes(seen.files[0])
    assert not client.exists(keys.PICTURES)


def _ten_minutes(_: Totp, clock: Clock) -> None:
    clock.at += keys.ENROLMENT_KEPT + 1


def _another(totp: Totp, _: Clock) -> None:
    totp.enrol(ADA)


def _reset(totp: Totp, _: Clock) -> None:
    totp.reset(ADA, "U0CLEO")


@pytest.mark.parametrize("ending", [_ten_minutes, _another, _reset])
def test_a_picture_goes_however_its_enrolment_ends(
    slack: LocalSlack, picture: str, client: Redis, files: Files, ending: Callable[[Totp, Clock], None]
) -> None:
    """After ten minutes, when another one is asked for, and when an administrator resets."""
    clock = Clock()
    ending(Totp(client, Audit(client), Seeds(KEY), clock), clock)
    Pictures(client, files, clock).turn()
    with pytest.raises(CannotDo, match="file_deleted"):
        slack.file_bytes(picture)


def test_a_picture_that_slack_keeps_is_deleted_later(
    slack: LocalSlack, picture: str, pictures: Pictures, clock: Clock
) -> None:
    """An error is no end of it."""
    clock.at += keys.ENROLMENT_KEPT + 1
    slack.fault("error", "files.delete", times=1)
    pictures.turn()
    assert slack.file_bytes(picture)
    pictures.turn()
    assert slack.file_bytes(picture)
    clock.at += 61
    pictures.turn()
    with pytest.raises(CannotDo, match="file_deleted"):
        slack.file_bytes(picture)


def test_an_upload_that_broke_leaves_nothing_to_do(
    slack: LocalSlack, showing: Showing, pictures: Pictures, clock: Clock, client: Redis
) -> None:
    """A file that never came to be is forgotten."""
    slack.fault("drop", "upload_url")
    shown(slack, showing)
    clock.at += keys.ENROLMENT_KEPT + 1
    pictures.turn()
    assert not client.exists(keys.PICTURES)


def test_content_goes_to_slack_alone(slack: LocalSlack) -> None:
    """An upload address that is not Slack's is refused before anything is sent there."""
    client = web_client(Settings.from_environment(slack.environment()))
    client.files_getUploadURLExternal = lambda **_: {"file_id": "F1", "upload_url": "http://127.0.0.1:9/x"}  # type: ignore[method-assign,assignment] # a Slack that lies
    with pytest.raises(FileRefused, match="no upload address of Slack's"):
        Files(client).upload("x", b"x", begun=lambda _: None)
