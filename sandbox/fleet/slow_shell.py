"""A login shell that starts slowly, as with pyenv, nvm or conda in its start-up files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.errors import Failed
from sandbox.fleet.host import Host

SHELL_START_S: Final = 0.4
STARTS: Final = "/run/shells"
"""A file of the host with a line for each start."""
_HOME: Final = "/run/slow-home"
_PASSWD: Final = "/run/slow-passwd"  # noqa: S105 - the file of users, without passwords


def slow_down_shell(host: Host, seconds: float = SHELL_START_S) -> None:
    """Give root a bash whose ``.bashrc`` takes ``seconds``; do nothing if it has one.

    Debian's bash reads ``.bashrc`` for each command over SSH, and for each bash that such a command starts.
    """
    if shell_is_slow(host):
        return
    host.run("install", "-d", _HOME)
    host.run("sh", "-c", f"echo 'echo start >>{STARTS}; sleep {seconds}' >{_HOME}/.bashrc; : >{STARTS}")
    host.run("sh", "-c", f"sed 's|^root:.*|root:x:0:0:root:{_HOME}:/bin/bash|' /etc/passwd >{_PASSWD}")
    host.run("mount", "--bind", _PASSWD, "/etc/passwd")


def restore_shell(host: Host) -> None:
    """Undo :func:`slow_down_shell`; the mount is gone if the host booted again."""
    with suppress(Failed):
        host.run("umount", "/etc/passwd")


def shell_is_slow(host: Host) -> bool:
    """Return whether the shell was slowed down since the host booted."""
    with suppress(OSError):
        passwd = Path(f"/proc/{host.pid}/root/etc/passwd").read_text()
        return host.up and f":{_HOME}:" in passwd
    return False
