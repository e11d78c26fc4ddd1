"""How long Slack waits until a slash command is acknowledged, which is after job and audit entry were stored in Redis.

Each client sends its next command as soon as the last one is acknowledged: over HTTP on a connection of its own, or as
Slack does in Socket Mode, all on one connection that the bot opened. The clients run on the same cores as the bot. Some
send beside strangers whose requests never end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import WSMsgType, web
from slack_sdk.signature import SignatureVerifier

from bench.processes import bot_environment, bot_process, cpu_s, redis_server
from bench.result import Cell, Goal, Measured, Table
from sandbox.ports import free_port, listens

CLIENTS: Final = (1, 10, 50)
STRANGERS: Final = 500
CLIENTS_BESIDE: Final = (1, 10)
SLOW_PAUSE_S: Final = 1.0
HALF_A_HEAD: Final = b"POST /slack/events HTTP/1.1\r\nHost: bench\r\nX-Slow: "
HALF_A_BODY: Final = b"POST /slack/events HTTP/1.1\r\nHost: bench\r\nContent-Length: 1000\r\n\r\na"
WARM_UP_REQUESTS: Final = 300
REQUESTS: Final = 3000
QUICK_REQUESTS: Final = 100
TIMEOUT_S: Final = 120
CONTENT_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
SECRET: Final = "bench"  # noqa: S105 - signs requests to the benchmark's own server only

NOTES: Final = (
    "Each client sends its next command as soon as the last one is acknowledged, on the same cores as bot and Redis.",
    f"Each of the {STRANGERS} slow clients sends a byte a second of one request, and connects again when it is closed.",
    "With 50 clients the median is 50 divided by the acks a second, and these are limited by the CPU of one process.",
)

Send = Callable[[Mapping[str, str]], Awaitable[None]]
"""Sends a command, and returns when it is acknowledged."""
Sent = tuple[list[float], float]
"""The latencies in ms, and the seconds of all."""
Run = tuple[int, Sent, float]
"""The number of clients, what they sent, and the seconds of CPU that the bot's process spent on it."""
_numbers: Final = itertools.count()


def measure(*, quick: bool) -> Measured:
    """Measure both ways, with one and with many clients."""
    requests = QUICK_REQUESTS if quick else REQUESTS
    found = [*_measured("HTTP", _over_http(requests, CLIENTS)), *_measured("Socket Mode", _by_socket(requests))]
    beside = f"HTTP, {STRANGERS} slow clients beside"
    crowded = [*_measured(beside, _over_http(requests, CLIENTS_BESIDE, STRANGERS))]
    rows = tuple(row for row, _, _ in (*found, *crowded))
    goals = [Goal(f"{row[0]}, 1 client: p50", p50, 2, "ms") for row, p50, _ in found if row[1] == 1]
    goals += [Goal(f"{row[0]}, 50 clients: p99", p99, 60, "ms") for row, _, p99 in found if row[1] == CLIENTS[-1]]
    goals += [Goal(f"{row[0]}, {row[1]} honest: p99", p99, 100, "ms") for row, _, p99 in crowded]
    columns = ("way", "clients", "requests", "per second", "CPU each, ms", "p50, ms", "p95, ms", "p99, ms", "most, ms")
    return Measured((Table(columns, rows),), tuple(goals), NOTES)


def _measured(way: str, found: Iterator[Run]) -> Iterator[tuple[tuple[Cell, ...], float, float]]:
    """Yield rows with their p50 and p99."""
    for clients, (latencies, seconds), cpu in found:
        p50, p95, p99 = (latencies[int(len(latencies) * part)] for part in (0.50, 0.95, 0.99))
        per_second = round(len(latencies) / seconds)
        each_ms = cpu * 1000 / len(latencies)
        yield (way, clients, len(latencies), per_second, each_ms, p50, p95, p99, latencies[-1]), p50, p99


async def _all_sent(sends: list[Send], requests: int) -> Sent:
    """Send this many commands, one after the other by each sender.

    Return the latencies in ms, and the seconds of all.
    """
    payloads = [_payload(next(_numbers)) for _ in range(requests)]
    latencies: list[float] = []

    async def client(send: Send) -> None:
        while payloads:
            payload = payloads.pop()
            began = time.perf_counter()
            await send(payload)
            latencies.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
        for send in sends:
            group.create_task(client(send))
    return sorted(latencies), time.perf_counter() - began


def _payload(number: int) -> dict[str, str]:
    return {
        "token": "t",
        "team_id": "T0BENCH",
        "team_domain": "bench",
        "channel_id": "C0PROD",
        "channel_name": "prod",
        "user_id": "U0ADA",
        "user_name": "ada",
        "command": "/swarm",
        "text": "status",
        "api_app_id": "A0BENCH",
        "response_url": f"https://hooks.slack.com/commands/{number}",
        "trigger_id": f"{os.getpid()}.{number}",
    }


def _over_http(requests: int, numbers: Sequence[int], strangers: int = 0) -> Iterator[Run]:
    """Yield clients, latencies and seconds of the bot's web process, for each number of clients."""
    with TemporaryDirectory(prefix="swarmbot-bench-") as name, ExitStack() as stack:
        port = free_port()
        env = _bot(stack, Path(name), PORT=str(port), SLACK_SIGNING_SECRET=SECRET)
        bot = stack.enter_context(bot_process("web", env, lambda: listens(port)))
        asyncio.run(_http_run(port, 4, WARM_UP_REQUESTS))
        for clients in numbers:
            spent = cpu_s(bot.pid)
            sent = asyncio.run(_http_run(port, clients, requests, strangers))
            yield clients, sent, cpu_s(bot.pid) - spent


async def _http_run(port: int, clients: int, requests: int, strangers: int = 0) -> Sent:
    connected = [await asyncio.open_connection("127.0.0.1", port) for _ in range(strangers)]
    parts = (HALF_A_HEAD, HALF_A_BODY)
    slow = [asyncio.create_task(_send_slowly(port, parts[turn % 2], *each)) for turn, each in enumerate(connected)]
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]
    try:
        return await _all_sent([_http_sender(*each) for each in connections], requests)
    finally:
        for task in slow:
            task.cancel()
        for _, writer in connections:
            writer.close()


async def _send_slowly(port: int, part: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a request that never ends, a byte a second, and another one when the connection is closed."""
    while True:
        writer.write(part)
        while not reader.at_eof():
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(), SLOW_PAUSE_S)
            writer.write(b"b")
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)


def _http_sender(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Send:
    async def send(payload: Mapping[str, str]) -> None:
        writer.write(_signed(payload))
        head = await reader.readuntil(b"\r\n\r\n")
        length = CONTENT_LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"not acknowledged: {head.decode()}")

    return send


def _signed(payload: Mapping[str, str]) -> bytes:
    body = urlencode(payload).encode()
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    head = (
        "POST /slack/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nX-Slack-Request-Timestamp: {timestamp}\r\n"
        f"X-Slack-Signature: {signature}\r\n\r\n"
    )
    return head.encode() + body


def _by_socket(requests: int) -> Iterator[Run]:
    """Yield clients, latencies and seconds of the bot's socket process, for each number of clients."""
    with TemporaryDirectory(prefix="swarmbot-bench-") as name, ExitStack() as stack:
        port = free_port()
        url = f"http://127.0.0.1:{port}/api/"
        env = _bot(stack, Path(name), SLACK_API_URL=url, SLACK_APP_TOKEN="xapp-bench")  # noqa: S106 - likewise
        yield from asyncio.run(_socket_runs(port, env, requests))


async def _socket_runs(port: int, env: dict[str, str], requests: int) -> list[Run]:
    async with _slack(port) as (connected, send):
        with bot_process("socket", env) as bot:
            async with asyncio.timeout(TIMEOUT_S):
                await connected.wait()
            await _all_sent([send] * 4, min(requests, WARM_UP_REQUESTS))
            found: list[Run] = []
            for clients in CLIENTS:
                spent = cpu_s(bot.pid)
                sent = await _all_sent([send] * clients, requests)
                found.append((clients, sent, cpu_s(bot.pid) - spent))
            return found


@asynccontextmanager
async def _slack(port: int) -> AsyncIterator[tuple[asyncio.Event, Send]]:
    """Serve the end of Slack that Socket Mode needs. Yield what is set when the bot has connected, and a sender."""
    connected, sockets = asyncio.Event(), list[web.WebSocketResponse]()
    waiting: dict[str, asyncio.Future[None]] = {}

    async def call(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{port}/socket", "app_id": "A0BENCH"})

    async def connect(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0BENCH"}})
        sockets.append(socket)
        connected.set()
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                waiting.pop(json.loads(message.data)["envelope_id"]).set_result(None)
        return socket

    async def send(payload: Mapping[str, str]) -> None:
        envelope: dict[str, Any] = {"envelope_id": payload["trigger_id"], "payload": payload}
        acknowledged = waiting[payload["trigger_id"]] = asyncio.get_running_loop().create_future()
        await sockets[-1].send_json({**envelope, "type": "slash_commands", "accepts_response_payload": True})
        await acknowledged

    app = web.Application()
    app.add_routes([web.post("/api/{method}", call), web.get("/socket", connect)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield connected, send
    finally:
        await runner.cleanup()


def _bot(stack: ExitStack, folder: Path, **extra: str) -> dict[str, str]:
    """Start a Redis; return the environment of the bot's processes."""
    return bot_environment(folder, stack.enter_context(redis_server(folder))) | extra
