"""The helper that runs scripts on a host, with the shells that hosts have."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from shutil import which
from typing import Any, Final

import pytest

from bot.engine.ssh.helper import HELPER_SCRIPT, MAX_READ_BYTES, Helper, HelperLostError, TooMuchOutputError
from sandbox.fleet.shell import until
from tests.conftest import cannot

WAIT: Final = 'read -r _ <"$1"'
"""The part of a script that waits until somebody writes into the named pipe."""


class ProcessChannel:
    """A process with the interface of an SSH channel."""

    def __init__(self, argv: list[str], path: str) -> None:
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": path, "SSH_CLIENT": "192.0.2.1 1 22"},
            start_new_session=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self.received = b""

    def settimeout(self, seconds: float | None) -> None:
        """Reads wait."""

    def sendall(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._stdin.write(data)
        self._stdin.flush()

    def recv(self, size: int) -> bytes:
        """Return what came; nothing after the end."""
        part = os.read(self._stdout.fileno(), size)
        self.received += part
        return part

    def shutdown_write(self) -> None:
        """Send the end."""
        self._stdin.close()

    def close(self) -> None:
        """Do nothing: the process ends by itself."""


def _start(shell: str, folder: Path) -> Helper:
    """Start a helper whose ``sh`` is ``shell``, with busybox's programs if it is busybox."""
    program = which(shell)
    if program is None:
        cannot(f"{shell} is not installed")
    for name in ("sh", "base64", "timeout") if shell == "busybox" else ("sh",):
        (folder / name).symlink_to(str(program))
    path = f"{folder}:{os.environ['PATH']}"
    channel: Any = ProcessChannel([str(folder / "sh"), "-c", HELPER_SCRIPT], path)
    return Helper(channel, lambda: None)


@pytest.fixture(params=["dash", "bash", "busybox"])
def helper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Helper]:
    """Yield a helper of each shell."""
    with closing(_start(request.param, tmp_path)) as helper:
        yield helper


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A named pipe for which a script waits."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    return fifo


def test_a_script_with_its_arguments_status_and_output(helper: Helper) -> None:
    """Both outputs are kept apart; bytes and newlines stay, also at the end."""
    script = r"""printf '<%s>' "$#" "$@"; printf 'a\0b\n\n'; printf '%s\n' 'o\\n' >&2; exit 3"""
    words = ("", " two  words ", "it's\n$HOME *\n", "\\0101%s-é")
    expected = "".join(f"<{word}>" for word in (str(len(words)), *words)).encode() + b"a\0b\n\n"
    assert helper.run(script, *words, timeout=10) == (3, expected, b"o\\\\n")


def test_large_outputs_of_many_scripts_at_once(helper: Helper) -> None:
    """They do not mix."""
    script = 'n=0; while [ $n -lt 4000 ]; do echo "$1 $n"; n=$((n + 1)); done'
    with ThreadPoolExecutor(6) as pool:
        outs = list(pool.map(lambda word: helper.run(script, word, timeout=30)[1], "abcdef"))
    assert outs == ["".join(f"{word} {n}\n" for n in range(4000)).encode() for word in "abcdef"]


def test_a_script_that_is_late_does_not_delay_others(helper: Helper, fifo: Path, tmp_path: Path) -> None:
    """It is given up; the next answer is not mixed with its own, which comes meanwhile."""
    os.mkfifo(tmp_path / "late")
    channel: Any = helper._channel
    helper.round_trip_s = 1.0  # a busy machine has 10 s to begin a script
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(helper.run, f"{WAIT}; echo late", str(tmp_path / "late"), timeout=0.05)
        assert helper.run("echo soon", timeout=10)[1] == b"soon\n"
        with pytest.raises(TimeoutError):
            late.result()
        following = pool.submit(helper.run, f'echo >"$2"; {WAIT}; echo next', str(fifo), f"{tmp_path}/late", timeout=30)
        until(lambda: channel.received.count(b" .\n") == 2, "the late answer has come")
        fifo.write_text("\n")
        assert following.result()[1] == b"next\n"


def test_a_script_that_prints_too_much(helper: Helper) -> None:
    """Its output is dropped, and the helper stays."""
    with pytest.raises(TooMuchOutputError):
        helper.run(f"head -c {2 * MAX_READ_BYTES} /dev/zero", timeout=30)
    assert helper.run("echo next", timeout=30)[1] == b"next\n"


def test_a_helper_that_ends_while_a_script_runs(helper: Helper) -> None:
    """A waiting caller gets an error at once; the next one gets an error that says that nothing was sent."""
    channel: Any = helper._channel
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(helper.run, "sleep 3", timeout=60)
        until(lambda: bool(helper._running), "a script runs")
        os.killpg(channel.process.pid, signal.SIGKILL)
        with pytest.raises(HelperLostError):
            waiting.result(timeout=10)
    with pytest.raises(HelperLostError) as caught:
        helper.run("echo", timeout=1)
    assert not caught.value.sent


def test_a_helper_that_begins_no_script_is_ended(helper: Helper) -> None:
    """Then the next use starts another one."""
    channel: Any = helper._channel
    channel.process.send_signal(signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        helper.run("echo", timeout=0.1)
    assert not helper.alive
    channel.process.send_signal(signal.SIGCONT)


def test_a_helper_gives_way_only_if_it_is_idle(helper: Helper, fifo: Path) -> None:
    """Its session may be needed for something else."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(helper.run, f"{WAIT}; echo done", str(fifo), timeout=10)
        until(lambda: bool(helper._running), "a script runs")
        helper.close_idle()
        fifo.write_text("\n")
        assert waiting.result()[1] == b"done\n"
    helper.close_idle()
    assert not helper.alive


def test_shells_that_a_script_starts_read_no_start_up_file(helper: Helper) -> None:
    """As bash does with SSH_CLIENT set, or with a socket as stdin; nothing else of the session is open either."""
    script = 'echo "${SSH_CLIENT-unset}"; readlink /proc/self/fd/0; cat; [ -e /proc/self/fd/3 ] || echo closed'
    assert helper.run(script, timeout=10)[1] == b"unset\n/dev/null\nclosed\n"
