"""Load swarmbot.yml, or say what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from bot.config.checks import CHECKS
from bot.config.document import ConfigProblem, Document, Invalid, dotted, parse
from bot.config.models import Config
from bot.config.wording import problems_of
from bot.errors import Misconfigured


def load(path: Path) -> Config:
    """Return the configuration at ``path``. Raise :class:`Misconfigured` with file, line and key of each problem."""
    try:
        return parse_config(_text(path))
    except Invalid as error:
        raise Misconfigured(_described(path, error.problems), next_step=f"Fix {path}, then try again.") from None


def parse_config(text: str) -> Config:
    """Return the configuration in ``text``. Raise :class:`Invalid` with every problem."""
    document = parse(text)
    if document.value is None:
        raise Invalid(ConfigProblem(1, "", "the file is empty; see swarmbot.example.yml."))
    try:
        config = Config.model_validate(document.value)
    except ValidationError as error:
        raise Invalid(*problems_of(error, document)) from None
    problems = tuple(_mismatches(config, document))
    if problems:
        raise Invalid(*problems)
    return config


def _mismatches(config: Config, document: Document) -> Iterable[ConfigProblem]:
    found = (
        ConfigProblem(document.line(path), dotted(path), wrong) for check in CHECKS for path, wrong in check(config)
    )
    return sorted(found, key=lambda problem: problem.line)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Misconfigured(
            f"{path} does not exist.",
            next_step=f"Create it: `cp swarmbot.example.yml {path}`, then add your hosts and people. "
            "SWARMBOT_CONFIG sets another path.",
        ) from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{path} is not UTF-8 text.", next_step="Save it as UTF-8.") from None
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be read: {error.strerror}.",
            next_step="Check that it is a file and that the user of Swarmbot may read it.",
        ) from None


def _described(path: Path, problems: tuple[ConfigProblem, ...]) -> str:
    if len(problems) == 1:
        return f"{path}, {problems[0]}"
    return f"{path} has {len(problems)} problems:\n" + "\n".join(f"{path}, {problem}" for problem in problems)
