"""Which blocks the workspace accepts: all processes of the bot remember it after it refused newer ones."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from redis import Redis
from slack_sdk import WebClient

from bot.errors import Unavailable
from bot.slack.outbound.client import SLACK_ERRORS, reason_of
from bot.slack.outbound.payload import AGES, Age
from bot.store import keys
from bot.store.client import translate_errors

READ_INTERVAL_S: Final = 60.0
"""How long a process uses what it read from Redis, or the failure to read it."""

log = logging.getLogger(__name__)


class BlockAge:
    """The age of the blocks that are sent first, in one process. Safe to share between threads."""

    def __init__(self) -> None:
        self._age: Age = "newest"

    def get(self) -> Age:
        """Return the age to begin with."""
        return self._age

    def note(self, age: Age) -> None:
        """Remember that Slack took blocks of this age after it refused newer ones."""
        self._age = age


class SharedBlockAge(BlockAge):
    """One answer for all processes, by the id of the workspace, for a day: it may have the newer blocks by then.

    Without Redis, or if Slack does not name the workspace, the answer is valid in this process only. ``client`` should
    not retry.
    """

    def __init__(self, redis: Redis, client: WebClient, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._redis = redis
        self._client = client
        self._now = now
        self._read_at = float("-inf")
        self._team = ""

    def get(self) -> Age:
        """Return the age to begin with."""
        now = self._now()
        if now - self._read_at >= READ_INTERVAL_S:
            self._read_at = now
            with suppress(Unavailable), translate_errors():
                self._read()
        return self._age

    def note(self, age: Age) -> None:
        """Remember that Slack took blocks of this age after it refused newer ones."""
        super().note(age)
        if self._team:
            with suppress(Unavailable), translate_errors():
                self._redis.set(keys.block_age(self._team), age, ex=keys.BLOCK_AGE_TTL_S)

    def _read(self) -> None:
        self._team = self._team or self._ask_team()
        if self._team:
            stored = self._redis.get(keys.block_age(self._team))
            self._age = next((age for age in AGES if age == stored), "newest")

    def _ask_team(self) -> str:
        try:
            return str(self._client.auth_test().get("team_id") or "")
        except SLACK_ERRORS as error:
            log.info("the workspace is not known yet: %s", reason_of(error))
            return ""
