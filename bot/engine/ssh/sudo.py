"""Scripts that need root: as the SSH user where that is root, else by a sudo that asks for no password."""

from __future__ import annotations

from typing import Final

from bot.engine.ssh import host_errors
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.remote import MOST, Exchanged, exchange, last_line

NOT_ROOT: Final = 77
"""The exit status (of sysexits.h: EX_NOPERM) of a script that may not be run as root."""

# The script itself is the first word.
AS_ROOT: Final = r"""
script=$1; shift
[ "$(id -u)" = 0 ] && exec sh -c "$script" sh "$@"
command -v sudo >/dev/null || { echo "it is not root there, and there is no sudo" >&2; exit 77; }
sudo -n sh -c : >/dev/null 2>&1 || { echo "it is not root there, and sudo wants a password or refuses" >&2; exit 77; }
exec sudo -n sh -c "$script" sh "$@"
"""

READER: Final = r"""
as=; [ -r "$1" ] || [ "$(id -u)" = 0 ] || as='sudo -n'
"""
"""How a script begins that reads ``$1`` by ``$as cat "$1"``: as the user, else by a rule in sudoers."""


def exchange_as_root(
    connection: SshConnection, script: str, *words: str, timeout: float, feed: bytes = b"", most: int = MOST
) -> Exchanged:
    """Run ``script`` as :func:`~bot.engine.ssh.remote.exchange` does, as root. EngineError too when it may not be."""
    done = exchange(connection, AS_ROOT, script, *words, timeout=timeout, feed=feed, most=most)
    if done.status == NOT_ROOT:
        raise host_errors.not_root(connection.target, last_line(done.err))
    return done
