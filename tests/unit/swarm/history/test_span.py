"""For what time a history is shown."""

from __future__ import annotations

import pytest

from bot.errors import NotUnderstood
from bot.model.history import KEPT_S
from bot.swarm.history.span import check_length, span_of
from tests.kits.histories import NOW

DAY_S = 86400.0


@pytest.mark.parametrize(
    ("since", "for_s", "wanted"),
    [
        ("", 0.0, (NOW - DAY_S, NOW)),
        ("", 7 * DAY_S, (NOW - 7 * DAY_S, NOW)),
        ("3d", 0.0, (NOW - 3 * DAY_S, NOW)),
        ("3d", 3600.0, (NOW - 3 * DAY_S, NOW - 3 * DAY_S + 3600)),
        ("1h", 7200.0, (NOW - 3600, NOW)),
        ("2027-01-14T08:00", 600.0, (NOW - DAY_S - 30, NOW - DAY_S + 570)),
        ("06:00", 0.0, (NOW - 7230, NOW)),
    ],
)
def test_a_time_has_a_beginning_and_a_length(since: str, for_s: float, wanted: tuple[float, float]) -> None:
    """It ends now at the latest; without both it is the last day."""
    assert span_of(NOW, since, for_s) == wanted


@pytest.mark.parametrize("since", ["2m", "2027-01-16", "9d", "2026-12-24"])
def test_a_time_without_samples_is_refused(since: str) -> None:
    """The future, the last minutes, and what is not kept; the next step is a command that works."""
    with pytest.raises(NotUnderstood) as refused:
        span_of(NOW, since, 0.0)
    assert refused.value.next_step.startswith("`/swarm map --history --for ")


def test_a_length_is_from_ten_minutes_to_all_that_is_kept() -> None:
    """Two or three columns would show nothing."""
    for seconds in (0.0, 600.0, 3600.0, float(KEPT_S)):
        check_length(seconds)
    for seconds in (1.0, 599.0, KEPT_S + 1.0):
        with pytest.raises(NotUnderstood, match="takes `10m` to `8d`"):
            check_length(seconds)
