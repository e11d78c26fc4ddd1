"""Approvers are mentioned by the card, and reminded once before the request expires: on a real Redis."""

from __future__ import annotations

import time
from threading import Barrier, Thread
from typing import Any

import pytest

from bot.approvals.rule import Rule, rule_for
from bot.blocks import Message
from bot.slack.outbound.notifier import Notifier
from bot.store import keys
from tests.kits.approvals.expected import ExpectedOutcomes
from tests.kits.approvals.process import Process, config_of

HALF_HOUR_S = 1800.0


class Posts(Notifier):
    """Keeps what is posted: the text and the thread."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str]] = []

    def post(self, channel: str, message: Message, *, thread: str = "", broadcast: bool = False) -> str:
        """Its ts is a number."""
        del channel, broadcast
        self.posts.append((str(message.blocks), thread))
        return str(len(self.posts))

    def update(self, channel: str, ts: str, message: Message, *, thread: str = "") -> str:
        """An edit notifies nobody."""
        del channel, message, thread
        return ts


def waiting(redis_url: str, needed: int = 1) -> tuple[ExpectedOutcomes, Posts]:
    """Ada's request for node-1, whose card is posted; U0DAN and a group may approve."""
    outcomes = ExpectedOutcomes(redis_url, needed, {"U0ADA", "U0BEN"})
    posts = Posts()
    for process in outcomes.processes:
        process.deliverer._notifier = posts
    outcomes.ask(0, "U0ADA", "node-1")
    outcomes.work(0, 0, crash=False)
    publish(outcomes.processes[0])
    return outcomes, posts


def publish(process: Process) -> None:
    """Let a worker publish what is due, and send it."""
    process.card_publisher.publish_due()
    process.deliver()


def due(outcomes: ExpectedOutcomes) -> None:
    """Let the reminder be due: Redis' clock cannot be set."""
    outcomes.redis.zadd(keys.APPROVALS_REMIND, {"job-0": 0}, xx=True)


def test_the_card_mentions_those_who_may_approve(redis_url: str) -> None:
    """The group and the person, who have no name in the rule that Slack would notify."""
    _, posts = waiting(redis_url)
    [(card, thread)] = posts.posts
    assert "Needs 1 approval from @admins" in card
    assert "For approval: <!subteam^S0ADMINS> and <@U0DAN>" in card
    assert thread == ""


def test_a_reminder_is_due_when_a_quarter_of_the_time_is_left(redis_url: str) -> None:
    """Not before."""
    outcomes, posts = waiting(redis_url)
    score: Any = outcomes.redis.zscore(keys.APPROVALS_REMIND, "job-0")
    left_s = outcomes.processes[0].approvals.waiting()[0].request.expires - score / 1000
    assert left_s == pytest.approx(HALF_HOUR_S / 4, abs=1)
    publish(outcomes.processes[1])
    assert len(posts.posts) == 1


def test_all_workers_together_remind_once(redis_url: str) -> None:
    """The card's thread mentions everybody who still may approve and has not."""
    outcomes, posts = waiting(redis_url, needed=2)
    outcomes.approve(0, "job-0", "U0DAN")
    due(outcomes)
    at_once = Barrier(2)

    def work(process: Process) -> None:
        at_once.wait(30)
        process.card_publisher.publish_due()

    threads = [Thread(target=work, args=(process,)) for process in outcomes.processes]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    for process in outcomes.processes:
        publish(process)
    [_, (reminder, thread)] = posts.posts
    assert "*Still waits for 1 approval*: `/swarm promote node-1` in prod, requested by <@U0ADA>" in reminder
    assert "<!subteam^S0ADMINS>: approve or deny it" in reminder
    assert "U0DAN" not in reminder
    assert thread == "1"
    assert outcomes.redis.zcard(keys.APPROVALS_REMIND) == 0


def test_a_vote_between_reading_and_reminding_is_read_again(redis_url: str) -> None:
    """The reminder counts it."""
    outcomes, posts = waiting(redis_url, needed=2)
    due(outcomes)
    approvals = outcomes.processes[0].approvals
    [seen] = approvals.waiting()
    outcomes.approve(1, "job-0", "U0BEN")
    assert not approvals.remind("job-0", seen.version, [])
    publish(outcomes.processes[0])
    assert "*Still waits for 1 approval*" in posts.posts[-1][0]


@pytest.mark.parametrize("how", ["approve", "deny", "withdraw"])
def test_nobody_is_reminded_of_what_is_decided(redis_url: str, how: str) -> None:
    """However it was decided."""
    outcomes, posts = waiting(redis_url)
    getattr(outcomes, how)(0, "job-0", "U0ADA" if how == "withdraw" else "U0DAN")
    due(outcomes)
    publish(outcomes.processes[0])
    assert not any("Still waits" in text for text, _ in posts.posts)
    assert outcomes.redis.zcard(keys.APPROVALS_REMIND) == 0


def test_nobody_is_reminded_of_what_has_expired(redis_url: str) -> None:
    """No worker ran for this long: only the card reports the end."""
    outcomes, posts = waiting(redis_url)
    due(outcomes)
    outcomes.redis.zadd(keys.APPROVALS_OPEN, {"job-0": time.time() * 1000 - 1})
    publish(outcomes.processes[0])
    assert not any("Still waits" in text for text, _ in posts.posts)


@pytest.mark.parametrize(
    ("rule", "lifetime_s", "before_s"),
    [
        ({}, 1800.0, 450.0),
        ({}, 60.0, 0.0),
        ({"remind": "10m"}, 1800.0, 600.0),
        ({"remind": "10s"}, 60.0, 10.0),
        ({"remind": "1h"}, 1800.0, 0.0),
        ({"remind": "none"}, 1800.0, 0.0),
    ],
    ids=["default", "a short request", "set", "set for a short request", "longer than the request", "never"],
)
def test_when_people_are_reminded(rule: dict[str, str], lifetime_s: float, before_s: float) -> None:
    """In seconds before it expires; 0 for never."""
    config = config_of(1, ("U0DAN",))
    approvals = {"promote": {"by": ["admins"], "count": 1} | rule}
    data = config.model_dump(exclude_unset=True) | {"rules": {"administer": ["admins"], "approvals": approvals}}
    found: Rule = rule_for(type(config).model_validate(data), "prod", "promote", 1)
    assert found.reminded_before_s(lifetime_s) == before_s
