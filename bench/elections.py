"""When the managers that remain know that another one leads: asked directly, in their own namespaces."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final

import docker
import requests

from bot.errors import Failed
from sandbox.fleet.host import Host

INTERVAL_S: Final = 0.1
"""The interval at which each manager is asked, also while earlier calls hang: a manager without a leader responds after
seconds."""
CALL_TIMEOUT_S: Final = 5
THREADS: Final = 128


def leader_of(manager: Host) -> str:
    """Return the leader that a manager names; "" if it does not answer."""
    try:
        with manager.engine(timeout=CALL_TIMEOUT_S) as engine:
            nodes: list[dict[str, Any]] = engine.nodes()
    except (docker.errors.DockerException, requests.RequestException):
        return ""
    return next((each["Description"]["Hostname"] for each in nodes if each.get("ManagerStatus", {}).get("Leader")), "")


def next_leader(managers: Sequence[Host], old: str, timeout_s: float) -> tuple[float, str]:
    """Return when a manager first named another leader than ``old`` (time.monotonic), and its name.

    Raise Failed if none does within ``timeout_s`` seconds.
    """
    deadline = time.monotonic() + timeout_s
    pool = ThreadPoolExecutor(THREADS)
    waiting: set[Future[tuple[float, str]]] = set()
    try:
        while time.monotonic() < deadline:
            waiting |= {pool.submit(_asked, manager) for manager in managers}
            done, waiting = wait(waiting, INTERVAL_S, return_when=FIRST_COMPLETED)
            known = sorted(found for each in done if (found := each.result())[1] not in {"", old})
            if known:
                return known[0]
            time.sleep(INTERVAL_S)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    raise Failed(f"No manager named another leader than {old} within {timeout_s:.0f} s.")


def _asked(manager: Host) -> tuple[float, str]:
    leader = leader_of(manager)
    return time.monotonic(), leader
