"""A compose file that was typed into a form: the errors in it that can be found without Docker. Pure."""

from __future__ import annotations

from bot.blocks import echo
from bot.config.document import Invalid, parse
from bot.config.stacks import is_stack_name
from bot.errors import NotUnderstood
from bot.secrets.redact import redact


def file_problem(text: str) -> str:
    """Return what is wrong with a file, in plain words; "" if only Docker's command line can find more."""
    try:
        document = parse(text)
    except Invalid as error:
        return redact(f"This is not valid: {error.problems[0]}".replace("`", ""))
    return "" if isinstance(document.value, dict) else "This is not a compose file: it has no keys."


def require_stack_name(name: str) -> None:
    """Raise NotUnderstood if no stack can have this name: swarmbot.yml need not list a stack that is typed."""
    if not is_stack_name(name):
        raise NotUnderstood(
            f"{echo(name)} cannot be the name of a stack.",
            next_step="Use 1 to 63 lower-case letters, digits, `-` and `_`.",
        )
