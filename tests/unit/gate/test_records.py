"""What `/swarm jobs` reads, from a real Redis."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import cast

from redis import Redis

from bot.approvals.approval import ApprovalRequest
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.audit.paging import AuditPages
from bot.config import Config
from bot.gate.records import RecordReader, _job
from bot.model.records import RecordsQuery
from bot.queue import results
from bot.queue.queue import Queue
from bot.usergroups import UserGroups
from bot.watch.repository import WatchRepository
from tests.kits.commands import COMMANDS
from tests.kits.jobs import admitted, asked, order, taken

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}},
    "people": {"admins": ["U0KIM00001"]},
    "rules": {"administer": ["admins"]},
}


def _ask(job: str) -> ApprovalRequest:
    return ApprovalRequest(
        job=job,
        cluster="prod",
        channel="C0PROD",
        requester="U0ASKER",
        words="promote host-3",
        reason="",
        subject="promote",
        by=("admins",),
        needed=1,
        asked_at=time.time(),
        expires=time.time() + 600,
        digest="9c41e0",
        basis="{}",
        second_factor="",
    )


def test_unfinished_jobs_are_read_however_old(client: Redis, queue: Queue, audit: Audit) -> None:
    """Before any number of newer questions: what runs, what is queued, and what waits for approval."""
    approvals = ApprovalRepository(client, audit)
    parked = admitted(queue, lane="concurrent")
    approvals.open(taken(queue, lane="concurrent"), _ask(parked), "{}", [])
    running, waiting, over = admitted(queue), admitted(queue), admitted(queue)
    admitted(queue, cluster="lab")
    assert queue.cancel(over, "U0ASKER", []) == "cancelled"
    newest = [replace(order(lane="concurrent"), asked_at=2e9 + age) for age in range(3)]
    for what in newest:
        queue.admit(what, asked(what))
    records = RecordReader(
        config=Config.model_validate(CONFIG),
        commands=COMMANDS,
        queue=queue,
        pages=AuditPages(client, audit),
        user_groups=cast("UserGroups", None),
        approvals=approvals,
        watch=WatchRepository(client, audit),
        enrolled=lambda _: False,
    )
    read = records.read(RecordsQuery(jobs=2), cluster="prod", requester="U0ASKER").jobs
    assert [job.id for job in read] == [running, waiting, parked, newest[2].id, newest[1].id]
    assert [job.after for job in read] == ["", running, "", "", ""], "what waits for its turn names the job before it"
    one = records.read(RecordsQuery(job=waiting), cluster="prod", requester="U0ASKER").job
    assert one is not None
    assert one.after == running


def test_an_offered_form_is_read_from_the_outcome(queue: Queue) -> None:
    """The job has succeeded for the queue; its record says what it did."""
    job = admitted(queue)
    queue.finish(taken(queue), "succeeded", results.success("The unlock key is needed", form_offered=True))
    found = queue.get(job)
    assert found is not None
    assert _job(found).form_offered
    assert not _job(replace(found, outcome=results.success("done"))).form_offered
    assert not _job(replace(found, outcome="")).form_offered
