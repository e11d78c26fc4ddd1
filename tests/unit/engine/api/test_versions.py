"""The version of Docker's API that is used with an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.ssh import failures
from bot.engine.ssh.target import SshTarget
from bot.model.engine_versions import NEWEST_API, NEWEST_ENGINE, OLDEST_API, OLDEST_ENGINE, common_api, newer_than_known

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("oldest", "newest", "spoken"),
    [
        ("1.12", "1.40", None),
        ("1.12", "1.41", "1.41"),
        ("1.24", "1.51", "1.41"),
        ("1.44", "1.52", "1.44"),
        ("1.40", "1.55", "1.41"),
        ("1.56", "2.0", "1.56"),
        ("1.57", "1.60", None),
        ("1.100", "1.101", None),
    ],
)
def test_the_oldest_common_version_is_used(oldest: str, newest: str, spoken: str | None) -> None:
    """1.41 if the engine supports it. Versions are compared as numbers, not as text."""
    assert common_api(oldest, newest) == spoken


@pytest.mark.parametrize(
    ("engine", "newer"), [("20.10.24+dfsg1", False), ("29.4.0", False), ("30.0.0-rc.1", True), ("dev", False)]
)
def test_engines_newer_than_supported(engine: str, newer: bool) -> None:  # noqa: FBT001 - a table
    """By their release. Text that is not a version is never newer."""
    assert newer_than_known(engine) is newer


def test_the_next_step_without_a_common_version() -> None:
    """The older of the two must be upgraded."""
    target = SshTarget("host-3", "192.0.2.3", 22, "root", (), ())
    old = failures.no_common_api(target, "19.03.15", "1.12", "1.40")
    assert (old.problem, old.next_step) == ("engine too old", "Upgrade Docker on it to 20.10 or newer.")
    new = failures.no_common_api(target, "31.0.0", "1.60", "1.66")
    assert (new.problem, new.next_step) == ("engine too new", "Update Swarmbot.")


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_the_supported_range_is_documented(page: str) -> None:
    """README and operations.md name it."""
    told = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert f"Docker {OLDEST_ENGINE} to {NEWEST_ENGINE} (API {OLDEST_API} to {NEWEST_API})" in told
