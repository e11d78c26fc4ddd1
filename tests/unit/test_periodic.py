"""A periodic task continues whatever happens in its turns, and stops at once."""

from __future__ import annotations

import threading

import pytest

from bot.errors import Unavailable
from bot.periodic import PeriodicTask
from tests.kits.jobs import until


class Turns:
    """Turns that raise the given errors in order, then succeed; ``count`` is the number of turns."""

    def __init__(self, *errors: Exception | None) -> None:
        self.count = 0
        self._errors = iter(errors)

    def __call__(self) -> None:
        """Take the next turn."""
        self.count += 1
        if error := next(self._errors, None):
            raise error


def test_turns_repeat_until_the_task_is_stopped() -> None:
    """The first turn begins at once; after the stop the thread is gone."""
    turns = Turns()
    task = PeriodicTask("card publisher", turns, interval_s=0.001)
    task.start()
    until(lambda: turns.count >= 3, "three turns")
    task.stop()
    assert not any(thread.name == "card publisher" for thread in threading.enumerate())


def test_a_long_interval_does_not_delay_the_stop() -> None:
    """The thread ends although its next turn is due in an hour."""
    turns = Turns()
    task = PeriodicTask("anchor", turns, interval_s=3600)
    task.start()
    until(lambda: turns.count == 1, "the first turn")
    task.stop(30)
    assert not any(thread.name == "anchor" for thread in threading.enumerate())


def test_errors_do_not_end_the_task(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A defect or an outage does not end the task. An error that repeats is logged once until a turn succeeds."""
    monkeypatch.setattr("bot.periodic.MIN_RETRY_S", 0.001)
    outage = Unavailable("Redis does not answer.")
    turns = Turns(KeyError("x"), outage, outage, None, outage)
    task = PeriodicTask("card publisher", turns, interval_s=0.001)
    task.start()
    until(lambda: turns.count >= 7, "two turns after the errors")
    task.stop()
    logged = [record.getMessage() for record in caplog.records if record.name == "bot.periodic"]
    assert logged == [
        'The task "card publisher" failed.',
        "card publisher: Redis does not answer.",
        "card publisher: Redis does not answer.",
    ]
