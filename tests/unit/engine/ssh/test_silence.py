"""A host at whose address nobody answers: the next read fails at once, and it is tried in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from bot.engine.ssh import connection as module
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.target import SshTarget
from bot.errors import HostProblem, HostUnreachable


class _Host:
    """Stands in for the network: each attempt waits for ``answer``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connection = SshConnection(SshTarget("host-1", "192.0.2.1", 22, "deploy", (), ()))
        self.problem: HostProblem | None = "timed out"
        self.attempts = 0
        self.answer = Event()
        self.answer.set()
        monkeypatch.setattr(self.connection, "_connect", self._connect)

    def _connect(self) -> Any:
        self.attempts += 1
        self.answer.wait(10)
        if self.problem:
            raise HostUnreachable("host-1", self.problem, "It is silent.")
        return SimpleNamespace(is_active=lambda: True)

    def fail(self) -> None:
        """Try once, and fail."""
        with pytest.raises(HostUnreachable):
            self.connection.transport()


def test_a_silent_host_is_tried_again_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """By one attempt at a time; once it answers it is not silent any more."""
    host = _Host(monkeypatch)
    assert host.connection.recent_silence() is None
    host.fail()
    host.answer.clear()
    for _ in range(3):
        failure = host.connection.recent_silence()
        assert failure is not None
        assert failure.happened == "It is silent."
        _until(lambda: host.attempts == 2)
    host.problem = None
    host.answer.set()
    _until(lambda: host.connection.recent_silence() is None)
    assert host.attempts == 2


def test_silence_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 15 s the next order tries and waits."""
    host = _Host(monkeypatch)
    host.fail()
    monkeypatch.setattr(module, "RECENT_FAILURE_S", -1.0)
    assert host.connection.recent_silence() is None


@pytest.mark.parametrize("problem", ["refused", "key refused", "host key changed"])
def test_a_host_that_answers_is_not_silent(monkeypatch: pytest.MonkeyPatch, problem: HostProblem) -> None:
    """An attempt costs no time then."""
    host = _Host(monkeypatch)
    host.problem = problem
    host.fail()
    assert host.connection.recent_silence() is None


def _until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.01)
