"""What a channel has received is read whole, in order, and ends as paramiko's pipe does."""

from __future__ import annotations

import threading
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paramiko.buffered_pipe import PipeTimeout

from bot.engine.ssh.channel_pipe import ChannelPipe


@given(st.lists(st.binary(max_size=20)), st.lists(st.integers(1, 30), min_size=1))
def test_all_of_it_is_read_in_order(pieces: list[bytes], sizes: list[int]) -> None:
    """However it was cut and is read."""
    pipe = ChannelPipe()
    for piece in pieces:
        pipe.feed(piece)
    pipe.close()
    assert len(pipe) == sum(map(len, pieces))
    read = b""
    for size in cycle(sizes):
        found = pipe.read(size)
        assert len(found) <= size
        if not found:
            break
        read += found
    assert read == b"".join(pieces)


def test_an_empty_piece_is_not_the_end() -> None:
    """Only a closed pipe ends."""
    pipe = ChannelPipe()
    pipe.feed(b"")
    assert not pipe.read_ready()
    with pytest.raises(PipeTimeout):
        pipe.read(1, 0.0)


def test_a_reader_waits_for_a_piece() -> None:
    """As a thread that asked an engine does."""
    pipe, read = ChannelPipe(), list[bytes]()
    reader = threading.Thread(target=lambda: read.append(pipe.read(10, 10.0)))
    reader.start()
    pipe.feed(b"piece")
    reader.join(10.0)
    assert read == [b"piece"]


def test_a_reader_that_waits_sees_the_end() -> None:
    """It does not wait for ever."""
    pipe, read = ChannelPipe(), list[bytes]()
    reader = threading.Thread(target=lambda: read.append(pipe.read(10)))
    reader.start()
    pipe.close()
    reader.join(10.0)
    assert read == [b""]


def test_the_event_says_whether_there_is_something() -> None:
    """A channel with a file descriptor needs it."""
    pipe, event = ChannelPipe(), threading.Event()
    pipe.set_event(event)
    pipe.feed(b"ab")
    assert event.is_set()
    pipe.read(1)
    assert event.is_set()
    pipe.read(1)
    assert not event.is_set()
    pipe.feed(b"c")
    assert pipe.empty() == b"c"
    assert not event.is_set()
    pipe.close()
    assert event.is_set()
