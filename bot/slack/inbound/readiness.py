"""Whether the web process can accept commands now, and if not, why: for load balancers and monitoring."""

from __future__ import annotations

from pathlib import Path

from redis import Redis

from bot.config import load
from bot.errors import SwarmbotError
from bot.store.durability import problems


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
            return [str(error)]

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
                self._config_problem = str(error)
            else:
                self._config_problem = ""
            self._seen = seen
        return [self._config_problem] if self._config_problem else []
