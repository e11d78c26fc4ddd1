"""Run short POSIX shell scripts on a host, without a terminal and with a time limit, as the SSH user or as root.

What only reads goes through the connection's helper (:func:`read`), which starts no login shell. What changes
something, or gets stdin, has a session of its own and is sent once (:func:`run_bytes`).

sshd hands every command to the user's login shell, which may be any. That shell only has to run ``sh``. The script
prints a mark first, so that the output of the shell's start-up files is told apart and dropped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

import paramiko

from bot.blocks import plain_line
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.helper import HELPER_SCRIPT, MAX_READ_BYTES, Helper, HelperLostError, TooMuchOutputError
from bot.engine.ssh.transport import ChannelRefusedError
from bot.errors import EngineError

# Inside quotes, shells read these differently: csh accepts no newline and expands `!`, fish reads `\\` as one `\`.
_SPECIAL: Final = re.compile(r"[\\'!\n]")
# Decodes each argument with printf and appends it to the arguments; the first one is then the script.
DECODE_SCRIPT: Final = (
    'n=$#; while [ $n -gt 0 ]; do set -- "$@" "$(printf %b "$1")"; shift; n=$((n - 1)); done; n=$1; shift; eval "$n"'
)


def command_line(script: str, *args: str) -> str:
    """Return one line that runs ``script`` with ``args`` as ``$1``… in every login shell.

    Newlines at the end of an argument are lost.
    """
    return " ".join(("sh", "-c", f"'{DECODE_SCRIPT}'", "sh", *map(_quoted, (script, *args))))


def _quoted(word: str) -> str:
    plain = _SPECIAL.sub(lambda found: "\\0" + format(ord(found[0]), "03o"), word)
    return f"'{plain}'"


START_TIMEOUT_S: Final = 15.0
"""How long a login shell may take to start the helper: some start pyenv, nvm or conda, on a busy machine."""
# A non-interactive shell of a user other than root lacks /sbin; messages are parsed, so they must be English.
SCRIPT_PREAMBLE: Final = "export LC_ALL=C PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin; "
CHUNK_BYTES: Final = 65_536
MAX_OUTPUT_BYTES: Final = 16 * 1024 * 1024
"""How much a script may print to stdout by default."""

START_MARK: Final = b"swarmbot-begins\n"
PRINT_START_MARK: Final = "echo swarmbot-begins; echo swarmbot-begins >&2; "
MAX_NOISE_BYTES: Final = 65_536
"""How much the shell's start-up files may print before the script."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The result of a script."""

    status: int
    """The exit status."""
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CompletedBytes:
    """The result of a script whose stdout is bytes, which may be secret: so ``repr`` hides them."""

    status: int
    out: bytes = field(repr=False)
    err: str


def read(connection: SshConnection, script: str, *args: str, timeout: float, again: bool = True) -> Completed:
    """Run ``script`` on the host with ``args`` as ``$1``… through the connection's helper. It must change nothing.

    If the helper ends meanwhile, it is started again and, with ``again``, the script repeated once. ``timeout`` begins
    when the script does, and grows with the helper's round trip. Never put a secret into ``args``: other users of the
    host can see them. Raises HostUnreachable; EngineError if the host runs no commands, or this one does not finish in
    time.
    """
    status, out, err = _read_bytes(connection, script, *args, timeout=timeout, again=again)
    return Completed(status, out.decode(errors="replace"), err.decode(errors="replace"))


def helper(connection: SshConnection) -> Helper:
    """Return the connection's helper, started if there is none. Raises as :func:`read` does."""
    connection.transport()  # a new one ends the old helper
    return connection.helper.get(lambda: _start_helper(connection))


def _start_helper(connection: SshConnection) -> Helper:
    slots = connection.session_slots
    if not slots.acquire(START_TIMEOUT_S):
        raise failures.sessions_busy(connection.target, START_TIMEOUT_S)
    with ExitStack() as undo:
        undo.callback(slots.release)
        channel = start_script(connection, HELPER_SCRIPT, timeout=START_TIMEOUT_S)
        undo.pop_all()
    return Helper(channel, slots.release)


def _read_bytes(
    connection: SshConnection, script: str, *args: str, timeout: float, again: bool = True
) -> tuple[int, bytes, bytes]:
    for last in (not again, True):
        try:
            return helper(connection).run(script, *args, timeout=timeout)
        except HelperLostError as error:
            if last and error.sent:
                break
        except TimeoutError:
            if not connection.still_responds():
                break
            raise _timeout_error(connection, timeout) from None
        except TooMuchOutputError:
            raise _too_much_output(connection, MAX_READ_BYTES) from None
    raise failures.connection_lost(connection.target)


def run_bytes(
    connection: SshConnection,
    script: str,
    *args: str,
    timeout: float,
    stdin: bytes = b"",
    max_bytes: int = MAX_OUTPUT_BYTES,
) -> CompletedBytes:
    """Run ``script`` once, in a session of its own, with ``stdin``, which may be secret; ``args`` may not.

    Raises HostUnreachable; EngineError if the host runs no commands, or this one does not finish within ``timeout``
    seconds or prints over ``max_bytes``.
    """
    deadline = time.monotonic() + timeout
    with spawn(connection, script, *args, timeout=timeout) as channel:
        try:
            _write_stdin(channel, stdin)
            out = _read(connection, channel, deadline, max_bytes)
            _await_end(channel, deadline)
            return CompletedBytes(channel.recv_exit_status(), out, stderr_so_far(channel))
        except TimeoutError:
            if not connection.still_responds():
                raise failures.connection_lost(connection.target) from None
            raise _timeout_error(connection, timeout) from None
        except (paramiko.SSHException, OSError, EOFError):
            raise failures.connection_lost(connection.target) from None


@contextmanager
def spawn(connection: SshConnection, script: str, *args: str, timeout: float) -> Iterator[paramiko.Channel]:
    """Start ``script`` on the host with ``args`` and yield its channel; closing the channel ends the script.

    ``timeout`` is for the start, in seconds. Raises as :func:`run_bytes` does.
    """
    if not connection.session_slots.acquire(timeout):
        raise failures.sessions_busy(connection.target, timeout)
    try:
        channel = start_script(connection, script, *args, timeout=timeout)
        try:
            yield channel
        finally:
            channel.close()
    finally:
        connection.session_slots.release()


def start_script(connection: SshConnection, script: str, *args: str, timeout: float) -> paramiko.Channel:
    """Start ``script`` in a session slot that the caller holds; return the channel, positioned after the start mark.

    Raises as :func:`run_bytes` does.
    """
    try:
        channel = connection.open_session(timeout)
    except ChannelRefusedError as error:
        raise failures.host_error(
            connection.target,
            f"does not run commands over SSH: {plain_line(error.reason)}",
            "Check that its sshd_config does not set `MaxSessions 0`.",
        ) from None
    try:
        channel.settimeout(timeout)
        channel.exec_command(command_line(PRINT_START_MARK + SCRIPT_PREAMBLE + script, *args))
        last_line = _await_start(channel, time.monotonic() + timeout)
    except TimeoutError:
        channel.close()
        raise _timeout_error(connection, timeout) from None
    except (paramiko.SSHException, OSError, EOFError):
        channel.close()
        raise failures.connection_lost(connection.target) from None
    if last_line is not None:
        channel.close()
        if not connection.still_responds():
            raise failures.connection_lost(connection.target)
        raise failures.shell_failure(connection.target, last_line)
    return channel


def stderr_so_far(channel: paramiko.Channel) -> str:
    """Return what a script has written to stderr so far."""
    text = channel.recv_stderr(CHUNK_BYTES) if channel.recv_stderr_ready() else b""
    return text.rpartition(START_MARK)[2].decode(errors="replace")


def last_line(err: str, otherwise: str = "the script failed without a message") -> str:
    """Return why a script failed: our scripts print their own message last, after those of the programs they run."""
    lines = err.strip().splitlines()
    return plain_line(lines[-1]) if lines else otherwise


def _await_start(channel: paramiko.Channel, deadline: float) -> str | None:
    """Read up to the start mark. Return the last line of a login shell that exits without it, otherwise None."""
    output = b""
    while not output.endswith(START_MARK):
        channel.settimeout(max(0.0, deadline - time.monotonic()))
        part = channel.recv(1)
        output += part
        if not part or len(output) > MAX_NOISE_BYTES:
            return last_line((output + channel.recv_stderr(CHUNK_BYTES)).decode(errors="replace"), otherwise="")
    return None


def _await_end(channel: paramiko.Channel, deadline: float) -> None:
    if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
        raise TimeoutError


def _write_stdin(channel: paramiko.Channel, stdin: bytes) -> None:
    """Write all of ``stdin``; a script may exit without reading it, and its exit status then says why."""
    try:
        channel.sendall(stdin)
    except TimeoutError:
        raise
    except OSError:
        return
    channel.shutdown_write()


def _read(connection: SshConnection, channel: paramiko.Channel, deadline: float, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        channel.settimeout(max(0.0, deadline - time.monotonic()))
        part = channel.recv(CHUNK_BYTES)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > max_bytes:
            raise _too_much_output(connection, max_bytes)


def _too_much_output(connection: SshConnection, max_bytes: int) -> EngineError:
    what = f"printed more than {max_bytes // 1_048_576} MiB"
    return failures.host_error(connection.target, what, "Check that output on the host.")


def _timeout_error(connection: SshConnection, timeout: float) -> EngineError:
    return failures.host_error(
        connection.target,
        f"did not finish a command within {timeout:g} s",
        "Check the machine's load and disk.",
    )


NOT_ROOT_STATUS: Final = 77
"""The exit status if the user cannot become root (EX_NOPERM in sysexits.h)."""

# Its first argument is the script.
AS_ROOT_SCRIPT: Final = r"""
script=$1; shift
[ "$(id -u)" = 0 ] && exec sh -c "$script" sh "$@"
command -v sudo >/dev/null || { echo "it is not root, and the host has no sudo" >&2; exit 77; }
sudo -n sh -c : >/dev/null 2>&1 || { echo "it is not root, and sudo needs a password or refuses" >&2; exit 77; }
exec sudo -n sh -c "$script" sh "$@"
"""

READER_PRELUDE: Final = r"""
as=; [ -r "$1" ] || [ "$(id -u)" = 0 ] || as='sudo -n'
"""
"""The start of a script that reads ``$1`` with ``$as cat "$1"``: as the user, or with sudo if the user may not."""


def read_as_root(connection: SshConnection, script: str, *args: str, timeout: float) -> CompletedBytes:
    """Run ``script`` as root, as :func:`read` does. Raise EngineError too if the user cannot become root."""
    status, out, err = _read_bytes(connection, AS_ROOT_SCRIPT, script, *args, timeout=timeout)
    return _as_root(connection, CompletedBytes(status, out, err.decode(errors="replace")))


def run_as_root(
    connection: SshConnection,
    script: str,
    *args: str,
    timeout: float,
    stdin: bytes = b"",
    max_bytes: int = MAX_OUTPUT_BYTES,
) -> CompletedBytes:
    """Run ``script`` as root, as :func:`run_bytes` does. Raise EngineError too if the user cannot become root."""
    done = run_bytes(connection, AS_ROOT_SCRIPT, script, *args, timeout=timeout, stdin=stdin, max_bytes=max_bytes)
    return _as_root(connection, done)


def _as_root(connection: SshConnection, done: CompletedBytes) -> CompletedBytes:
    if done.status == NOT_ROOT_STATUS:
        raise failures.root_denied(connection.target, last_line(done.err))
    return done
