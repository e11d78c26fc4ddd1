"""Reads swarmbot.yml and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from bot.config.checks import CHECKS
from bot.config.document import Document, Invalid, Problem, dotted, parse
from bot.config.models import Config
from bot.config.wording import problems_of
from bot.errors import Misconfigured


def load(path: Path) -> Config:
    """The configuration at ``path``; raise :class:`Misconfigured` naming file, line, key and the nearest valid key."""
    try:
        return understood(_text(path))
    except Invalid as error:
        raise Misconfigured(_told(path, error.problems), next_step=f"Mend {path}, then try again.") from None


def understood(text: str) -> Config:
    """The configuration that ``text`` holds; raise :class:`Invalid` with every problem found."""
    document = parse(text)
    if document.value is None:
        raise Invalid(Problem(1, "", "the file is empty; swarmbot.example.yml shows what goes into it."))
    try:
        config = Config.model_validate(document.value)
    except ValidationError as error:
        raise Invalid(*problems_of(error, document)) from None
    problems = tuple(_mismatches(config, document))
    if problems:
        raise Invalid(*problems)
    return config


def _mismatches(config: Config, document: Document) -> Iterable[Problem]:
    found = (Problem(document.line(path), dotted(path), wrong) for check in CHECKS for path, wrong in check(config))
    return sorted(found, key=lambda problem: problem.line)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Misconfigured(
            f"There is no file {path}.",
            next_step=f"Make one: `cp swarmbot.example.yml {path}`, then write your hosts and people into it. "
            "SWARMBOT_CONFIG names another place.",
        ) from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{path} is not UTF-8 text.", next_step="Save it as UTF-8.") from None
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be read: {error.strerror}.",
            next_step="Check that it is a file and that Swarmbot's user may read it.",
        ) from None


def _told(path: Path, problems: tuple[Problem, ...]) -> str:
    if len(problems) == 1:
        return f"{path}, {problems[0]}"
    return f"{path} has {len(problems)} problems:\n" + "\n".join(f"{path}, {problem}" for problem in problems)
