"""Who is in a user group: Slack's word, a minute old at most; without it nobody is let in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from redis import Redis
from slack_sdk import WebClient

from bot.errors import Unavailable
from bot.policy import Membership
from bot.usergroups import SlackSilent, UserGroups
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
    """A local Slack: ada in @ops, cleo in @admins."""
    with LocalSlack(rate_limits=False) as slack:
        yield slack


@pytest.fixture
def clock() -> Clock:
    """A clock for the directory."""
    return Clock()


@pytest.fixture
def directory(slack: LocalSlack, redis_url: str, clock: Clock) -> Iterator[UserGroups]:
    """A directory on the local Slack and a real Redis."""
    client = WebClient(slack.world.app.bot_token, base_url=f"{slack.url}/api/", timeout=2, retry_handlers=[])
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        directory = UserGroups(client, redis, clock)
        yield directory
        directory.close()


def _asked(slack: LocalSlack) -> int:
    return sum(call.method == METHOD for call in slack.workspace.calls)


def test_a_person_is_in_the_groups_that_slack_says(directory: UserGroups) -> None:
    """Only the groups asked about count, and only those that the person is in."""
    assert directory.membership(ADA, [OPS, ADMINS]) == Membership(ADA, frozenset({OPS}))
    assert directory.membership(CLEO, [OPS, ADMINS]) == Membership(CLEO, frozenset({ADMINS}))
    assert directory.membership(CLEO, [OPS]) == Membership(CLEO, frozenset())


def test_no_groups_need_no_slack(directory: UserGroups, slack: LocalSlack) -> None:
    """Who is named by id does not depend on Slack."""
    slack.fault("http_500")
    assert directory.membership(ADA, []) == Membership(ADA)


def test_an_answer_holds_for_a_minute(directory: UserGroups, slack: LocalSlack, clock: Clock) -> None:
    """Within it nothing is asked; after it a change in Slack counts."""
    directory.membership(ADA, [OPS])
    slack.world.set_group(OPS, [CLEO])
    clock.seconds += 59
    assert directory.membership(ADA, [OPS]).groups == {OPS}
    assert _asked(slack) == 1
    clock.seconds += 2
    assert directory.membership(ADA, [OPS]).groups == frozenset()
    assert directory.membership(CLEO, [OPS]).groups == {OPS}
    assert _asked(slack) == 2


def test_a_vote_is_judged_on_what_slack_says_now(directory: UserGroups, slack: LocalSlack, clock: Clock) -> None:
    """Who was taken out of the group a moment ago is out; and without Slack's word nothing older stands in."""
    directory.membership(ADA, [OPS])
    slack.world.set_group(OPS, [CLEO])
    clock.seconds += 2
    assert directory.members([OPS, OPS], max_age=3) == {OPS: {ADA, BEN}}
    clock.seconds += 2
    assert directory.members([OPS], max_age=3) == {OPS: {CLEO}}
    assert directory.membership(CLEO, [OPS], max_age=0).groups == {OPS}
    clock.seconds += 4
    slack.fault("http_500", METHOD)
    assert directory.membership(CLEO, [OPS]).groups == {OPS}
    with pytest.raises(SlackSilent, match="S0OPS"):
        directory.members([OPS], max_age=3)


def test_all_members_of_all_groups_are_told(directory: UserGroups) -> None:
    """Each group that was asked about is in the answer, one that is gone with nobody in it."""
    assert directory.members([OPS, ADMINS, "S0GONE"])["S0GONE"] == frozenset()
    assert CLEO in directory.members([ADMINS])[ADMINS]


def test_an_old_answer_stands_in_for_ten_minutes(directory: UserGroups, slack: LocalSlack, clock: Clock) -> None:
    """While Slack fails what it said last counts; older than that it counts for nobody."""
    directory.membership(ADA, [OPS])
    slack.fault("http_500", METHOD)
    clock.seconds += 599
    assert directory.membership(ADA, [OPS]).groups == {OPS}
    clock.seconds += 2
    with pytest.raises(SlackSilent, match="S0OPS"):
        directory.membership(ADA, [OPS])


@pytest.mark.parametrize(
    ("kind", "code"),
    [("http_500", ""), ("rate_limited", ""), ("drop", ""), ("error", "missing_scope"), ("error", "internal_error")],
)
def test_silence_lets_nobody_in(directory: UserGroups, slack: LocalSlack, kind: str, code: str) -> None:
    """However Slack fails, the question is refused, and asking again works once Slack does."""
    slack.fault(kind, METHOD, code=code)  # type: ignore[arg-type] # the parameters are of Kind
    with pytest.raises(SlackSilent) as raised:
        directory.membership(ADA, [OPS, ADMINS])
    assert "Nothing was done" in raised.value.true_now
    slack.clear_faults()
    assert directory.membership(ADA, [OPS]).groups == {OPS}


def test_a_slow_slack_is_not_waited_for(directory: UserGroups, slack: LocalSlack) -> None:
    """Slack itself gives the bot three seconds, so its own silence must end before."""
    slack.fault("slow", METHOD, seconds=30)
    with pytest.raises(SlackSilent):
        directory.membership(ADA, [OPS])


def test_a_group_that_is_gone_or_disabled_holds_nobody(directory: UserGroups, slack: LocalSlack) -> None:
    """Slack's "no such group" is an answer, not a silence."""
    slack.world.groups[OPS].disabled = True
    assert directory.membership(ADA, [OPS, "S0GONE"]).groups == frozenset()


def test_without_redis_nothing_is_decided(slack: LocalSlack, redis_url: str) -> None:
    """An unreachable Redis is told as such."""
    client = WebClient(slack.world.app.bot_token, base_url=f"{slack.url}/api/", timeout=2)
    directory = UserGroups(client, Redis.from_url(f"{redis_url}.gone"))
    with pytest.raises(Unavailable, match="Redis"):
        directory.membership(ADA, [OPS])
    directory.close()
