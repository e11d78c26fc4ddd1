"""The web process gets hostile requests from many clients: it answers each, shows nothing, and keeps its promise.

``FUZZ_REQUESTS=100000 FUZZ_SEED=8 pytest -m long tests/chaos/test_fuzzed_requests.py`` sends this many of another seed.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

import pytest

from bench.processes import memory_mib
from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet
from tests.kits.barrage import Barrage
from tests.kits.fuzzed_requests import Fuzzer, sound_request
from tests.kits.measured import record
from tests.kits.random_run.recorder import TRACEBACK

REQUESTS: Final = int(os.environ.get("FUZZ_REQUESTS", "1000000"))
SEED: Final = int(os.environ.get("FUZZ_SEED", "1"))
WARM_UP_SHARE: Final = 0.1
"""After this share of the requests the process has its threads, caches and memory pools."""
MAX_GROWTH_MIB: Final = 64.0
"""A hundred bytes kept of each of a million requests are more."""
MAX_JOBS: Final = 1_000_000
HOSTS: Final = {f"host-{number}": f"192.0.2.{number}" for number in range(1, 4)}
CONFIG: Final = {"clusters": {"prod": {"channel": "C0PROD", "hosts": HOSTS}}, **PEOPLE}
PROMISE_MS: Final = 3000.0
BUSY_TIMEOUT_S: Final = 20.0
"""How long the short form waits for an acknowledgement: it runs beside other tests."""
CLOSED: Final = "http://127.0.0.1:9/closed"
"""No Slack: answers to presses go to Slack's API then, as when a response_url has expired."""


def test_fuzzed_requests(tmp_path: Path) -> None:
    """The short form, too short to judge memory."""
    fuzz(tmp_path, 1500, slow=20)


@pytest.mark.long
@pytest.mark.timeout(REQUESTS / 50 + 300)
def test_a_million_fuzzed_requests(tmp_path: Path) -> None:
    """The long form."""
    before, after, acks_ms = fuzz(tmp_path, REQUESTS, slow=200)
    assert after - before < MAX_GROWTH_MIB
    assert max(acks_ms) < PROMISE_MS


def fuzz(folder: Path, requests: int, *, slow: int) -> tuple[float, float, list[float]]:
    """Send this many requests while somebody types commands, and check answers, log and jobs.

    Return the memory of the web process in MiB, after the first of them and at the end, and how long each command took.
    """
    none = Fleet(folder / "no hosts", size=0)
    with Deployment(none, folder / "deployment", workers=0, config=CONFIG) as deployment:
        deployment.slack.dispatcher.ack_timeout_s = BUSY_TIMEOUT_S
        secret = deployment.slack.team.app.signing_secret
        fuzzer = Fuzzer(SEED, secret, CLOSED)
        slow_request = sound_request("status", secret, CLOSED)
        barrage = Barrage(deployment.port, fuzzer, clients=8, slow=slow, slow_request=slow_request)
        web = deployment.processes["web"].pid
        acks_ms: list[float] = []
        warm_up = int(requests * WARM_UP_SHARE)
        began = monotonic()
        _send(deployment, barrage, warm_up, acks_ms)
        before = memory_mib(web)
        _send(deployment, barrage, requests - warm_up, acks_ms)
        seconds, after = monotonic() - began, memory_mib(web)
        outcome = barrage.outcome
        sys.stderr.writelines(f"{line}\n" for line in outcome.lines)
        sys.stderr.write(
            f"seed {SEED}: {outcome.sent} requests, {outcome.sent / seconds:.0f} a second; {outcome.slow_closed} slow "
            f"clients closed; web {before:.0f} → {after:.0f} MiB; {len(acks_ms)} sound commands acknowledged, "
            f"the slowest after {max(acks_ms):.0f} ms, {sum(each > PROMISE_MS for each in acks_ms)} after 3 s\n"
        )
        record(
            "input",
            {
                "requests": outcome.sent,
                "requests a second": round(outcome.sent / seconds),
                "answered wrongly": len(outcome.wrong),
                "slow clients disconnected": outcome.slow_closed,
                "memory of web after a tenth, MiB": round(before),
                "memory of web at the end, MiB": round(after),
                "sound commands meanwhile": len(acks_ms),
                "acknowledged after, median, ms": round(sorted(acks_ms)[len(acks_ms) // 2]),
                "acknowledged after, slowest, ms": round(max(acks_ms)),
                "acknowledged after 3 s": sum(each > PROMISE_MS for each in acks_ms),
            },
        )
        told = "\n".join(outcome.wrong[:20])
        assert not outcome.wrong, f"seed {SEED}: {len(outcome.wrong)} wrong answers:\n{told}"
        assert outcome.sent == requests
        assert not [each[0][-2000:] for each in TRACEBACK.finditer(deployment.log("web"))]
        _once_each(deployment)
    return before, after, acks_ms


def _send(deployment: Deployment, barrage: Barrage, requests: int, acks_ms: list[float]) -> None:
    """Send requests; meanwhile Ada types a question when the last one was acknowledged."""
    stop = Event()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(barrage.send, requests, stop)
        try:
            while not sending.done():
                delivery = deployment.slack.slash("ada", "prod", "whoami")
                assert (delivery.status, delivery.error) == (200, ""), f"after {delivery.ack_ms:.0f} ms"
                acks_ms.append(delivery.ack_ms)
                stop.wait(0.2)
        finally:
            stop.set()
        sending.result()


def _once_each(deployment: Deployment) -> None:
    """Check that no request became two jobs, and that the audit log is valid."""
    with connect(Secret(deployment.redis_url)) as redis:
        audit = Audit(redis)
        keys = [job.order.request_key for job in Queue(redis, audit).recent(None, MAX_JOBS)]
        assert keys, "no request became a job"
        assert len(keys) == len(set(keys))
        assert audit.verify().ok
