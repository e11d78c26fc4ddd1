"""Read what Homes show from Redis, and from Slack who may see it. Nothing here reaches a host."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot import policy
from bot.approvals.approval import Approval
from bot.approvals.card import brief_lines, choice_buttons, readable_plan
from bot.approvals.choices import choices
from bot.approvals.repository import ApprovalRepository
from bot.approvals.viewers import Viewers
from bot.config import Config
from bot.freeze import Freezes
from bot.home.view import MAX_JOBS, HomeApproval, HomeCluster, HomeFacts, HomeJob
from bot.model import Plan
from bot.queue.job import Order, State
from bot.queue.queue import Queue
from bot.usergroups import UserGroups
from bot.watch.repository import WatchRepository

RECENT_JOBS: Final = 200
"""A person's own jobs are looked up among this many newest jobs."""
INTERNAL: Final = frozenset({"announce", "hide", "share"})
"""Jobs that nobody typed."""


@dataclass(frozen=True, slots=True)
class HomeData:
    """The part that is equal for everybody. It is read once for several Homes."""

    at: float
    """Unix seconds."""
    clusters: tuple[HomeCluster, ...]
    approvals: tuple[Approval, ...]
    """The approvals that wait."""
    plans: Mapping[str, Plan]
    """The plans of these approvals, by job."""
    jobs: tuple[tuple[Order, State], ...]
    """The newest first."""
    workers: int


class HomeReader:
    """Safe to share between threads. Methods raise Unavailable. ``enrolled``: whether a person has a second factor."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        approvals: ApprovalRepository,
        watch: WatchRepository,
        freezes: Freezes,
        user_groups: UserGroups,
        enrolled: Callable[[str], bool],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._queue = queue
        self._approvals = approvals
        self._watch = watch
        self._freezes = freezes
        self._user_groups = user_groups
        self._viewers = Viewers(config, user_groups, enrolled)
        self._now = now

    def stored(self) -> HomeData:
        """Return what all Homes are made from."""
        now = self._now()
        approvals = tuple(self._approvals.waiting())
        jobs = self._queue.jobs(approval.id for approval in approvals)
        return HomeData(
            now,
            tuple(self._cluster(name, now) for name in self._config.clusters),
            approvals,
            {job.order.id: readable_plan(job.plan) for job in jobs if job.plan},
            tuple(self._queue.recent_orders(RECENT_JOBS)),
            self._queue.alive(),
        )

    def facts(self, person: str, stored: HomeData) -> HomeFacts:
        """Return what one person sees of it."""
        may_view = self._may_view(person)
        if not may_view:
            return HomeFacts(stored.at, may_view)
        own = [job for job in stored.jobs if job[0].requester == person and job[0].command not in INTERNAL]
        return HomeFacts(
            stored.at,
            may_view,
            stored.clusters,
            tuple(self._waiting(person, stored)),
            tuple(_job(*job) for job in own[:MAX_JOBS]),
            stored.workers,
        )

    def _cluster(self, name: str, now: float) -> HomeCluster:
        incidents = tuple(each for each in self._watch.state(name).incidents if each.open and each.told_at)
        freeze = self._freezes.active(name, now)
        channel = self._config.clusters[name].channel
        return HomeCluster(name, channel, self._watch.last_reading(name), incidents, freeze.until if freeze else 0.0)

    def _may_view(self, person: str) -> bool | None:
        """Return whether a person may see the clusters; None if Slack did not say."""
        groups = policy.groups_to_ask(self._config, "view", person)
        membership = self._user_groups.membership(person, groups, may_be_stale=True)
        decision = policy.decide(self._config, "view", membership, "Home")
        return None if isinstance(decision, policy.Unsettled) else isinstance(decision, policy.Allow)

    def _waiting(self, person: str, stored: HomeData) -> list[HomeApproval]:
        """Return what this person may decide or withdraw. Nobody may approve a plan that is not shown."""
        viewer = self._viewers.viewer(person, [each.request for each in stored.approvals])
        shown = [approval for approval in stored.approvals if approval.id in stored.plans]
        decisions = [(approval, choices(self._config, approval, viewer)) for approval in shown]
        return [
            HomeApproval(
                id=approval.id,
                cluster=approval.request.cluster,
                words=approval.request.words,
                requester=approval.request.requester,
                votes=len(approval.votes),
                needed=approval.request.needed,
                expires=approval.request.expires,
                plan=tuple(brief_lines(approval, stored.plans[approval.id])),
                buttons=tuple(choice_buttons(approval, may)),
                decides={*may} != {"withdraw"},
                confirmation=approval.request.confirmation,
            )
            for approval, may in decisions
            if may
        ]


def _job(order: Order, state: State) -> HomeJob:
    return HomeJob(order.id, order.cluster, order.words, state, order.asked_at)
