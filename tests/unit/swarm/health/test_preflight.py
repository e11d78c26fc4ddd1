"""Versions and clocks at their limits; the messages are tested in tests/plans."""

from __future__ import annotations

import pytest

from bot.model import Facts, HostFacts
from bot.model.engine_versions import version_of
from bot.swarm.health.preflight import preflight


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("20.10.24+dfsg1", (20, 10)),
        ("17.06.0-ce", (17, 6)),
        ("24.0", (24, 0)),
        ("dev", (0, 0)),
        ("", (0, 0)),
        ("24", (0, 0)),
    ],
)
def test_version_of(text: str, version: tuple[int, int]) -> None:
    """The first two numbers are read; text that is not a version gives (0, 0)."""
    assert version_of(text) == version


@pytest.mark.parametrize(
    ("offset", "sign"),
    [
        (0.0, "done"),
        (1.99, "done"),
        (-2.0, "warning"),
        (1799.9, "warning"),
        (1800.0, "failed"),
        (-1800.0, "failed"),
        (None, "done"),
    ],
)
def test_a_wrong_clock_is_a_warning_or_a_failure(offset: float | None, sign: str) -> None:
    """Small differences do not matter, larger ones are warnings, and those that break TLS stop the join."""
    host = HostFacts("host-1", "10.0.0.1", hostname="host-1", engine_version="20.10.24", clock_offset=offset)
    findings = preflight(Facts("prod", 0.0, {"host-1": host}), host, "worker")
    assert findings[-1].sign == sign
