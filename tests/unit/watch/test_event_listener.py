"""Events of one manager: each is noticed, and so is a stream that broke, which is opened again with back-off."""

from __future__ import annotations

from threading import Event
from typing import Any, cast

import pytest

from bot.errors import EngineError
from bot.watch.event_listener import EventListener


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
    """The monotonic clock of the listener."""
    now = [0.0]
    monkeypatch.setattr("bot.watch.event_listener.time.monotonic", lambda: now[0])
    return now


def test_an_event_is_noticed() -> None:
    """And not without one."""
    listener = EventListener(cast("Any", Managers(Stream(False, True))))
    listener.listen_to("host-1")
    assert [listener.wait_for_event(0.1, Event()) for _ in range(2)] == [False, True]


def test_a_broken_stream_is_noticed_and_opened_again_with_back_off(clock: list[float]) -> None:
    """So that the gap is read at once, and an engine that refuses is not asked at every turn."""
    managers = Managers(Stream(BROKEN), BROKEN, Stream(True))
    listener = EventListener(cast("Any", managers))
    listener.listen_to("host-1")
    assert listener.wait_for_event(0.1, Event())
    for seconds, asked in ((0.0, 1), (1.0, 2), (2.0, 2), (3.0, 3)):
        clock[0] = seconds
        listener.listen_to("host-1")
        assert len(managers.asked) == asked, seconds
    assert listener.is_listening


def test_it_listens_to_the_manager_that_was_read() -> None:
    """Another manager, or none, closes the stream: that of a host that was demoted is silent without an end."""
    first, second = Stream(), Stream()
    managers = Managers(first, second)
    listener = EventListener(cast("Any", managers))
    listener.listen_to("host-1")
    listener.listen_to("host-2")
    assert (managers.asked, first.closed, second.closed) == (["host-1", "host-2"], True, False)
    listener.listen_to("")
    assert second.closed
    assert not listener.is_listening
