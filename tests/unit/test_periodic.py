"""A periodic task continues after any error in its runs, and stops at once."""

from __future__ import annotations

import threading

import pytest

from bot.errors import Unavailable
from bot.periodic import PeriodicTask
from tests.kits.jobs import until


class Runs:
    """Runs that raise the given errors in order, then succeed; ``count`` is the number of runs."""

    def __init__(self, *errors: Exception | None) -> None:
        self.count = 0
        self._errors = iter(errors)

    def __call__(self) -> None:
        """Take the next run."""
        self.count += 1
        if error := next(self._errors, None):
            raise error


def test_turns_repeat_until_the_task_is_stopped() -> None:
    """The first run begins at once; after the stop the thread is gone."""
    runs = Runs()
    task = PeriodicTask("card publisher", runs, interval_s=0.001)
    task.start()
    until(lambda: runs.count >= 3, "three runs")
    task.stop()
    assert not any(thread.name == "card publisher" for thread in threading.enumerate())


def test_a_long_interval_does_not_delay_the_stop() -> None:
    """The thread ends although its next run is due in an hour."""
    runs = Runs()
    task = PeriodicTask("anchor", runs, interval_s=3600)
    task.start()
    until(lambda: runs.count == 1, "the first run")
    task.stop(30)
    assert not any(thread.name == "anchor" for thread in threading.enumerate())


def test_errors_do_not_end_the_task(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A defect or an outage does not end the task. An error that repeats is logged once until a run succeeds."""
    monkeypatch.setattr("bot.periodic.MIN_RETRY_S", 0.001)
    outage = Unavailable("Redis does not answer.")
    runs = Runs(KeyError("x"), outage, outage, None, outage)
    task = PeriodicTask("card publisher", runs, interval_s=0.001)
    task.start()
    until(lambda: runs.count >= 7, "two runs after the errors")
    task.stop()
    logged = [record.getMessage() for record in caplog.records if record.name == "bot.periodic"]
    assert logged == [
        'The task "card publisher" failed.',
        "card publisher: Redis does not answer.",
        "card publisher: Redis does not answer.",
    ]
