"""A second factor from its set-up to an approval that needs it, on real processes, a real Redis and real hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Final

import pyotp
import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.slack import CannotDo
from sandbox.slack.transcript import TranscriptEntry
from tests.kits.scenario import Play, config
from tests.kits.secret_search import stored

SPELLED: Final = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")
STEP: Final = 30


@pytest.fixture(scope="module")
def totp_deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot whose promotions need a second factor."""
    settings = config(fleet)
    settings["rules"] = {**settings["rules"], "approvals": {"promote": {"second_factor": "totp"}}}
    with Deployment(
        fleet, tmp_path_factory.mktemp("guarded"), config=settings, environment={"LOG_LEVEL": "DEBUG"}
    ) as stage:
        yield stage


@pytest.fixture
def totp_play(totp_deployment: Deployment) -> Play:
    """That bot, reset."""
    play = Play(totp_deployment)
    play.reset()
    return play


def begin_enrolment(play: Play, user: str, channel: str = "prod") -> TranscriptEntry:
    """Request a key, and return the message that shows it."""
    after = play.now
    play.slack.slash(user, channel, "totp")
    return play.slack.wait_to_see(user, "Your second factor", after=after, private=True)


def totp_of(seen: TranscriptEntry) -> pyotp.TOTP:
    """Return the authenticator for the key in a message."""
    found = SPELLED.search(seen.text)
    assert found
    return pyotp.TOTP(found[0].replace(" ", ""))


def submit_code(play: Play, user: str, code: str) -> None:
    """Wait for the form, and submit it with a code."""
    who = play.slack.team.user(user).id
    play.slack.wait_for(lambda slack: slack.workspace.views.stack(who))
    play.slack.submit_view(user, {"code": code})


def enrol(play: Play, user: str) -> tuple[pyotp.TOTP, int]:
    """Enrol a person; the returned code is used up by it."""
    seen = begin_enrolment(play, user)
    authenticator = totp_of(seen)
    play.slack.click(user, seen, "Enter code")
    moment = int(time())
    submit_code(play, user, authenticator.at(moment))
    play.see(user, "second factor is set up", after=seen.number)
    play.slack.close_view(user)
    return authenticator, moment


def test_a_key_is_shown_until_confirmed(play: Play) -> None:
    """Only the requester sees it; after the first right code, message and QR code are gone."""
    seen = begin_enrolment(play, "ada")
    (picture,) = seen.files
    assert play.slack.image("ada", picture).startswith(b"\x89PNG")
    assert play.slack.file_seen_by(picture) == ["ada"]
    authenticator = totp_of(seen)
    play.slack.click("ada", seen, "Enter code")
    submit_code(play, "ada", authenticator.at(int(time()) + 100 * STEP))
    assert play.slack.workspace.views.stack("U0ADA"), "a wrong code keeps the form open"
    submit_code(play, "ada", authenticator.now())
    play.see("ada", "second factor is set up", after=seen.number)
    play.slack.wait_for(
        lambda slack: any(e.kind == "deleted" and e.ts == seen.ts for e in slack.transcript(seen.number))
    )
    play.slack.wait_for(lambda _: _gone(play, picture))
    assert "already" in play.ask("ada", "totp")
    assert authenticator.secret not in _stored_text(play)
    assert authenticator.secret not in play.public()


def test_set_up_works_in_any_channel(play: Play) -> None:
    """A second factor belongs to a person, not to a cluster."""
    assert totp_of(begin_enrolment(play, "eve", "random"))


def test_an_administrator_resets_a_second_factor(play: Play) -> None:
    """Operators may not; afterwards the person can set up a new one."""
    enrol(play, "ben")
    assert "You can't run" in play.ask("ada", "totp reset @ben")
    assert "you cannot reset your own" in play.ask("cleo", "totp reset @cleo")
    assert "was deleted" in play.ask("cleo", "totp reset @ben")
    assert totp_of(begin_enrolment(play, "ben"))


def test_an_approval_needs_an_unused_code(totp_play: Play) -> None:
    """Without a second factor the approval does not count; with one it counts once the code is right."""
    play = totp_play
    play.cluster(workers=("host-2",))
    play.slack.slash("cleo", "prod", "promote host-2")
    card = play.see("dan", "asks to promote")
    play.slack.click("dan", card, "Approve")
    submit_code(play, "dan", "123456")
    assert play.slack.workspace.views.stack("U0DAN"), "no second factor yet: the form says so and stays"
    play.slack.close_view("dan")
    authenticator, moment = enrol(play, "dan")
    play.slack.click("dan", card, "Approve")
    submit_code(play, "dan", authenticator.at(moment))
    assert play.slack.workspace.views.stack("U0DAN"), "a used code does not count again"
    submit_code(play, "dan", authenticator.at(moment + STEP))
    play.see("dan", "You approved", after=card.number)
    play.slack.wait_for(lambda _: "Reachable" in play.nodes().get("host-2", ""), timeout=60)


def _gone(play: Play, file_id: str) -> bool:
    try:
        play.slack.file_bytes(file_id)
    except CannotDo:
        return True
    return False


def _stored_text(play: Play) -> str:
    """Return everything in the bot's Redis and in the logs of its processes."""
    logs = [path.read_text(errors="replace") for path in Path(play.stage.folder).glob("*.log")]
    return "\n".join([*stored(play), *logs])
