"""Whether a failed task is started again."""

from __future__ import annotations

from typing import Any, Final

import pytest

from bot.model import TaskFacts
from bot.swarm.services.diagnosis.restart_policy import restart_text

NOW: Final = 10_000.0
SECOND: Final = 1_000_000_000


@pytest.mark.parametrize(
    ("policy", "ago_s", "told"),
    [
        (None, 900, "Docker tries again after each 5s."),
        ({"Condition": "any", "MaxAttempts": 0, "Delay": 0}, 900, "Docker tries again at once."),
        ({"Condition": "on-failure", "Delay": 60 * SECOND}, 1, "Docker tries again after each 1m."),
        ({"Condition": "none"}, 1, "Docker does not start it again: its restart condition is `none`."),
        ({"MaxAttempts": 3}, 1, "Docker tries again after each 5s, at most 3 times."),
        ({"MaxAttempts": 3}, 60, "Docker does not start it again: its restart policy allows 3 restarts."),
    ],
)
def test_only_the_restart_policy_ends_it(policy: dict[str, Any] | None, ago_s: float, told: str) -> None:
    """Without a limit there is always another attempt; with one it is over when none came after the delay."""
    last = TaskFacts("web-id", "n1", "failed", wanted=False, since=NOW - ago_s, spec={"RestartPolicy": policy})
    assert restart_text(last, NOW) == told
