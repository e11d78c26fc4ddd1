"""One shell per SSH connection that runs scripts: started once, so the login shell's start-up is paid once.

The helper is a POSIX ``sh`` that reads a line for each script from stdin and runs it in the background. Each answer is
lines that begin with the script's id: the id alone when it begins, then base64 with what it printed, then ``.``. A line
is one short write, so answers of scripts that run at the same time do not mix.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import paramiko

MAX_READ_BYTES: Final = 1024 * 1024
"""How much a script may print to the helper."""
CHUNK_BYTES: Final = 65_536
EXTRA_ROUND_TRIPS: Final = 10
"""How many measured round trips are added to the time of a script: on a slow machine everything takes longer."""
_PLAIN: Final = re.compile(rb"[^A-Za-z0-9_./:=,@%+-]")

# Every shell that a script starts would otherwise read ~/.bashrc, as bash does if SSH_CLIENT is set or stdin is a
# socket. A child of a child needs nobody to wait for it. `timeout` of old busyboxes has other arguments: there a script
# has no limit. On a busy host each process counts: only words with special characters are decoded.
HELPER_SCRIPT: Final = r"""
limit=
unset SSH_CLIENT SSH2_CLIENT SSH_CONNECTION
timeout -s KILL 5 true 2>/dev/null && limit='timeout -s KILL'
set -f
exec 2>/dev/null
while read -r id seconds words; do
  ( (
    echo "$id"
    set -- $words
    for word; do
      shift
      case $word in *\\*) word=$(printf '%b.' "$word"); word=${word%.} ;; esac
      set -- "$@" "$word"
    done
    script=$1
    shift
    for line in $({
      said=$(${limit:+$limit $seconds} sh -c "$script" sh "$@" 2>&1 >&4 4>&-)
      printf '%s %s %s' "$id" $? "$said"
    } 4>&1 | base64); do echo "$id $line"; done
    echo "$id ."
  ) </dev/null & )
done
"""


class HelperLostError(Exception):
    """The helper ended before it answered. ``sent`` is False if the script cannot have begun."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__()
        self.sent = sent


class TooMuchOutputError(Exception):
    """The script printed more than :data:`MAX_READ_BYTES`."""


@dataclass(slots=True)
class _Running:
    """A script that was sent."""

    began: float = 0.0
    """When it began (monotonic); 0 before."""
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    ended: bool = False


class Helper:
    """The helper behind ``channel``, which runs :data:`HELPER_SCRIPT`. ``ended`` is called once, after its end."""

    def __init__(self, channel: paramiko.Channel, ended: Callable[[], None]) -> None:
        channel.settimeout(None)
        self.round_trip_s = 0.0
        """How long the last script took to begin."""
        self._channel = channel
        self._ended = ended
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._running: dict[bytes, _Running] = {}
        self._alive = True
        threading.Thread(target=self._read, name="helper", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it takes scripts."""
        return self._alive

    def run(self, script: str, *args: str, timeout: float) -> tuple[int, bytes, bytes]:
        """Run ``script``; return its exit status, stdout and stderr. ``timeout`` is in seconds from its beginning.

        Raises HelperLostError, TimeoutError, TooMuchOutputError.
        """
        word = secrets.token_hex(8).encode()
        running = _Running()
        limit_s = math.ceil(timeout + EXTRA_ROUND_TRIPS * max(1.0, self.round_trip_s))
        line = b" ".join((word, str(limit_s).encode(), *map(_encoded, (script, *args))))
        with self._changed:
            if not self._alive:
                raise HelperLostError(sent=False)
            self._running[word] = running
        try:
            sent = time.monotonic()
            self._send(line + b"\n")
            try:
                self._await(lambda: running.began > 0, timeout + EXTRA_ROUND_TRIPS * self.round_trip_s)
            except TimeoutError:
                self.close()  # it may have ended while an earlier script still runs
                raise
            self.round_trip_s = running.began - sent
            late = running.began + timeout + EXTRA_ROUND_TRIPS * self.round_trip_s
            self._await(lambda: running.ended, late - time.monotonic())
        finally:
            with self._changed:
                self._running.pop(word, None)
        return _answer(word, running)

    def close(self) -> None:
        """End it; scripts that run are lost."""
        with self._changed:
            self._alive = False
            self._changed.notify_all()
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.shutdown_write()
        self._channel.close()

    def close_idle(self) -> None:
        """End it if no script runs."""
        with self._changed:
            if self._running or not self._alive:
                return
            self._alive = False
        self.close()

    def _send(self, data: bytes) -> None:
        try:
            with self._sending:
                self._channel.sendall(data)
        except (OSError, EOFError, paramiko.SSHException):
            self.close()
            raise HelperLostError(sent=True) from None

    def _await(self, done: Callable[[], bool], timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: done() or not self._alive, max(0.0, timeout)):
                raise TimeoutError
            if not done():
                raise HelperLostError(sent=True)

    def _read(self) -> None:
        rest = b""
        with suppress(OSError, EOFError, paramiko.SSHException):
            while part := self._channel.recv(CHUNK_BYTES):
                *lines, rest = (rest + part).split(b"\n")
                with self._changed:
                    for line in lines:
                        self._take(line)
                    self._changed.notify_all()
        self.close()
        self._ended()

    def _take(self, line: bytes) -> None:
        word, _, data = line.partition(b" ")
        running = self._running.get(word)
        if running is None:  # a script that was given up, or output of the login shell's start-up files
            return
        if not data:
            running.began = time.monotonic()
        elif data == b"." or running.size > MAX_READ_BYTES:
            running.ended = True
        else:
            running.lines.append(data)
            running.size += len(data) * 3 // 4


class SharedHelper:
    """The helper of one SSH connection: started at its first use and again after its end. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempt: Future[Helper] | None = None

    def get(self, start: Callable[[], Helper]) -> Helper:
        """Return the helper; ``start`` it if there is none. Threads that call this meanwhile share the one start."""
        with self._lock:
            attempt = self._attempt
            mine = attempt is None or (attempt.done() and (attempt.exception() or not attempt.result().alive))
            if mine or attempt is None:
                attempt = self._attempt = Future()
        if mine:
            try:
                attempt.set_result(start())
            except BaseException as error:  # noqa: BLE001 - the waiting threads must get it
                attempt.set_exception(error)
        return attempt.result()

    def close_idle(self) -> None:
        """End the helper if no script runs: it occupies a session."""
        with self._lock:
            attempt = self._attempt
        if attempt is not None and attempt.done() and attempt.exception() is None:
            attempt.result().close_idle()


def _encoded(word: str) -> bytes:
    """Return a word for ``printf %b`` without spaces and quotes; an empty one would vanish from the line."""
    plain = _PLAIN.sub(lambda found: b"\\0%03o" % found[0][0], word.encode(errors="surrogateescape"))
    return plain or rb"\c"


def _answer(word: bytes, running: _Running) -> tuple[int, bytes, bytes]:
    if running.size > MAX_READ_BYTES:
        raise TooMuchOutputError
    try:
        out, _, end = base64.b64decode(b"".join(running.lines)).partition(word + b" ")
        status, _, err = end.partition(b" ")
        return int(status), out, err
    except (binascii.Error, ValueError):
        raise HelperLostError(
            sent=True
        ) from None  # the host could not encode the answer: it has no memory or no base64
