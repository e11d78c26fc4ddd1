"""OpenSSH's client configuration with the files that it includes: paramiko's reader does not follow Include."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import paramiko

from bot.errors import Misconfigured

MAX_INCLUDE_DEPTH: Final = 16
"""OpenSSH's limit."""
_OPTION: Final = re.compile(r"\s*(\w+)(?:\s*=\s*|\s+)(.+?)\s*")


def read_ssh_config(path: Path) -> paramiko.SSHConfig:
    """Read an OpenSSH client configuration; a file that does not exist is empty. Raises Misconfigured."""
    try:
        return paramiko.SSHConfig.from_text("\n".join(_lines(path, path.parent)))
    except FileNotFoundError:
        return paramiko.SSHConfig()
    except (OSError, ValueError, paramiko.ConfigParseError) as error:
        raise Misconfigured(f"`{path}` cannot be read: {error}") from error


def _lines(path: Path, folder: Path, depth: int = 0, block: str = "Host *") -> Iterator[str]:
    """Yield the lines of ``path`` with those of included files in their place; ``block`` is the block around them.

    Relative names are in ``folder``.
    """
    if depth > MAX_INCLUDE_DEPTH:
        raise ValueError(f"more than {MAX_INCLUDE_DEPTH} files include each other")
    outer = block
    for line in path.read_text().splitlines():
        option = _OPTION.fullmatch(line)
        keyword = option[1].lower() if option else ""
        if keyword in {"host", "match"}:
            if outer != "Host *":
                raise ValueError(f"`{path}` is included in `{outer}` and has blocks of its own: that is not supported")
            block = line
        if option and keyword == "include":
            for pattern in shlex.split(option[2]):
                for included in _files(pattern, folder):
                    yield from _lines(included, folder, depth + 1, block)
                    yield block  # a block of the included file ends with it
        else:
            yield line


def _files(pattern: str, folder: Path) -> list[Path]:
    full = folder / Path(pattern).expanduser()
    return sorted(Path(full.anchor).glob(str(full.relative_to(full.anchor))))
