"""Running a short script on a host: its words are quoted, its time bounded, no terminal, nothing on stdin.

sshd hands every command to the user's login shell, whatever that is. It is asked for nothing but to run ``sh``, and
what its start-up files print is passed over: the script begins with a line by which its own words are known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import paramiko

from bot.blocks import as_said
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.transport import ChannelRefusedError
from bot.errors import EngineError

# In quotes csh takes no newline and expands `!`, fish takes `\\` for one, and all differ in how a quote is written.
_DIFFERS: Final = re.compile(r"[\\'!\n]")
# Each word is decoded by printf and put behind the others; the first is then the script.
DECODE: Final = (
    'n=$#; while [ $n -gt 0 ]; do set -- "$@" "$(printf %b "$1")"; shift; n=$((n - 1)); done; n=$1; shift; eval "$n"'
)


def command_line(script: str, *words: str) -> str:
    """The line that runs the POSIX shell ``script`` with ``words`` as ``$1``…; newlines at a word's end are lost."""
    return " ".join(("sh", "-c", f"'{DECODE}'", "sh", *map(_quoted, (script, *words))))


def _quoted(word: str) -> str:
    plain = _DIFFERS.sub(lambda found: "\\0" + format(ord(found[0]), "03o"), word)
    return f"'{plain}'"


# A non-interactive shell of a user who is not root finds no /sbin; messages are read, so they must be in English.
PREAMBLE: Final = "export LC_ALL=C PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin; "
CHUNK: Final = 65_536
MOST: Final = 16 * 1024 * 1024
"""Bytes that a script may print unless it is let print more."""

BEGUN: Final = b"swarmbot-begins\n"
BEGIN: Final = "echo swarmbot-begins; echo swarmbot-begins >&2; "
NOISE: Final = 65_536
"""Bytes that start-up files may print before a script begins."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What a script left: its exit status (-1: killed), stdout and stderr."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The same, with stdout as bytes; they are not shown in its representation, for they may be secret."""

    status: int
    out: bytes = field(repr=False)
    err: str


def run(connection: SshConnection, script: str, *words: str, timeout: float) -> Completed:
    """Run the POSIX shell ``script`` on the host with ``words`` as ``$1``….

    No secret may be among them: other users of the host see them. Raises HostUnreachable; EngineError when no
    command can be run or this one did not end in ``timeout`` seconds.
    """
    done = exchange(connection, script, *words, timeout=timeout)
    return Completed(done.status, done.out.decode(errors="replace"), done.err)


def exchange(
    connection: SshConnection, script: str, *words: str, timeout: float, feed: bytes = b"", most: int = MOST
) -> Exchanged:
    """Run ``script`` as :func:`run` does, with ``feed`` on its stdin. EngineError too when it prints over ``most``."""
    deadline = time.monotonic() + timeout
    with spawn(connection, script, *words, timeout=timeout) as channel:
        try:
            _feed(channel, feed)
            out = _read(connection, channel, deadline, most)
            _await_end(channel, deadline)
            return Exchanged(channel.recv_exit_status(), out, complaint(channel))
        except TimeoutError:
            if not connection.still_answers():
                raise failures.lost(connection.target) from None
            raise _late(connection, timeout) from None
        except (paramiko.SSHException, OSError, EOFError):
            raise failures.lost(connection.target) from None


@contextmanager
def spawn(connection: SshConnection, script: str, *words: str, timeout: float) -> Iterator[paramiko.Channel]:
    """Give the channel of the POSIX shell ``script``, begun on the host with ``words``; closing it ends the script.

    ``timeout`` is for its beginning, in seconds. Raises as :func:`run` does.
    """
    if not connection.sessions.take(timeout):
        raise failures.busy(connection.target, timeout)
    try:
        channel = begin(connection, script, *words, timeout=timeout)
        try:
            yield channel
        finally:
            channel.close()
    finally:
        connection.sessions.give_back()


def begin(connection: SshConnection, script: str, *words: str, timeout: float) -> paramiko.Channel:
    """Begin ``script`` in a session that the caller has taken: what is read of the channel is the script's own.

    Raises as :func:`run` does.
    """
    try:
        channel = connection.open("session")
    except ChannelRefusedError as error:
        raise failures.impossible(
            connection.target,
            f"runs no commands over SSH: {as_said(error.reason)}",
            "Look for ForceCommand, `command=` and MaxSessions in its sshd_config and authorized_keys.",
        ) from None
    try:
        channel.settimeout(timeout)
        channel.exec_command(command_line(BEGIN + PREAMBLE + script, *words))
        said = _await_begin(channel, time.monotonic() + timeout)
    except TimeoutError:
        channel.close()
        raise _late(connection, timeout) from None
    except (paramiko.SSHException, OSError, EOFError):
        channel.close()
        raise failures.lost(connection.target) from None
    if said is not None:
        channel.close()
        if not connection.still_answers():
            raise failures.lost(connection.target)
        raise failures.no_shell(connection.target, said)
    return channel


def complaint(channel: paramiko.Channel) -> str:
    """What a script has written to stderr until now."""
    said = channel.recv_stderr(CHUNK) if channel.recv_stderr_ready() else b""
    return said.rpartition(BEGUN)[2].decode(errors="replace")


def last_line(err: str, otherwise: str = "the script there ended without a word") -> str:
    """Why a script of ours failed: its own word is the last line, those of the programs that it ran stand before it."""
    lines = err.strip().splitlines()
    return as_said(lines[-1]) if lines else otherwise


def _await_begin(channel: paramiko.Channel, deadline: float) -> str | None:
    """Read up to the line by which a script begins; the last words of a shell that began none."""
    said = b""
    while not said.endswith(BEGUN):
        channel.settimeout(max(0.0, deadline - time.monotonic()))
        part = channel.recv(1)
        said += part
        if not part or len(said) > NOISE:
            return last_line((said + channel.recv_stderr(CHUNK)).decode(errors="replace"), otherwise="")
    return None


def _await_end(channel: paramiko.Channel, deadline: float) -> None:
    if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
        raise TimeoutError


def _feed(channel: paramiko.Channel, feed: bytes) -> None:
    """Write all of stdin; a script may end without having read it, and its status then tells why."""
    try:
        channel.sendall(feed)
    except TimeoutError:
        raise
    except OSError:
        return
    channel.shutdown_write()


def _read(connection: SshConnection, channel: paramiko.Channel, deadline: float, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        channel.settimeout(max(0.0, deadline - time.monotonic()))
        part = channel.recv(CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > most:
            raise failures.impossible(
                connection.target, f"printed more than {most // 1_048_576} MiB", "Look at what is there."
            )


def _late(connection: SshConnection, timeout: float) -> EngineError:
    return failures.impossible(
        connection.target,
        f"did not end a command within {timeout:g} s",
        "Look at the machine's load and disk.",
    )


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
        raise failures.not_root(connection.target, last_line(done.err))
    return done
