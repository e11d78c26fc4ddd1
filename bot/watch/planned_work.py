"""Swarmbot's own jobs that explain what watch sees."""

from __future__ import annotations

import json
from typing import Final

from bot.model import Facts
from bot.model.incident import PlannedWork
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.swarm.incidents.grouping import AFTER_RESTARTS_S, AFTER_WORK_S
from bot.text.words import words_in

MAX_JOBS: Final = 20
"""At most this many jobs that ended recently are read: the latest. Only they explain anything."""
EVERY_NODE: Final = frozenset({"init", "recover", "restore", "ca", "unlock"})
"""Commands that restart engines, or change the certificates, of nodes that they do not name."""


AFTERMATH: Final = frozenset(
    {
        *("drain", "pause", "leave", "remove", "demote", "backup", "rebalance", "deploy", "undeploy"),
        *("update-service", "scale", "restart", "rollback", "resume", "run", "remove-service"),
        *(EVERY_NODE - {"init"}),
    }
)
"""Commands that still have effects after their end. Others explain only what begins while they run."""


def planned_work(queue: Queue, facts: Facts, now: float) -> tuple[PlannedWork, ...]:
    """Return the changes of the cluster that run, or ended not long ago, with what they touch of ``facts``.

    Raises Unavailable.
    """
    jobs = {job.id: job for job in (*queue.in_line(facts.name), *queue.recent(facts.name, MAX_JOBS))}
    known = _known(facts)
    return tuple(work for job in jobs.values() if _explains(job, now) and (work := _work(job, known)))


def _explains(job: Job, now: float) -> bool:
    """Whether a job has begun to change something, and not long ago. What a failed job has left is reported at once."""
    if job.order.lane != "exclusive" or not job.begun:
        return False
    command, explains_s = job.order.command, 0.0
    if command in AFTERMATH and job.state != "failed":
        explains_s = AFTER_RESTARTS_S if command in EVERY_NODE else AFTER_WORK_S
    return job.finished_at is None or now - job.finished_at < explains_s


def _work(job: Job, known: dict[str, tuple[str, ...]]) -> PlannedWork | None:
    """Return what a job explains: what its command and its plan name. None if it touches neither node nor service."""
    order = job.order
    words = dict.fromkeys((*words_in(order.args), *words_in(json.loads(job.plan or "{}"))))
    names = tuple(dict.fromkeys(name for word in words for name in known.get(word, ())))
    if order.command in EVERY_NODE:
        names = ()
    elif not names:
        return None
    return PlannedWork(order.id, order.words, names, job.finished_at or 0.0)


def _known(facts: Facts) -> dict[str, tuple[str, ...]]:
    """Return what may be named, by each of its names: hosts, nodes and services with their ids."""
    known: dict[str, tuple[str, ...]] = {name: (name,) for name in facts.hosts}
    if facts.swarm is None:
        return known
    for node in facts.swarm.nodes:
        known |= dict.fromkeys((node.id, node.name, node.hostname), (node.name, node.id))
    for service in facts.swarm.services:
        known |= dict.fromkeys((service.id, service.name), (service.name, service.id))
    return known
