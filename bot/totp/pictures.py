"""Pictures of seeds do not stay: each is deleted when its enrolment ends, or ten minutes after it was shown."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from redis import Redis

from bot.errors import SwarmbotError
from bot.slack.files import FileRefused, Files
from bot.store import keys
from bot.store.client import answering

EVERY: Final = 3.0
LATER: Final = 60.0
"""Seconds until a file that Slack did not delete is tried again."""

log = logging.getLogger(__name__)


class Pictures:
    """A thread of a worker, from ``start`` to ``stop``. Several may delete the same file: the second finds it gone."""

    def __init__(self, redis: Redis, files: Files, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._files = files
        self._now = now
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)

    def start(self) -> None:
        """Begin to look every three seconds."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Stop looking; waits up to ``timeout`` seconds."""
        self._stopping.set()
        self._thread.join(timeout)

    def turn(self) -> None:
        """Delete what is due. Raises Unavailable when Redis does not answer."""
        with answering():
            due: Any = self._redis.zrangebyscore(keys.PICTURES, "-inf", self._now())
        for file_id in due:
            try:
                self._files.delete(file_id)
            except FileRefused as error:
                log.warning("the picture %s of a second factor is deleted later: %s", file_id, error)
                with answering():
                    self._redis.zadd(keys.PICTURES, {file_id: self._now() + LATER}, xx=True)
            else:
                with answering():
                    self._redis.zrem(keys.PICTURES, file_id)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                self.turn()
            except SwarmbotError as error:
                log.warning("%s", error)
            except Exception:  # a thread that dies would leave seeds in Slack
                log.exception("A picture could not be deleted.")
