"""Sends fuzzed requests to a web process over many connections, beside clients that send slowly."""

from __future__ import annotations

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from bot.slack.inbound.guards import MAX_BODY_BYTES
from tests.kits.fuzzed_requests import Fuzzed, Fuzzer

ANSWER_TIMEOUT_S: Final = 30.0
"""How long a request may take before it counts as not answered: the machine is busy."""
SLOW_PAUSE_S: Final = 0.5
"""Between two bytes of a slow client."""
STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
TRACE: Final = re.compile(rb"Traceback|File \"|Error:|<html", re.IGNORECASE)
"""What no answer may hold. Swarmbot's own answers are JSON."""
DEFECT: Final = b"This is a defect of Swarmbot"


@dataclass
class Outcome:
    """What a barrage saw."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By kind of request and status; 0 for a connection that was closed without an answer."""
    wrong: list[str] = field(default_factory=list)
    """Requests that were answered with what they may not be."""
    slow_closed: int = 0
    """How many slow clients were disconnected."""

    @property
    def sent(self) -> int:
        """The number of requests."""
        return self.answers.total()

    @property
    def lines(self) -> list[str]:
        """The answers, a line for each kind."""
        found: dict[str, list[str]] = {}
        for (kind, status), number in sorted(self.answers.items()):
            found.setdefault(kind, []).append(f"{number} with {status}")
        return [f"{kind}: {', '.join(answers)}" for kind, answers in found.items()]


class Barrage:
    """``clients`` send one request after the other, each over a connection that it keeps; ``slow`` ones send slowly."""

    def __init__(self, port: int, fuzzer: Fuzzer, *, clients: int, slow: int, slow_request: bytes) -> None:
        self._port = port
        self._fuzzer = fuzzer
        self._clients = clients
        self._slow = slow
        self._slow_request = slow_request
        self._left = 0
        self.outcome = Outcome()

    def send(self, requests: int, stop: Event) -> None:
        """Send this many requests, or until ``stop`` is set."""
        self._left = requests
        asyncio.run(self._send(stop))

    async def _send(self, stop: Event) -> None:
        slow = [asyncio.create_task(self._dawdle()) for _ in range(self._slow)]
        async with asyncio.TaskGroup() as group:
            for _ in range(self._clients):
                group.create_task(self._client(stop))
        for each in slow:
            each.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    async def _client(self, stop: Event) -> None:
        while self._left > 0 and not stop.is_set():
            async with self._connected() as (reader, writer):
                while self._left > 0 and not stop.is_set():
                    self._left -= 1
                    if not await self._exchange(self._fuzzer.next(), reader, writer):
                        break

    async def _exchange(self, request: Fuzzed, reader: StreamReader, writer: StreamWriter) -> bool:
        """Send a request and judge its answer; return whether the connection can be used again."""
        try:
            writer.write(request.sent)
            if request.may_close:
                with suppress(OSError):
                    writer.write_eof()
            head, body = await asyncio.wait_for(_answer(reader), ANSWER_TIMEOUT_S)
        except (OSError, EOFError, TimeoutError) as error:
            self.outcome.answers[request.kind, 0] += 1
            reset = isinstance(error, ConnectionError) and len(request.sent) > MAX_BODY_BYTES
            if not (request.may_close or reset):  # what is too large is refused while the rest is still being sent
                self._note(request, f"{type(error).__name__} and no answer")
            return False
        found = STATUS.match(head)
        status = int(found[1]) if found else 0
        self.outcome.answers[request.kind, status] += 1
        if status not in request.allowed:
            self._note(request, f"{status} {body[:200]!r}")
        if TRACE.search(body) or DEFECT in body:
            self._note(request, f"shows {body[:300]!r}")
        self._fuzzer.learn(body.decode(errors="replace"))
        return not request.may_close and b"connection: close" not in head.lower()

    def _note(self, request: Fuzzed, what: str) -> None:
        self.outcome.wrong.append(f"{request.kind}: {what} for {request.sent[-400:]!r}")

    async def _dawdle(self) -> None:
        """Send a sound request one byte at a time, again and again."""
        while True:
            with suppress(OSError):
                async with self._connected() as (_, writer):
                    for byte in self._slow_request:
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await asyncio.sleep(SLOW_PAUSE_S)
            self.outcome.slow_closed += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def _answer(reader: StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    return head, await reader.readexactly(int(length[1])) if length else b""
