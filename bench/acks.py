"""How long Slack waits for the 200 of a slash command, including the write to Redis.

Each client sends its next command over one connection as soon as the last one is acknowledged. The clients run on the
same cores as the bot.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bench.processes import served

CLIENTS = (1, 10, 50)
WARM_UP_REQUESTS = 300
REQUESTS = 3000
TIMEOUT_S = 60
CONTENT_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
SECRET = "bench"  # noqa: S105 - signs requests to the benchmark's own server only


@dataclass
class Load:
    """Requests that clients share, and their latencies in ms."""

    port: int
    latencies: list[float]
    requests: list[bytes]

    async def client(self) -> None:
        """Send requests one after the other until none is left."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.requests:
            request = self.requests.pop()
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = CONTENT_LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
            self.latencies.append((time.perf_counter() - started) * 1000)
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(f"not acknowledged: {head.decode()}")
        writer.close()


def _request(number: int) -> bytes:
    form = {
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
    body = urlencode(form).encode()
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    head = (
        "POST /slack/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nX-Slack-Request-Timestamp: {timestamp}\r\n"
        f"X-Slack-Signature: {signature}\r\n\r\n"
    )
    return head.encode() + body


async def _measure(port: int, clients: int, requests: int, numbers: itertools.count[int]) -> tuple[list[float], float]:
    load = Load(port, [], [_request(next(numbers)) for _ in range(requests)])
    started = time.perf_counter()
    async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(load.client())
    return sorted(load.latencies), time.perf_counter() - started


def main() -> None:
    """Print latencies by number of clients."""
    numbers = itertools.count()
    print("Acknowledging a slash command (job and audit entry stored in Redis, appendonly), ms")
    print(f"{'clients':>8}{'requests':>10}{'per s':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}{'p99/p50':>9}")
    with served(SECRET) as port:
        asyncio.run(_measure(port, 4, WARM_UP_REQUESTS, numbers))
        for clients in CLIENTS:
            latencies, seconds = asyncio.run(_measure(port, clients, REQUESTS, numbers))
            p50, p95, p99 = (latencies[int(len(latencies) * part)] for part in (0.50, 0.95, 0.99))
            times = "".join(f"{value:8.1f}" for value in (p50, p95, p99, latencies[-1]))
            print(f"{clients:>8}{len(latencies):>10}{len(latencies) / seconds:>8.0f}{times}{p99 / p50:>9.1f}")
