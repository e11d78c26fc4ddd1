"""Keep SSH, Docker and their keys out of the process that faces the internet: only the worker may have them.

This blocks what ordinary Python code can do (import, open files, start programs), so that a mistake cannot give the
web process access to hosts. It does not stop native code: run the process as a user who cannot read the keys, too.
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

FORBIDDEN_MODULES: Final = ("paramiko", "docker", "bot.engine", "bot.stack_recording")
PROGRAM_EVENTS: Final = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "pty.spawn"})


class ForbiddenImport(PermissionError):
    """The web process tried what only the worker may do: a defect."""


def confine(config: Config) -> None:
    """Forbid these imports, files and programs for the rest of this process and its children.

    Raises :class:`~bot.errors.Misconfigured` if one of the modules was already imported.
    """
    imported = [name for name in sys.modules if _is_forbidden(name)]
    if imported:
        raise Misconfigured(
            f"This process has imported {', '.join(sorted(imported)[:3])}, which only the worker may import.",
            next_step="This is a defect of Swarmbot: report it.",
        )
    sys.meta_path.insert(0, _Refusal())
    sys.addaudithook(_Hook(_identity_files(config)))


def _is_forbidden(name: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in FORBIDDEN_MODULES)


class _Refusal(MetaPathFinder):
    """Runs before all other finders; finds nothing, and raises for forbidden modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Raise ImportError for a forbidden module."""
        del path, target
        if _is_forbidden(fullname):
            raise ImportError(f"{fullname} is for the worker: this process may not import it", name=fullname)
        return None


def _identity_files(config: Config) -> list[Path]:
    hosts = [host for cluster in config.clusters.values() for host in cluster.hosts.values()]
    named = [config.ssh.identity_file, *(host.identity_file for host in hosts)]
    return [path for path in named if path is not None]


class _Hook:
    """An audit hook (PEP 578): it cannot be removed."""

    def __init__(self, keys: list[Path]) -> None:
        self._ssh_folder = os.path.realpath(Path("~/.ssh").expanduser())
        self._keys = {os.path.realpath(key) for key in keys}
        self._names = {key.name for key in keys}
        self._files = {identity for key in self._keys if (identity := _identity(key))}

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(arguments[0], str | bytes) and self._is_key(os.fsdecode(arguments[0])):
                raise ForbiddenImport("SSH keys are for the worker: this process may not open them")
        elif event in PROGRAM_EVENTS:
            raise ForbiddenImport("this process may not start programs")

    def _is_key(self, path: str) -> bool:
        """Return whether it is a key: by path (links resolved), by inode (hard links), or by a relative path's name."""
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
