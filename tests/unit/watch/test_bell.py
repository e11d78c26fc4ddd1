"""The bell: rings for an event and for a stream that broke, and is opened again with back-off."""

from __future__ import annotations

from threading import Event
from typing import Any, cast

import pytest

from bot.errors import EngineError
from bot.watch.bell import Bell


class Stream:
    """A stream whose next waits are given: True, False, or an error."""

    def __init__(self, *waits: bool | Exception) -> None:
        self.waits = list(waits)
        self.closed = False

    def wait(self, _: float) -> bool:
        """Take the next one."""
        found = self.waits.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """Close it."""
        self.closed = True


BROKEN = EngineError("host-1", 0, "It broke.")


class Managers:
    """Engines that open these streams one after the other, or fail to."""

    def __init__(self, *streams: Stream | Exception) -> None:
        self.streams = list(streams)
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.asked.append(name)
        return self

    def events(self) -> Stream:
        """Open the next one."""
        found = self.streams.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock of the bell."""
    now = [0.0]
    monkeypatch.setattr("bot.watch.bell.time.monotonic", lambda: now[0])
    return now


def test_it_rings_for_an_event() -> None:
    """And not without one."""
    bell = Bell(cast("Any", Managers(Stream(False, True))))
    bell.hang_at("host-1")
    assert [bell.rings(0.1, Event()) for _ in range(2)] == [False, True]


def test_a_broken_stream_rings_and_is_opened_again_with_back_off(clock: list[float]) -> None:
    """So that the gap is read at once, and an engine that refuses is not asked at every turn."""
    managers = Managers(Stream(BROKEN), BROKEN, Stream(True))
    bell = Bell(cast("Any", managers))
    bell.hang_at("host-1")
    assert bell.rings(0.1, Event())
    for seconds, asked in ((0.0, 1), (1.0, 2), (2.0, 2), (3.0, 3)):
        clock[0] = seconds
        bell.hang_at("host-1")
        assert len(managers.asked) == asked, seconds
    assert bell.hangs


def test_it_hangs_at_the_manager_that_was_read() -> None:
    """Another manager, or none, closes the stream: that of a host that was demoted is silent without an end."""
    first, second = Stream(), Stream()
    managers = Managers(first, second)
    bell = Bell(cast("Any", managers))
    bell.hang_at("host-1")
    bell.hang_at("host-2")
    assert (managers.asked, first.closed, second.closed) == (["host-1", "host-2"], True, False)
    bell.hang_at("")
    assert second.closed
    assert not bell.hangs
