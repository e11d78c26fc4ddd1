"""What Home is made from: one person's part of what is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from bot.approvals.approval import Approval
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.config import Config
from bot.freeze import Freezes
from bot.home.reader import HomeData, HomeReader
from bot.model import Plan, PlanTitles
from bot.queue.job import Order, State
from bot.queue.queue import Queue
from bot.usergroups import UserGroups
from bot.watch.repository import WatchRepository
from tests.kits.incidents import AT
from tests.kits.jobs import admitted, order, request_for

CONFIG = Config.model_validate(
    {
        "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}},
        "people": {"viewers": ["S0VIEW"], "admins": ["U0ADA", "U0CLEO"]},
        "rules": {"view": ["viewers"], "operate": ["admins"], "administer": ["admins"]},
    }
)


class Groups(UserGroups):
    """Slack's answer is set by the test; None: there is none."""

    def __init__(self, members: dict[str, frozenset[str]] | None) -> None:
        self._answer = members or {}

    def _known(self, wanted: tuple[str, ...], _: float, *, may_be_stale: bool) -> dict[str, frozenset[str]]:
        """Return it. Home is a question: an old answer is better than none."""
        assert may_be_stale
        return {group: self._answer[group] for group in wanted if group in self._answer}


def reader(client: Redis, audit: Audit, groups: dict[str, frozenset[str]] | None) -> HomeReader:
    """Return a reader."""
    return HomeReader(
        config=CONFIG,
        queue=Queue(client, audit),
        approvals=ApprovalRepository(client, audit),
        watch=WatchRepository(client, audit),
        freezes=Freezes(client, audit, CONFIG),
        user_groups=Groups(groups),
        enrolled=lambda _: False,
    )


def stored(*jobs: tuple[Order, State]) -> HomeData:
    """Return what is stored: a request of U0ADA that waits for one approval, and these jobs."""
    request = replace(request_for("k7f3"), requester="U0ADA", subject="promote", by=("admins",))
    plans = {"k7f3": Plan(PlanTitles(), effect="managers 1 → 2", warnings=("prod has two managers then.",))}
    return HomeData(AT, (), (Approval(request, "open", 1),), plans, jobs, 1)


@pytest.mark.parametrize(
    ("person", "groups", "may_view"),
    [
        ("U0ADA", {"S0VIEW": frozenset()}, True),
        ("U0EVE", {"S0VIEW": frozenset({"U0EVE"})}, True),
        ("U0EVE", {"S0VIEW": frozenset()}, False),
        ("U0EVE", None, None),
    ],
)
def test_who_may_view_sees_the_clusters(
    client: Redis,
    audit: Audit,
    person: str,
    groups: dict[str, frozenset[str]] | None,
    may_view: bool | None,  # noqa: FBT001
) -> None:
    """By the rules of swarmbot.yml and Slack's groups. A person without permission sees nothing of what is stored."""
    found = reader(client, audit, groups).facts(person, stored())
    assert found.may_view is may_view
    if not may_view:
        assert found.approvals == ()


def test_each_person_has_their_own_buttons_and_jobs(client: Redis, audit: Audit) -> None:
    """Nobody approves their own request; a viewer decides nothing."""
    mine, other = (replace(order(words=words), requester=by) for words, by in (("status", "U0ADA"), ("nodes", "U0BEN")))
    kept = stored((mine, "succeeded"), (other, "running"))
    found = reader(client, audit, {"S0VIEW": frozenset({"U0EVE"})})
    ada, cleo, eve = (found.facts(person, kept) for person in ("U0ADA", "U0CLEO", "U0EVE"))
    assert [each.decides for each in ada.approvals] == [False]
    assert [each.decides for each in cleo.approvals] == [True]
    assert cleo.approvals[0].plan[:2] == ("managers 1 → 2", "! prod has two managers then.")
    assert eve.approvals == ()
    assert [job.words for job in ada.jobs] == ["status"]
    assert cleo.jobs == ()


def test_what_is_stored_is_read_for_all(client: Redis, audit: Audit, queue: Queue) -> None:
    """Nothing was read or requested yet; then one job."""
    found = reader(client, audit, {}).stored()
    assert [(each.name, each.last_reading, each.incidents) for each in found.clusters] == [("prod", None, ())]
    assert (found.approvals, found.jobs) == ((), ())
    job_id = admitted(queue)
    [(order_of_job, state)] = reader(client, audit, {}).stored().jobs
    assert (order_of_job.id, state) == (job_id, "queued")
