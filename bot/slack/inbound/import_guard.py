"""Keeps the process that faces the internet from what only the worker may have: SSH, Docker, and their keys.

It closes the ways of ordinary Python code (imports, opening files, starting programs), so that a mistake cannot turn
the web process into one that reaches hosts. Run it as a user of its own who cannot read the keys as well: native code
is held by nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from bot.config import Config
from bot.errors import Misconfigured

FORBIDDEN: Final = ("paramiko", "docker", "bot.engine")
PROGRAMS: Final = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "pty.spawn"})


class ForbiddenImport(PermissionError):
    """The web process tried what only the worker may do. It is a defect."""


def confine(config: Config) -> None:
    """Refuse, for the rest of this process and its children, to import, open or start what is not the web's.

    Raises :class:`~bot.errors.Misconfigured` when one of the modules has been imported already.
    """
    imported = [name for name in sys.modules if _is_forbidden(name)]
    if imported:
        raise Misconfigured(
            f"This process has imported {', '.join(sorted(imported)[:3])}, which only the worker may.",
            next_step="This is a defect of Swarmbot's: report it.",
        )
    sys.meta_path.insert(0, _Refusal())
    sys.addaudithook(_Hook(_identity_files(config)))


def _is_forbidden(name: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in FORBIDDEN)


class _Refusal(MetaPathFinder):
    """Finds nothing, and refuses what is forbidden before any other finder is asked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Raise ImportError for a forbidden module."""
        del path, target
        if _is_forbidden(fullname):
            raise ImportError(f"{fullname} is the worker's: this process may not import it", name=fullname)
        return None


def _identity_files(config: Config) -> list[Path]:
    hosts = [host for cluster in config.clusters.values() for host in cluster.hosts.values()]
    named = [config.ssh.identity_file, *(host.identity_file for host in hosts)]
    return [path for path in named if path is not None]


class _Hook:
    """An audit hook (PEP 578): it cannot be taken out again."""

    def __init__(self, keys: list[Path]) -> None:
        self._ssh_folder = os.path.realpath(Path("~/.ssh").expanduser())
        self._keys = {os.path.realpath(key) for key in keys}
        self._names = {key.name for key in keys}
        self._files = {identity for key in self._keys if (identity := _identity(key))}

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(arguments[0], str | bytes) and self._is_key(os.fsdecode(arguments[0])):
                raise ForbiddenImport("SSH keys are the worker's: this process may not open them")
        elif event in PROGRAMS:
            raise ForbiddenImport("this process starts no programs")

    def _is_key(self, path: str) -> bool:
        """By place (links resolved), by the file itself (a hard link to it), or by name (relative to some folder)."""
        real = os.path.realpath(path)
        if real in self._keys or real == self._ssh_folder or real.startswith(self._ssh_folder + os.sep):
            return True
        if not os.path.isabs(path) and os.path.basename(path) in self._names:  # noqa: PTH117, PTH119 - in each open(): Path is slower
            return True
        return _identity(real) in self._files


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - in each open(): Path is slower
    except OSError:
        return None
    return status.st_dev, status.st_ino
