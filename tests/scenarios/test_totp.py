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
from tests.kits.scenario import Scenario, config
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
    ) as deployment:
        yield deployment


@pytest.fixture
def totp_scenario(totp_deployment: Deployment) -> Scenario:
    """That bot, reset."""
    scenario = Scenario(totp_deployment)
    scenario.reset()
    return scenario


def begin_enrolment(scenario: Scenario, user: str, channel: str = "prod") -> TranscriptEntry:
    """Request a key, and return the message that shows it."""
    after = scenario.now
    scenario.slack.slash(user, channel, "totp")
    return scenario.slack.wait_to_see(user, "Your second factor", after=after, private=True)


def totp_of(seen: TranscriptEntry) -> pyotp.TOTP:
    """Return the authenticator for the key in a message."""
    found = SPELLED.search(seen.text)
    assert found
    return pyotp.TOTP(found[0].replace(" ", ""))


def submit_code(scenario: Scenario, user: str, code: str) -> None:
    """Wait for the form, and submit it with a code."""
    who = scenario.slack.team.user(user).id
    scenario.slack.wait_for(lambda slack: slack.workspace.views.stack(who))
    scenario.slack.submit_view(user, {"code": code})


def enrol(scenario: Scenario, user: str) -> tuple[pyotp.TOTP, int]:
    """Enrol a person; the returned code is used up by it."""
    seen = begin_enrolment(scenario, user)
    authenticator = totp_of(seen)
    scenario.slack.click(user, seen, "Enter code")
    moment = int(time())
    submit_code(scenario, user, authenticator.at(moment))
    scenario.see(user, "second factor is set up", after=seen.number)
    scenario.slack.close_view(user)
    return authenticator, moment


def test_a_key_is_shown_until_confirmed(scenario: Scenario) -> None:
    """Only the requester sees it; after the first right code, message and QR code are gone."""
    seen = begin_enrolment(scenario, "ada")
    (picture,) = seen.files
    assert scenario.slack.image("ada", picture).startswith(b"\x89PNG")
    assert scenario.slack.file_seen_by(picture) == ["ada"]
    authenticator = totp_of(seen)
    scenario.slack.click("ada", seen, "Enter code")
    submit_code(scenario, "ada", authenticator.at(int(time()) + 100 * STEP))
    assert scenario.slack.workspace.views.stack("U0ADA"), "a wrong code keeps the form open"
    submit_code(scenario, "ada", authenticator.now())
    scenario.see("ada", "second factor is set up", after=seen.number)
    scenario.slack.wait_for(
        lambda slack: any(e.kind == "deleted" and e.ts == seen.ts for e in slack.transcript(seen.number))
    )
    scenario.slack.wait_for(lambda _: _gone(scenario, picture))
    assert "already" in scenario.ask("ada", "totp")
    assert authenticator.secret not in _stored_text(scenario)
    assert authenticator.secret not in scenario.public()


def test_set_up_works_in_any_channel(scenario: Scenario) -> None:
    """A second factor belongs to a person, not to a cluster."""
    assert totp_of(begin_enrolment(scenario, "eve", "random"))


def test_an_administrator_resets_a_second_factor(scenario: Scenario) -> None:
    """Operators may not; afterwards the person can set up a new one."""
    enrol(scenario, "ben")
    assert "You can't run" in scenario.ask("ada", "totp reset @ben")
    assert "you cannot reset your own" in scenario.ask("cleo", "totp reset @cleo")
    assert "was deleted" in scenario.ask("cleo", "totp reset @ben")
    assert totp_of(begin_enrolment(scenario, "ben"))


def test_an_approval_needs_an_unused_code(totp_scenario: Scenario) -> None:
    """Without a second factor the approval does not count; with one it counts once the code is right."""
    scenario = totp_scenario
    scenario.cluster(workers=("host-2",))
    scenario.slack.slash("cleo", "prod", "promote host-2")
    card = scenario.see("dan", "asks to promote")
    scenario.slack.click("dan", card, "Approve")
    submit_code(scenario, "dan", "123456")
    assert scenario.slack.workspace.views.stack("U0DAN"), "no second factor yet: the form says so and stays"
    scenario.slack.close_view("dan")
    authenticator, moment = enrol(scenario, "dan")
    scenario.slack.click("dan", card, "Approve")
    submit_code(scenario, "dan", authenticator.at(moment))
    assert scenario.slack.workspace.views.stack("U0DAN"), "a used code does not count again"
    submit_code(scenario, "dan", authenticator.at(moment + STEP))
    scenario.see("dan", "You approved", after=card.number)
    scenario.slack.wait_for(lambda _: "Reachable" in scenario.nodes().get("host-2", ""), timeout=60)


def _gone(scenario: Scenario, file_id: str) -> bool:
    try:
        scenario.slack.file_bytes(file_id)
    except CannotDo:
        return True
    return False


def _stored_text(scenario: Scenario) -> str:
    """Return everything in the bot's Redis and in the logs of its processes."""
    logs = [path.read_text(errors="replace") for path in Path(scenario.deployment.folder).glob("*.log")]
    return "\n".join([*stored(scenario), *logs])
