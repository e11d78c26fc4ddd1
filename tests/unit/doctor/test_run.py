"""How the doctor runs its checks."""

from __future__ import annotations

import io
from collections.abc import Iterator

from hypothesis import given

from bot.doctor.finding import Check, DoctorFinding, ok, problem, warning
from bot.doctor.resources import Resources
from bot.doctor.run import run_doctor
from bot.errors import Failed
from bot.settings import Settings
from tests.kits.commands import COMMANDS
from tests.kits.hostile_text import HOSTILE, markup_of_text

QUOTED = "correct-horse"
SETTINGS = Settings.from_environment({"REDIS_URL": f"redis://:{QUOTED}@127.0.0.1:9/0"})


def _run(*checks: Check) -> tuple[int, list[str]]:
    out = io.StringIO()
    status = run_doctor(SETTINGS, COMMANDS, out, checks)
    return status, out.getvalue().splitlines()


def _finds(*findings: DoctorFinding) -> Check:
    return Check("It", lambda _: iter(findings))


def test_only_a_problem_gives_exit_status_1() -> None:
    """A warning does not."""
    assert _run(_finds(ok("a"))) == (0, ["✓ a", "No problems found."])
    assert _run(_finds(ok("a"), warning("b", "Do c."))) == (0, ["✓ a", "! b Do c.", "Problems: 0. Warnings: 1."])
    assert _run(_finds(problem("d", "Do e."))) == (1, ["✗ d Do e.", "Problems: 1. Warnings: 0."])


@given(HOSTILE)
def test_what_slack_and_hosts_say_is_plain_text(text: str) -> None:
    """It begins no line of the report, and it cannot control a terminal."""
    shown = str(warning(f"Slack said {text}x", "Do c."))
    assert markup_of_text(shown.replace("\n", " ")).turned == 0
    assert not set(shown) & set("\x1b\x07\r\x0b\x85\u2028")
    assert [line[:2] for line in shown.splitlines()] == ["! ", *["  "] * shown.count("\n")]


def test_a_failing_check_hides_no_other_findings() -> None:
    """Neither an expected error nor a bug in a check stops the others."""

    def fails(_: Resources) -> Iterator[DoctorFinding]:
        yield ok("first")
        raise Failed("It is broken.", next_step="Fix it.")

    def breaks(_: Resources) -> Iterator[DoctorFinding]:
        raise KeyError("x")

    status, lines = _run(Check("One", fails), Check("Two", breaks), _finds(ok("last")))
    assert status == 1
    assert lines[:2] == ["✓ first", "✗ It is broken. Fix it."]
    assert lines[2].startswith("✗ Two: the check itself failed (KeyError")
    assert lines[3] == "✓ last"


def test_a_check_is_skipped_if_what_it_needs_has_a_problem() -> None:
    """Checks that depend on a skipped check are skipped too."""

    def never(_: Resources) -> Iterator[DoctorFinding]:
        raise AssertionError("it was run")

    _, lines = _run(
        Check("The file", _finds(problem("No file.", "")).examine, proves="swarmbot.yml"),
        Check("The token", never, needs=("swarmbot.yml",), proves="Slack"),
        Check("The groups", never, needs=("Slack",)),
    )
    assert lines[1] == "! The token: skipped, because it needs swarmbot.yml. Fix that first."
    assert lines[2] == "! The groups: skipped, because it needs Slack. Fix that first."


def test_secrets_in_any_error_are_masked() -> None:
    """Even if a library quotes a password in its error."""

    def leaks(_: Resources) -> Iterator[DoctorFinding]:
        raise ValueError(f"cannot use {QUOTED}")

    _, lines = _run(Check("Redis", leaks))
    assert "cannot use ***" in lines[0]
    assert QUOTED not in "".join(lines)
