"""The doctor's findings about a host."""

from __future__ import annotations

from typing import Any

import pytest

from bot.doctor.hosts import HOST_CHECKS, ExaminedHost


def _host(clock_offset: float = 0.0, **info: Any) -> ExaminedHost:
    return ExaminedHost("host-1", {"ServerVersion": "20.10.24+dfsg1", **info}, clock_offset)


@pytest.mark.parametrize(
    ("host", "troubles"),
    [
        (_host(), []),
        (_host(clock_offset=2.0), []),
        (_host(clock_offset=5.25), ["✗ `host-1`: its clock is 5.2 s ahead of this machine's."]),
        (_host(clock_offset=-3), ["✗ `host-1`: its clock is 3.0 s behind this machine's."]),
        (_host(ServerVersion="28.1.0-rc.1"), []),
        (
            _host(ServerVersion="30.0.1"),
            ["! `host-1`: engine 30.0.1 is newer than 29, the newest that Swarmbot supports."],
        ),
        (_host(ServerVersion="dev"), []),
        (_host(LiveRestoreEnabled=True), ["✗ `host-1`: its engine has live-restore enabled"]),
    ],
)
def test_findings_about_clock_version_and_settings_of_a_host(host: ExaminedHost, troubles: list[str]) -> None:
    """Each problem is reported once, with a next step."""
    found = [finding for check in HOST_CHECKS if (finding := check(host))]
    assert len(found) == len(troubles)
    for finding, failure in zip(found, troubles, strict=True):
        assert str(finding).startswith(failure)
        assert finding.next_step
