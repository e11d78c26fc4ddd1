"""Whether Docker starts another task after one that failed. Pure."""

from __future__ import annotations

from typing import Final

from bot.model import TaskFacts
from bot.model.service import NANOSECONDS, NO_SPEC
from bot.text.durations import write_duration
from bot.text.suggest import number_of

DEFAULT_DELAY_S: Final = 5.0
"""Docker's default of ``RestartPolicy.Delay``."""
LATE_S: Final = 10.0
"""A successor would have been seen within this time after the delay."""


def restart_text(last: TaskFacts, now: float) -> str:
    """Return whether a failed task without a successor gets one, in a sentence. ``now``: unix seconds.

    Docker does not report that the attempts are used up. It is inferred from the time that has passed: Docker's counter
    starts again with each spec and window.
    """
    policy = last.spec.get("RestartPolicy") or NO_SPEC
    delay, max_attempts = policy.get("Delay"), int(policy.get("MaxAttempts") or 0)
    delay_s = DEFAULT_DELAY_S if delay is None else float(delay) / NANOSECONDS
    if policy.get("Condition") == "none":
        return "Docker does not start it again: its restart condition is `none`."
    if max_attempts and now - last.since > delay_s + LATE_S:
        return f"Docker does not start it again: its restart policy allows {number_of(max_attempts, 'restart')}."
    again = f"Docker tries again after each {write_duration(delay_s)}" if delay_s else "Docker tries again at once"
    return f"{again}, at most {number_of(max_attempts, 'time')}." if max_attempts else f"{again}."
