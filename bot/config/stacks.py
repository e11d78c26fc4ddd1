"""Stacks in swarmbot.yml: where the compose file of each comes from."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from bot.config.base import Model, matching, wrong

RESERVED = ("DOCKER_", "LD_", "GO")
"""Variables that would change how Docker's CLI itself works."""


def _variable(name: str) -> str:
    if name in {"PATH", "HOME", "TMPDIR"} or name.startswith(RESERVED):
        raise wrong("is a variable of Docker's command line or of its system: choose another name")
    return name


_STACK_NAME: Final = r"[a-z0-9][a-z0-9_-]{0,62}"
StackName = Annotated[str, matching(_STACK_NAME, "must be 1 to 63 lower-case letters, digits, `-` and `_`")]
ComposeFile = Annotated[str, matching(r"[^\s$][^\n$]*", "must be the path of a compose file")]
GitUrl = Annotated[
    str,
    matching(
        r"(https|ssh|file)://[^\s]+|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[^\s]+",
        "must be a git URL with https, ssh or file, like `https://git.example.com/team/app.git`",
    ),
]
GitRef = Annotated[str, matching(r"[A-Za-z0-9_][A-Za-z0-9_./-]*", "must be the name of a branch or tag, or a commit")]
Variable = Annotated[
    str,
    matching(r"[A-Za-z_][A-Za-z0-9_]*", "must be letters, digits and `_`"),
    AfterValidator(_variable),
]


def is_stack_name(name: str) -> bool:
    """Return whether a stack can have this name."""
    return re.fullmatch(_STACK_NAME, name) is not None


class Stack(Model):
    """Where the compose file of one stack comes from."""

    file: ComposeFile = "compose.yml"
    """Its full path on the worker; with ``git`` its path in the repository."""
    git: GitUrl | None = None
    ref: GitRef = "HEAD"
    """The part of the repository to read: a branch, a tag or a commit."""
    variables: dict[Variable, str] = Field(default_factory=dict)
    """The values of the variables in the compose file. It gets no other variables."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        path = PurePosixPath(self.file)
        if self.git is None and "ref" in self.model_fields_set:
            raise wrong("must have `git` if `ref` is set")
        if self.git is None and not path.is_absolute():
            raise wrong("must have a full path as `file`, like `/srv/stacks/app/compose.yml`, or `git`")
        if self.git is not None and (path.is_absolute() or ".." in path.parts):
            raise wrong("must have a path inside the repository as `file`")
        return self
