"""A second factor from the first word to an approval that wants it, on real processes, a real Redis and real hosts."""

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
def guarded_stage(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot whose promotions want a second factor."""
    settings = config(fleet)
    settings["rules"] = {**settings["rules"], "approvals": {"promote": {"second_factor": "totp"}}}
    with Deployment(
        fleet, tmp_path_factory.mktemp("guarded"), config=settings, environment={"LOG_LEVEL": "DEBUG"}
    ) as stage:
        yield stage


@pytest.fixture
def guarded(guarded_stage: Deployment) -> Play:
    """That bot before a new beginning."""
    play = Play(guarded_stage)
    play.reset()
    return play


def begin(play: Play, user: str, channel: str = "prod") -> TranscriptEntry:
    """Ask for a key, and return the message that shows it."""
    after = play.now
    play.slack.slash(user, channel, "totp")
    return play.slack.wait_to_see(user, "Your second factor", after=after, private=True)


def key_of(seen: TranscriptEntry) -> pyotp.TOTP:
    """The authenticator of the key that a message shows."""
    found = SPELLED.search(seen.text)
    assert found
    return pyotp.TOTP(found[0].replace(" ", ""))


def fill(play: Play, user: str, code: str) -> None:
    """Wait for the form, and submit it with a code."""
    who = play.slack.team.user(user).id
    play.slack.wait_for(lambda slack: slack.workspace.views.stack(who))
    play.slack.submit_view(user, {"code": code})


def enrol(play: Play, user: str) -> tuple[pyotp.TOTP, int]:
    """Enrol a person as they would; the code of the moment that is returned is used up by it."""
    seen = begin(play, user)
    authenticator = key_of(seen)
    play.slack.click(user, seen, "Enter code")
    moment = int(time())
    fill(play, user, authenticator.at(moment))
    play.see(user, "second factor is set up", after=seen.number)
    play.slack.close_view(user)
    return authenticator, moment


def test_a_key_is_set_up_and_goes_again(play: Play) -> None:
    """Shown to the asker alone; after the first right code neither message nor picture is left."""
    seen = begin(play, "ada")
    (picture,) = seen.files
    assert play.slack.image("ada", picture).startswith(b"\x89PNG")
    assert play.slack.file_seen_by(picture) == ["ada"]
    authenticator = key_of(seen)
    play.slack.click("ada", seen, "Enter code")
    fill(play, "ada", authenticator.at(int(time()) + 100 * STEP))
    assert play.slack.workspace.views.stack("U0ADA"), "a wrong code keeps the form open"
    fill(play, "ada", authenticator.now())
    play.see("ada", "second factor is set up", after=seen.number)
    play.slack.wait_for(
        lambda slack: any(e.kind == "deleted" and e.ts == seen.ts for e in slack.transcript(seen.number))
    )
    play.slack.wait_for(lambda _: _gone(play, picture))
    assert "already" in play.ask("ada", "totp")
    assert authenticator.secret not in _at_rest(play)
    assert authenticator.secret not in play.public()


def test_it_is_set_up_where_there_is_no_cluster(play: Play) -> None:
    """It is a person's: any channel will do."""
    assert key_of(begin(play, "eve", "random"))


def test_an_administrator_resets_somebody_elses(play: Play) -> None:
    """Operators may not; afterwards a new one can be had."""
    enrol(play, "ben")
    assert "You can't run" in play.ask("ada", "totp reset @ben")
    assert "you cannot reset your own" in play.ask("cleo", "totp reset @cleo")
    assert "was deleted" in play.ask("cleo", "totp reset @ben")
    assert key_of(begin(play, "ben"))


def test_an_approval_takes_a_code_that_counts_once(guarded: Play) -> None:
    """Without a second factor the yes does not count; with it, once the code is right."""
    play = guarded
    play.cluster(workers=("host-2",))
    play.slack.slash("cleo", "prod", "promote host-2")
    card = play.see("dan", "asks to promote")
    play.slack.click("dan", card, "Approve")
    fill(play, "dan", "123456")
    assert play.slack.workspace.views.stack("U0DAN"), "no second factor yet: the form says so and stays"
    play.slack.close_view("dan")
    authenticator, moment = enrol(play, "dan")
    play.slack.click("dan", card, "Approve")
    fill(play, "dan", authenticator.at(moment))
    assert play.slack.workspace.views.stack("U0DAN"), "a used code does not count again"
    fill(play, "dan", authenticator.at(moment + STEP))
    play.see("dan", "You approved", after=card.number)
    play.slack.wait_for(lambda _: "Reachable" in play.nodes().get("host-2", ""), timeout=60)


def _gone(play: Play, file_id: str) -> bool:
    try:
        play.slack.file_bytes(file_id)
    except CannotDo:
        return True
    return False


def _at_rest(play: Play) -> str:
    """All that is in the bot's Redis, and all that its processes logged."""
    logs = [path.read_text(errors="replace") for path in Path(play.stage.folder).glob("*.log")]
    return "\n".join([*stored(play), *logs])
