"""Pictures of seeds do not stay: each is deleted when its enrolment ends, or ten minutes after it was shown."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from redis import Redis

from bot.slack.outbound.files import FileRefused, Files
from bot.store import keys
from bot.store.client import answering

LATER: Final = 60.0
"""Seconds until a file that Slack did not delete is tried again."""

log = logging.getLogger(__name__)


class Pictures:
    """Each worker has one that takes turns. Several may delete the same file: the second finds it gone."""

    def __init__(self, redis: Redis, files: Files, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._files = files
        self._now = now

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
