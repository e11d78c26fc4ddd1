"""A ticker goes on whatever its turns meet, and stops at once."""

from __future__ import annotations

import threading

import pytest

from bot.errors import Unavailable
from bot.periodic import PeriodicTask
from tests.kits.jobs import until


class Turns:
    """Turns that end as they are told to, then well; ``count`` says how many there were."""

    def __init__(self, *errors: Exception | None) -> None:
        self.count = 0
        self._errors = iter(errors)

    def __call__(self) -> None:
        """Take the next one."""
        self.count += 1
        if error := next(self._errors, None):
            raise error


def test_again_and_again_until_it_is_stopped() -> None:
    """The first turn comes at once; after the stop the thread is gone."""
    turns = Turns()
    ticker = PeriodicTask("herald", turns, every=0.001)
    ticker.start()
    until(lambda: turns.count >= 3, "three turns")
    ticker.stop()
    assert not any(thread.name == "herald" for thread in threading.enumerate())


def test_a_long_time_between_turns_holds_no_stop_up() -> None:
    """The thread ends though its next turn is due in an hour."""
    turns = Turns()
    ticker = PeriodicTask("anchor", turns, every=3600)
    ticker.start()
    until(lambda: turns.count == 1, "the first turn")
    ticker.stop(30)
    assert not any(thread.name == "anchor" for thread in threading.enumerate())


def test_errors_are_logged_and_gone_on_from(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A defect and an outage end no ticker; what stays the same is said once, and again when it has come back."""
    monkeypatch.setattr("bot.periodic.PAUSE", 0.001)
    outage = Unavailable("Redis does not answer.")
    turns = Turns(KeyError("x"), outage, outage, None, outage)
    ticker = PeriodicTask("herald", turns, every=0.001)
    ticker.start()
    until(lambda: turns.count >= 7, "two turns after the errors")
    ticker.stop()
    said = [record.getMessage() for record in caplog.records if record.name == "bot.periodic"]
    assert said == [
        "The herald met an error.",
        "herald: Redis does not answer.",
        "herald: Redis does not answer.",
    ]
