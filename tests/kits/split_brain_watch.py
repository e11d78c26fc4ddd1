"""Detects a split brain by writes on every host."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import ClassVar, Final

from docker.errors import DockerException
from requests.exceptions import RequestException

from bot.errors import Failed
from sandbox.fleet import Fleet, Host
from sandbox.fleet.shell import until
from tests.kits.repeating import Repeating

REPLICATION_TIMEOUT_S: Final = 5.0
"""Within this time a write on one manager must be readable on another manager that accepts writes."""


class SplitBrainWatch(Repeating):
    """Writes on every host repeatedly: what two hosts accept at the same time must be readable on both."""

    pause_s: ClassVar[float] = 0.5

    def __init__(self, fleet: Fleet) -> None:
        super().__init__()
        self._fleet = fleet
        self._names = [host.name for host in fleet]
        self._began = monotonic()
        self.rounds = 0
        self.apart: list[str] = []
        """When two hosts accepted writes that the other one did not have: there were two clusters."""
        self.lost: list[str] = []
        """When one of the two accepted no more writes afterwards: a write is lost."""

    def run_once(self) -> None:
        """Write on every host, and read it on those that accepted it."""
        self.rounds += 1
        taken = self._written("")
        if len(taken) < 2 or self._is_read(taken):
            return
        told = f"{', '.join(taken)} after {monotonic() - self._began:.0f} s"
        still = self._written("-again")
        (self.apart if set(taken) <= set(still) else self.lost).append(told)

    def _written(self, suffix: str) -> list[str]:
        with ThreadPoolExecutor(len(self._names)) as pool:
            took = pool.map(lambda name: self._write(name, f"{name}-{self.rounds}{suffix}"), self._names)
        return [name for name, done in zip(self._names, took, strict=True) if done]

    def _write(self, host: str, name: str) -> bool:
        with suppress(DockerException, RequestException, OSError), self._fleet[host].engine(timeout=3) as engine:
            engine.create_config(name, b"x")
            return True
        return False

    def _is_read(self, taken: list[str]) -> bool:
        wanted = {f"{name}-{self.rounds}" for name in taken}

        def is_read() -> bool:
            with suppress(Failed):
                return all(wanted <= configs(self._fleet[name]) for name in taken)
            return False

        with suppress(Failed):
            until(is_read, "it is read", timeout=REPLICATION_TIMEOUT_S)
            return True
        return False


def configs(host: Host) -> set[str]:
    """Return the names of the configs on a manager; raise Failed if it does not respond."""
    return set(host.docker("config", "ls", "--format", "{{.Name}}").split())
