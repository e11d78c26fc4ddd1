"""A git repository with compose files, as stacks are read from one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sandbox.fleet.shell import sh

AUTHOR: Final = ("-c", "user.name=test", "-c", "user.email=test@example.com")


def commit(repository: Path, name: str, text: str) -> str:
    """Commit a file on ``main`` together with all other changes, in a repository that is made if it is missing.

    Return the commit.
    """
    if not repository.exists():
        sh("git", "init", "--quiet", "--initial-branch=main", str(repository))
    file = repository / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    git = ("git", "-C", str(repository))
    sh(*git, "add", ".")
    sh(*git, *AUTHOR, "commit", "--quiet", "-m", "Change it")
    return sh(*git, "rev-parse", "main").strip()
