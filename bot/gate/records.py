"""Read Swarmbot's own records: jobs, approvals, audit entries, permissions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from bot import policy
from bot.approvals.approval import Approval
from bot.approvals.card import brief_lines, choice_buttons, confirmation_message, full_card, list_line, readable_plan
from bot.approvals.choices import Viewer, choices, lacks_code
from bot.approvals.repository import ApprovalRepository
from bot.approvals.rule import Rule, approver_groups, approver_names, cluster_rules, may_approve, rule_for
from bot.approvals.viewers import Viewers
from bot.audit import Filter
from bot.audit.paging import AuditPages, Page, resolve_filter
from bot.blocks import context, tick
from bot.commands import CommandRegistry
from bot.config import Config
from bot.config.models import PERMISSIONS
from bot.errors import NotUnderstood
from bot.model import Plan
from bot.model.records import (
    ApprovalRecord,
    ApprovalRequirement,
    EntryFilter,
    JobRecord,
    PersonPermissions,
    Records,
    RecordsQuery,
    Subject,
    WatchRecord,
)
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.text.suggest import did_you_mean
from bot.usergroups import UserGroups
from bot.watch.repository import WatchRepository


class RecordReader:
    """Reads a :class:`~bot.model.records.Records`. Raises Unavailable, SlackSilent."""

    def __init__(
        self,
        *,
        config: Config,
        commands: CommandRegistry,
        queue: Queue,
        pages: AuditPages,
        user_groups: UserGroups,
        approvals: ApprovalRepository,
        watch: WatchRepository,
        enrolled: Callable[[str], bool],
    ) -> None:
        """``enrolled`` returns whether a person has set up a second factor."""
        self._watch = watch
        self._commands = commands
        self._approvals = approvals
        self._config = config
        self._queue = queue
        self._pages = pages
        self._user_groups = user_groups
        self._viewers = Viewers(config, user_groups, enrolled)

    @staticmethod
    def reads(query: RecordsQuery) -> bool:
        """Return whether ``query`` reads more than the requester and the place."""
        return replace(query, permissions=False) != RecordsQuery()

    def read(self, query: RecordsQuery, *, cluster: str, requester: str) -> Records:
        """Read the records of ``query``; ``cluster`` "" means all clusters."""
        records = Records(
            at=time.time(),
            cluster=cluster,
            clusters=tuple(self._config.clusters),
            permissions=self._rights(requester, cluster) if query.permissions else _rights_not_read(requester),
            workers=self._queue.alive() if self.reads(query) else 0,
        )
        if query.jobs:
            after = self._after(cluster)
            jobs = self._jobs(cluster, query.jobs)
            records = replace(records, jobs=tuple(_job(job, after.get(job.id, "")) for job in jobs))
        if query.job:
            found = self._queue.get(query.job.lower())
            after = self._after(found.order.cluster) if found else {}
            records = replace(records, job=_job(found, after.get(found.id, "")) if found else None)
        if query.approvals or query.approval:
            records = replace(records, approvals=self._waiting(query, cluster, requester))
        records = self._with_watch(records, query, cluster)
        if query.entries is not None:
            wanted = self.wanted_entries(query, cluster, records.at)
            entries, page = self._pages.newest(cluster, wanted, query.entries.count)
            records = replace(records, entries=entries, page=page)
        return records

    def _with_watch(self, records: Records, query: RecordsQuery, cluster: str) -> Records:
        if query.incidents:
            records = replace(records, incidents=self._watch.state(cluster).incidents)
        if query.silences:
            records = replace(records, silences=self._watch.said(cluster, records.at).silences)
        if query.watch:
            watch = WatchRecord(self._watch.leader(cluster), self._watch.last_reading(cluster))
            records = replace(records, watch=watch)
        return records

    def wanted_entries(self, query: RecordsQuery, cluster: str, now: float) -> Filter:
        """Return the filter that ``query`` means at ``now``. Raises NotUnderstood for an unknown time or name."""
        wanted = resolve_filter(query.entries or EntryFilter(), cluster, now)
        self._refuse_unknown_node(wanted)
        if wanted.job and not self._pages.has(Filter(job=wanted.job)):
            raise NotUnderstood(f"Job {tick(wanted.job)} does not exist.", next_step="`/swarm jobs` lists recent jobs.")
        return wanted

    def _refuse_unknown_node(self, wanted: Filter) -> None:
        """Raise NotUnderstood for a node that is neither in swarmbot.yml nor named by an entry."""
        clusters = [self._config.clusters[wanted.cluster]] if wanted.cluster else self._config.clusters.values()
        hosts = [host for cluster in clusters for host in cluster.hosts]
        named = Filter(node=wanted.node, cluster=wanted.cluster, no_questions=True)  # this question names it too
        if not wanted.node or wanted.node in hosts or self._pages.has(named):
            return
        raise NotUnderstood(
            f"No audit entry names {tick(wanted.node)}, and it is not in swarmbot.yml."
            f"{did_you_mean(wanted.node, hosts)}",
            next_step="`/swarm nodes` lists the nodes.",
        )

    def page(self, page_id: str) -> Page:
        """Return a page of the audit log that was shown. Raises NotUnderstood if it has expired."""
        page = self._pages.get(page_id) if page_id else None
        if page is None:
            raise NotUnderstood("This page has expired.", next_step="`/swarm audit` shows the newest entries.")
        return page

    def adjacent_page(self, page: Page, requester: str, *, older: bool) -> Records:
        """Return the page after ``page``, or before it."""
        entries, beside = self._pages.adjacent(page, older=older)
        return Records(
            at=time.time(),
            cluster=page.cluster,
            clusters=tuple(self._config.clusters),
            permissions=_rights_not_read(requester),
            workers=0,
            entries=entries,
            page=beside,
        )

    def _rights(self, requester: str, cluster: str) -> PersonPermissions:
        rules = cluster_rules(self._config, cluster, self._commands.approval_counts())
        groups = policy.groups_named(self._config) | approver_groups(self._config, rules)
        membership = self._user_groups.membership(requester, groups, may_be_stale=True)
        mine = {requester, *membership.groups}
        return PersonPermissions(
            person=requester,
            granted=policy.permissions(self._config, membership),
            people_entries=tuple(name for name, ids in self._config.people.items() if mine & set(ids)),
            granted_to=tuple((right, policy.named(self._config, right)) for right in PERMISSIONS),
            approvals=tuple(self._waits(rules, cluster, membership)),
            unsettled=policy.unsettled(self._config, membership),
            unread_groups=tuple(sorted(membership.unknown)),
        )

    def _after(self, cluster: str) -> dict[str, str]:
        """Return, for each change that waits for its turn, the job before it in the cluster's line."""
        line = [job.id for job in self._queue.in_line(cluster)]
        return {job: before for before, job in pairwise(line)}

    def _jobs(self, cluster: str, count: int) -> Iterable[Job]:
        """Return all changes that are not finished, then the newest jobs."""
        waiting_jobs = self._queue.jobs(approval.id for approval in self._approvals.waiting(cluster))
        found = [*self._queue.in_line(cluster), *waiting_jobs, *self._queue.recent(cluster, count)]
        return {job.id: job for job in found}.values()

    def _waiting(self, query: RecordsQuery, cluster: str, person: str) -> tuple[ApprovalRecord, ...]:
        one = self._approvals.get(query.approval) if query.approval else None
        found = [one] if one else [] if query.approval else self._approvals.waiting(cluster or None)
        jobs = [(approval, self._queue.get(approval.id)) for approval in found]
        shown = [(approval, readable_plan(job.plan)) for approval, job in jobs if job and job.plan]
        viewer = self._viewers.viewer(person, [approval.request for approval, _ in shown])
        return tuple(_approval(approval, plan, self._config, viewer) for approval, plan in shown)

    def _waits(
        self, rules: Iterable[Rule], cluster: str, membership: policy.Membership
    ) -> Iterator[ApprovalRequirement]:
        """Yield the subjects that need approval, those with the same approvers together."""
        alike: dict[tuple[int, str], list[Rule]] = {}
        for rule in rules:
            if rule.count:
                alike.setdefault((rule.count, approver_names(self._config, rule)), []).append(rule)
        for (count, by), same in sorted(alike.items(), key=lambda each: each[0][0]):
            mine = may_approve(self._config, same[0], membership)
            yield ApprovalRequirement(tuple(self._subject(rule, cluster) for rule in same), count, by, mine)

    def _subject(self, rule: Rule, cluster: str) -> Subject:
        """Return the subject with the condition for its approval: none if swarmbot.yml sets a count."""
        named_there = rule_for(self._config, cluster, rule.subject, 0).count
        return Subject(rule.subject, "" if named_there else self._commands.approval_conditions().get(rule.subject, ""))


def _rights_not_read(requester: str) -> PersonPermissions:
    return PersonPermissions(person=requester, granted=(), people_entries=(), granted_to=())


def _job(job: Job, after: str = "") -> JobRecord:
    """Return the job as people see it; ``after`` is the job before it in its cluster's line."""
    return JobRecord(
        id=job.id,
        state=job.state,
        words=job.order.words,
        cluster=job.order.cluster,
        requester=job.order.requester,
        asked_at=job.order.asked_at,
        started_at=job.started_at or 0.0,
        finished_at=job.finished_at or 0.0,
        attempt=job.attempt,
        lines=job.lines,
        outcome=_outcome(job),
        cancel_by=job.cancel_by,
        untold=job.untold,
        after=after if job.state == "queued" else "",
        form_offered=bool(job.outcome) and json.loads(job.outcome).get("form_offered", False),
    )


def _outcome(job: Job) -> str:
    """Return the outcome in words: the error, or the headline of the answer."""
    if not job.outcome:
        return ""
    found = json.loads(job.outcome)
    if "error" in found:
        error = found["error"]
        return " ".join(part for part in (error["happened"], error["true_now"], error["next_step"]) if part)
    return str(found.get("told", ""))


def _approval(approval: Approval, plan: Plan, config: Config, viewer: Viewer) -> ApprovalRecord:
    """Return the approval with the buttons that its viewer may press."""
    may = choices(config, approval, viewer)
    shown = (confirmation_message if approval.request.confirmation else full_card)(approval, plan, may)
    row = choice_buttons(approval, may)
    if "deny" in may and lacks_code(approval.request, viewer):
        hint = context("Your approval needs a code: `/swarm totp` sets it up.")
        row, shown = [hint, *row], replace(shown, blocks=(*shown.blocks, hint))
    line = "\n".join([list_line(approval), *(brief_lines(approval, plan) if may else [])])
    return ApprovalRecord(line, tuple(row), shown, approval.request.confirmation)
