"""Approval rules and freeze windows in swarmbot.yml."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from bot.config import load
from bot.config.freezes import TimeOfWeek
from tests.unit.config.test_loading import GOOD, Mistake, load_error


def _approval(text: str, key: str, hint: str) -> Mistake:
    written = f"  approvals: {{rotate: {{{text}}}}}\n  administer:"
    return "  administer:", written, 10, f"`rules.approvals.rotate.{key}`", hint


def _freeze(text: str, key: str, hint: str) -> Mistake:
    return "    hosts:", f"    freezes:\n      - {{{text}}}\n    hosts:", 5, f"`clusters.prod.freezes.0{key}`", hint


MISTAKES: dict[str, Mistake] = {
    "a subject misspelt": (
        "  administer:",
        "  approvals: {promot: {count: 1}}\n  administer:",
        10,
        "`rules.approvals.promot`",
        "Did you mean `promote`?",
    ),
    "a subject unlike any": (
        "    hosts:",
        "    approvals: {xyzzy: {}}\n    hosts:",
        4,
        "`clusters.prod.approvals.xyzzy`",
        "`join manager`",
    ),
    "a key of an approval misspelt": (
        "  administer:",
        "  approvals: {join manager: {cuont: 1}}\n  administer:",
        10,
        "`rules.approvals.join manager.cuont`",
        "`count`",
    ),
    "a count below nought": _approval("count: -1", "count", "0 or more"),
    "a count that is a truth": _approval("count: yes", "count", "0 or more"),
    "an expiry without a unit": _approval("expires: 30", "expires", "a duration"),
    "an expiry too long": _approval("expires: 5w", "expires", "from `1s` to `4w`"),
    "an expiry of nothing": _approval("expires: 0s", "expires", "from `1s` to `4w`"),
    "an unknown second factor": _approval("second_factor: sms", "second_factor", "`totp` or `none`"),
    "no approvers": _approval("by: []", "by", "at least one"),
    "everyone approves": _approval("by: everyone", "by", "`everyone` cannot be an approver"),
    "everyone among the approvers": _approval("by: [everyone]", "by.0", "list the people"),
    "an approver that nobody knows": _approval("by: [admin]", "by.0", "`admins`"),
    "a window without a day": _freeze('from: "16:00", until: "08:00", reason: r', "", "must have `days`"),
    "a window of days and dates": _freeze(
        "days: [fri], from: 2026-12-20, until: 2026-12-21, reason: r", "", "times of day"
    ),
    "a window of a day and a date": _freeze(
        'from: "fri 16:00", until: 2026-12-21, reason: r', "", "two days of the week"
    ),
    "a window of no length": _freeze(
        'from: "fri 16:00", until: "fri 16:00", reason: r', "", "must not end at the time"
    ),
    "a window that ends first": _freeze("from: 2026-12-20, until: 2026-12-20, reason: r", "", "end after it begins"),
    "a time that YAML counts": _freeze(
        "days: [fri], from: 16:00, until: 08:00, reason: r", ".from", 'in quotes (`"16:00"`'
    ),
    "an invalid time": _freeze('from: "fri 24:00", until: "mon 8", reason: r', ".from", "must be a time"),
    "an unknown day": _freeze('days: [friday], from: "16:00", until: "08:00", reason: r', ".days.0", "`fri`"),
    "an unknown time zone": _freeze(
        "timezone: Europe/Pari, from: 2026-12-20, until: 2026-12-21, reason: r", ".timezone", "like `Europe/Paris`."
    ),
    "a number for a time zone": _freeze(
        "timezone: 1, from: 2026-12-20, until: 2026-12-21, reason: r", ".timezone", "like"
    ),
    "a window without a reason": _freeze("from: 2026-12-20, until: 2026-12-21", ".reason", "missing"),
    "a window with an empty reason": _freeze(
        'from: 2026-12-20, until: 2026-12-21, reason: " "', ".reason", "must say why"
    ),
    "a key of a window misspelt": _freeze("form: 2026-12-20, until: 2026-12-21, reason: r", ".form", "`from`"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_error_names_file_line_key_and_hint(tmp_path: Path, mistake: str) -> None:
    """The message names the file, the line, the key path and what would be right."""
    old, new, line, key, hint = MISTAKES[mistake]
    words = load_error(tmp_path, GOOD.replace(old, new, 1))
    here = next(part for part in words.splitlines() if key in part)
    assert f"swarmbot.yml, line {line}: " in here
    assert hint in here


def test_rules_and_windows_are_read(tmp_path: Path) -> None:
    """Durations in seconds, subjects with a space, every kind of time. Keys that are not set stay None."""
    path = tmp_path / "swarmbot.yml"
    windows = """\
    freezes:
      - {days: [fri, SAT], from: "16:00", until: "8:00", timezone: Europe/Berlin, reason: nights}
      - {from: "fri 16:00", until: "Mon 08:00", reason: weekend}
      - {from: 2026-12-20, until: 2026-12-21 08:00:00, reason: once}
      - {from: 2026-12-20T08:00, until: "2026-12-21T08:00+01:00", reason: once}
    hosts:"""
    rules = "  approvals: {join manager: {count: 2, expires: 1h30m}}\n  administer:"
    path.write_text(GOOD.replace("    hosts:", windows).replace("  administer:", rules), encoding="utf-8")
    config = load(path)
    rule = config.rules.approvals["join manager"]
    assert (rule.by, rule.count, rule.expires, rule.second_factor) == (None, 2, 5400.0, None)
    nights, weekend, once, offset = config.clusters["prod"].freezes
    assert (nights.days, nights.begin, nights.until) == ((4, 5), time(16), time(8))
    assert nights.timezone.key == "Europe/Berlin"
    assert (weekend.begin, weekend.until) == (TimeOfWeek(4, time(16)), TimeOfWeek(0, time(8)))
    assert weekend.timezone.key == "UTC"
    assert (once.begin, once.until) == (datetime(2026, 12, 20), datetime(2026, 12, 21, 8))  # noqa: DTZ001 - the window's
    assert offset.until == datetime(2026, 12, 21, 7, tzinfo=UTC)
