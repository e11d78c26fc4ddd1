"""Whether the web process can accept commands now, and if not, which part cannot: for load balancers and monitoring.

Anybody may ask, so the answer names the part alone. The details are in the log and in the doctor's report.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from redis import Redis

from bot.config import load
from bot.errors import SwarmbotError
from bot.store.durability import problems

CONFIG_PROBLEM: Final = "swarmbot.yml is not valid. The log and `python -m bot doctor` say why."
REDIS_PROBLEM: Final = "Redis does not respond. The log and `python -m bot doctor` say why."

log = logging.getLogger(__name__)


class Readiness:
    """Checks Redis at each call (within the client's timeouts), and swarmbot.yml only when it has changed."""

    def __init__(self, redis: Redis, config_path: Path) -> None:
        self._redis = redis
        self._config_path = config_path
        self._seen: tuple[int, int] | None = None
        self._config_problem = ""

    def problems(self) -> dict[str, list[str]]:
        """Return the problems by part; empty if ready."""
        found = {"redis": self._redis_problems(), "swarmbot.yml": self._config_problems()}
        return {part: said for part, said in found.items() if said}

    def _redis_problems(self) -> list[str]:
        try:
            return problems(self._redis)
        except SwarmbotError as error:
            log.warning("not ready: %s", error)
            return [REDIS_PROBLEM]

    def _config_problems(self) -> list[str]:
        try:
            status = self._config_path.stat()
            seen = (status.st_mtime_ns, status.st_size)
        except OSError:
            seen = None
        if seen is None or seen != self._seen:
            try:
                load(self._config_path)
            except SwarmbotError as error:
                log.warning("not ready: %s", error)
                self._config_problem = CONFIG_PROBLEM
            else:
                self._config_problem = ""
            self._seen = seen
        return [self._config_problem] if self._config_problem else []
