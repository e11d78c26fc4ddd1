"""Who is in Slack's user groups: asked of Slack, remembered in Redis for a minute, never guessed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final

from redis import Redis, RedisError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import Failed
from bot.policy import Membership
from bot.settings import Settings
from bot.slack.outbound.client import quiet_logger
from bot.store import keys
from bot.store.client import translate_errors
from bot.stored_json import from_json, to_json
from bot.text.suggest import listed

FRESH: Final = 60.0
"""Seconds in which an answer of Slack's is taken without asking again."""
PATIENCE: Final = 2
"""Seconds that Slack has for all groups together: the command must be acknowledged after three."""
SIDE_BY_SIDE: Final = 8

_log = logging.getLogger(__name__)


def short_timeout_client(settings: Settings) -> WebClient:
    """A client that gives up after :data:`PATIENCE` and tries nothing twice, for questions asked before an ack."""
    token = settings.need("SLACK_BOT_TOKEN").reveal()
    return WebClient(
        token,
        base_url=settings.slack_api_url,
        timeout=PATIENCE,
        logger=quiet_logger("people"),
        retry_handlers=[],
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """Who Slack said is in a group, and when (unix seconds)."""

    users: tuple[str, ...]
    at: float


class MembershipUnknown(Failed):
    """Slack does not say who is in a user group."""


class UserGroups:
    """Memberships as Slack tells them. Safe to share between threads; ``now`` gives unix seconds."""

    def __init__(self, slack: WebClient, redis: Redis, now: Callable[[], float] = time.time) -> None:
        self._slack = slack
        self._redis = redis
        self._now = now
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="user-groups")

    def membership(self, user: str, groups: Iterable[str], *, max_age: float = FRESH) -> Membership:
        """Which of ``groups`` (S…) ``user`` is in; as :meth:`members`."""
        known = self.members(groups, max_age=max_age)
        return Membership(user, frozenset(group for group, users in known.items() if user in users))

    def members(self, groups: Iterable[str], *, max_age: float = FRESH) -> dict[str, frozenset[str]]:
        """Who is in each of ``groups`` (S…). What Slack said up to ``max_age`` seconds ago is taken without asking.

        Raises :class:`MembershipUnknown` when Slack does not say in time and what it said last is over ten minutes old;
        with a ``max_age`` under :data:`FRESH`, whenever it does not say in time.
        """
        wanted = tuple(dict.fromkeys(groups))
        known = self._remembered(wanted)
        stale = [group for group in wanted if group not in known or self._now() - known[group].at > max_age]
        if max_age < FRESH:
            known = {group: answer for group, answer in known.items() if group not in stale}
        known |= self._ask(stale)
        unknown = [group for group in wanted if group not in known]
        if unknown:
            raise MembershipUnknown(
                f"Slack does not say who is in {listed(f'<!subteam^{group}>' for group in unknown)}, "
                "and without that nobody is let in by it.",
                true_now="Nothing was done.",
                next_step="Try again in a minute. If it stays so, `python -m bot doctor` says why.",
            )
        return {group: frozenset(known[group].users) for group in wanted}

    def close(self) -> None:
        """End the threads; what still waits for Slack is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _remembered(self, groups: tuple[str, ...]) -> dict[str, _Answer]:
        if not groups:
            return {}
        with translate_errors():
            kept = self._redis.mget([keys.user_group(group) for group in groups])
        answers = {
            group: from_json(_Answer, text) for group, text in zip(groups, kept, strict=True) if text is not None
        }
        oldest = self._now() - keys.USER_GROUP_TTL_S
        return {group: answer for group, answer in answers.items() if answer.at > oldest}

    def _ask(self, groups: list[str]) -> dict[str, _Answer]:
        """What Slack answers in time, and remember it."""
        asked: dict[Future[_Answer], str] = {self._pool.submit(self._asked, group): group for group in groups}
        done, late = wait(asked, timeout=PATIENCE)
        for future in late:
            future.cancel()
            _log.warning("Slack did not say in %s s who is in user group %s", PATIENCE, asked[future])
        return {asked[future]: future.result() for future in done if self._answered(asked[future], future)}

    def _asked(self, group: str) -> _Answer:
        try:
            users = self._slack.usergroups_users_list(usergroup=group).get("users") or []
        except SlackApiError as error:
            if error.response.get("error") != "no_such_subteam":
                raise
            users = []  # Slack is sure: the group is gone or disabled, so nobody is in it
        answer = _Answer(tuple(users), self._now())
        self._redis.set(keys.user_group(group), to_json(answer), ex=keys.USER_GROUP_TTL_S)
        return answer

    @staticmethod
    def _answered(group: str, future: Future[_Answer]) -> bool:
        error = future.exception()
        if error is None:
            return True
        if not isinstance(error, SlackClientError | RedisError | OSError | HTTPException):
            raise error
        _log.warning("Slack did not say who is in user group %s: %s", group, error)
        return False
