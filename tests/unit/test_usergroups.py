"""The members of user groups: Slack's answer, at most a minute old; without it nobody has permission."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from redis import Redis
from slack_sdk import WebClient

from bot.errors import Unavailable
from bot.policy import Membership
from bot.usergroups import MembershipUnknown, UserGroups
from sandbox.slack import LocalSlack

ADA, BEN, CLEO = "U0ADA", "U0BEN", "U0CLEO"
OPS, ADMINS = "S0OPS", "S0ADMINS"
METHOD = "usergroups.users.list"


@dataclass
class Clock:
    """Unix seconds that pass when a test says so."""

    seconds: float = field(default=1_700_000_000.0)

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack: ada in @operators, cleo in @admins."""
    with LocalSlack(rate_limits=False) as slack:
        yield slack


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the cache."""
    return Clock()


@pytest.fixture
def user_groups(slack: LocalSlack, redis_url: str, clock: Clock) -> Iterator[UserGroups]:
    """Return the user groups of the local Slack, with a real Redis."""
    client = WebClient(slack.team.app.bot_token, base_url=f"{slack.url}/api/", timeout=2, retry_handlers=[])
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        user_groups = UserGroups(client, redis, clock)
        yield user_groups
        user_groups.close()


def _asked(slack: LocalSlack) -> int:
    return sum(call.method == METHOD for call in slack.workspace.calls)


def test_membership_follows_slack(user_groups: UserGroups) -> None:
    """Only the groups that are asked about count, and only those with the person."""
    assert user_groups.membership(ADA, [OPS, ADMINS]) == Membership(ADA, frozenset({OPS}))
    assert user_groups.membership(CLEO, [OPS, ADMINS]) == Membership(CLEO, frozenset({ADMINS}))
    assert user_groups.membership(CLEO, [OPS]) == Membership(CLEO, frozenset())


def test_no_groups_need_no_slack(user_groups: UserGroups, slack: LocalSlack) -> None:
    """A person who is named by id does not depend on Slack."""
    slack.fault("http_500")
    assert user_groups.membership(ADA, []) == Membership(ADA)


def test_answers_are_cached_for_a_minute(user_groups: UserGroups, slack: LocalSlack, clock: Clock) -> None:
    """Within it Slack is not asked; after it a change in Slack counts."""
    user_groups.membership(ADA, [OPS])
    slack.team.set_group(OPS, [CLEO])
    clock.seconds += 59
    assert user_groups.membership(ADA, [OPS]).groups == {OPS}
    assert _asked(slack) == 1
    clock.seconds += 2
    assert user_groups.membership(ADA, [OPS]).groups == frozenset()
    assert user_groups.membership(CLEO, [OPS]).groups == {OPS}
    assert _asked(slack) == 2


def test_votes_need_a_current_answer(user_groups: UserGroups, slack: LocalSlack, clock: Clock) -> None:
    """A person who was just removed is out; without an answer from Slack the cache does not count."""
    user_groups.membership(ADA, [OPS])
    slack.team.set_group(OPS, [CLEO])
    clock.seconds += 2
    assert user_groups.members([OPS, OPS], max_age=3) == {OPS: {ADA, BEN}}
    clock.seconds += 2
    assert user_groups.members([OPS], max_age=3) == {OPS: {CLEO}}
    clock.seconds += 4
    slack.fault("http_500", METHOD)
    assert user_groups.membership(CLEO, [OPS]).groups == {OPS}
    with pytest.raises(MembershipUnknown, match="S0OPS"):
        user_groups.members([OPS], max_age=3)


def test_members_of_all_groups(user_groups: UserGroups) -> None:
    """Each requested group is in the answer; a deleted one has no members."""
    assert user_groups.members([OPS, ADMINS, "S0GONE"])["S0GONE"] == frozenset()
    assert CLEO in user_groups.members([ADMINS])[ADMINS]


def test_a_question_uses_a_stale_answer_for_ten_minutes(
    user_groups: UserGroups, slack: LocalSlack, clock: Clock
) -> None:
    """While Slack fails, its last answer counts for questions; after ten minutes it counts for nobody."""
    user_groups.membership(ADA, [OPS])
    slack.fault("http_500", METHOD)
    clock.seconds += 599
    assert user_groups.membership(ADA, [OPS], may_be_stale=True).groups == {OPS}
    clock.seconds += 2
    assert user_groups.membership(ADA, [OPS], may_be_stale=True) == Membership(ADA, unknown=frozenset({OPS}))


def test_a_change_needs_an_answer_of_the_last_minute(user_groups: UserGroups, slack: LocalSlack, clock: Clock) -> None:
    """A person who was taken out of a group while Slack fails operates for 60 s at most."""
    user_groups.membership(ADA, [OPS])
    slack.team.set_group(OPS, [CLEO])
    slack.fault("http_500", METHOD)
    clock.seconds += 60
    assert user_groups.membership(ADA, [OPS]).groups == {OPS}
    clock.seconds += 1
    assert user_groups.membership(ADA, [OPS]) == Membership(ADA, unknown=frozenset({OPS}))


@pytest.mark.parametrize(
    ("kind", "code"),
    [("http_500", ""), ("rate_limited", ""), ("drop", ""), ("error", "missing_scope"), ("error", "internal_error")],
)
def test_without_an_answer_nobody_has_permission(
    user_groups: UserGroups, slack: LocalSlack, kind: str, code: str
) -> None:
    """However Slack fails, the request is refused, and works again once Slack does."""
    slack.fault(kind, METHOD, code=code)  # type: ignore[arg-type] # the parameters are of Kind
    with pytest.raises(MembershipUnknown, match=r"S0ADMINS.*S0OPS") as raised:
        user_groups.members([OPS, ADMINS])
    assert user_groups.membership(ADA, [OPS, ADMINS]).unknown == {OPS, ADMINS}
    assert "Nothing was done" in raised.value.true_now
    slack.clear_faults()
    assert user_groups.membership(ADA, [OPS]).groups == {OPS}


def test_slow_slack_times_out(user_groups: UserGroups, slack: LocalSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack allows 3 s for the ack, so the call must time out before."""
    monkeypatch.setattr("bot.usergroups.SLACK_TIMEOUT_S", 0.1)
    monkeypatch.setattr(user_groups._slack, "timeout", 30)
    slack.fault("slow", METHOD, seconds=5)
    assert user_groups.membership(ADA, [OPS]).unknown == {OPS}


def test_deleted_or_disabled_group_has_no_members(user_groups: UserGroups, slack: LocalSlack) -> None:
    """Slack's "no such group" is an answer."""
    slack.team.groups[OPS].disabled = True
    assert user_groups.membership(ADA, [OPS, "S0GONE"]).groups == frozenset()


def test_redis_failure_is_an_error(slack: LocalSlack, redis_url: str) -> None:
    """An unreachable Redis is reported as such."""
    client = WebClient(slack.team.app.bot_token, base_url=f"{slack.url}/api/", timeout=2)
    user_groups = UserGroups(client, Redis.from_url(f"{redis_url}.gone"))
    with pytest.raises(Unavailable, match="Redis"):
        user_groups.membership(ADA, [OPS])
    user_groups.close()
