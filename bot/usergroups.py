"""The members of Slack's user groups: read from Slack, cached in Redis for a minute."""

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

CACHE_S: Final = 60.0
"""How long an answer of Slack is used without asking again."""
SLACK_TIMEOUT_S: Final = 2
"""The time-out for all groups together: the command must be acknowledged within 3 s."""
PARALLEL_REQUESTS: Final = 8

_log = logging.getLogger(__name__)


def short_timeout_client(settings: Settings) -> WebClient:
    """Return a client for calls before an ack: it times out after SLACK_TIMEOUT_S and does not retry."""
    token = settings.need("SLACK_BOT_TOKEN").reveal()
    return WebClient(
        token,
        base_url=settings.slack_api_url,
        timeout=SLACK_TIMEOUT_S,
        logger=quiet_logger("people"),
        retry_handlers=[],
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """Slack's answer about a group, and when (unix seconds)."""

    users: tuple[str, ...]
    at: float


class MembershipUnknown(Failed):
    """Slack did not say who is in a user group."""


def membership_unknown(groups: Iterable[str]) -> MembershipUnknown:
    """Return the error that Slack did not say who is in these groups (S…)."""
    return MembershipUnknown(
        f"Slack did not say who is in {listed(f'<!subteam^{group}>' for group in sorted(groups))}, "
        "so nobody gets permission through it.",
        true_now="Nothing was done.",
        next_step="Try again in a minute. If this continues, run `python -m bot doctor`.",
    )


class UserGroups:
    """Safe to share between threads. ``now`` returns unix seconds."""

    def __init__(self, slack: WebClient, redis: Redis, now: Callable[[], float] = time.time) -> None:
        self._slack = slack
        self._redis = redis
        self._now = now
        self._pool = ThreadPoolExecutor(PARALLEL_REQUESTS, thread_name_prefix="user-groups")

    def membership(self, user: str, groups: Iterable[str], *, may_be_stale: bool = False) -> Membership:
        """Return which of ``groups`` (S…) contain ``user``, and which of them could not be read.

        See :meth:`members`.
        """
        wanted = frozenset(groups)
        known = self._known(tuple(wanted), CACHE_S, may_be_stale=may_be_stale)
        return Membership(
            user, frozenset(group for group, users in known.items() if user in users), wanted - known.keys()
        )

    def members(
        self, groups: Iterable[str], *, max_age: float = CACHE_S, may_be_stale: bool = False
    ) -> dict[str, frozenset[str]]:
        """Return the users of each of ``groups`` (S…). Answers up to ``max_age`` seconds old come from the cache.

        With ``may_be_stale`` an answer up to ten minutes old is used if Slack does not answer in time: for questions.
        Raises :class:`MembershipUnknown` if neither Slack nor the cache answers.
        """
        wanted = tuple(dict.fromkeys(groups))
        known = self._known(wanted, max_age, may_be_stale=may_be_stale)
        if unknown := [group for group in wanted if group not in known]:
            raise membership_unknown(unknown)
        return known

    def _known(self, wanted: tuple[str, ...], max_age: float, *, may_be_stale: bool) -> dict[str, frozenset[str]]:
        """Return the users of those groups that Slack or the cache answers for."""
        known = self._remembered(wanted)
        stale = [group for group in wanted if group not in known or self._now() - known[group].at > max_age]
        if not may_be_stale:
            known = {group: answer for group, answer in known.items() if group not in stale}
        known |= self._ask(stale)
        return {group: frozenset(answer.users) for group, answer in known.items()}

    def close(self) -> None:
        """Stop the threads without waiting for Slack."""
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
        """Return the answers that Slack gives in time; they are cached."""
        requests: dict[Future[_Answer], str] = {self._pool.submit(self._asked, group): group for group in groups}
        done, late = wait(requests, timeout=SLACK_TIMEOUT_S)
        for future in late:
            future.cancel()
            _log.warning("Slack did not say in %s s who is in user group %s", SLACK_TIMEOUT_S, requests[future])
        return {requests[future]: future.result() for future in done if self._answered(requests[future], future)}

    def _asked(self, group: str) -> _Answer:
        try:
            users = self._slack.usergroups_users_list(usergroup=group).get("users") or []
        except SlackApiError as error:
            if error.response.get("error") != "no_such_subteam":
                raise
            users = []  # the group was deleted or disabled, so it has no members
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
