"""Which of Swarmbot's own jobs explain what watch sees, by what their command and plan name."""

from __future__ import annotations

import time
from dataclasses import replace

from redis import Redis

from bot.model import ClusterFacts, Facts, HostFacts
from bot.queue import results
from bot.queue.job import State
from bot.queue.queue import Queue
from bot.watch.planned_work import planned_work
from tests.kits.jobs import asked, order, taken
from tests.kits.nodes import worker

NODE = worker("n3", "host-3", host="host-3")
FACTS = Facts(
    "prod",
    0.0,
    {"host-3": HostFacts("host-3", "192.0.2.3")},
    ClusterFacts(id="c1", read_from="host-1", version=1, spec={}, nodes=(NODE,)),
)


def run(queue: Queue, command: str, *, begun: bool = True, ended: bool = False, state: State = "succeeded") -> str:
    """Run a job of this command about host-3, and return its id."""
    what = replace(order(words=f"{command} host-3"), command=command, args={"nodes": ["host-3"], "now": False})
    queue.admit(what, asked(what))
    lease = taken(queue)
    if begun:
        queue.record(lease, {"begun": "1", "plan": '{"steps": [{"operation": {"node": "n3", "name": "drain"}}]}'})
    if ended:
        queue.finish(lease, state, results.success("done"))
    return what.id


def test_a_running_change_explains_what_it_names(queue: Queue) -> None:
    """By name and by id; words of its plan that are no names are left out."""
    job = run(queue, "drain")
    [work] = planned_work(queue, FACTS, time.time())
    assert (work.job, work.words, set(work.names), work.ended_at) == (job, "drain host-3", {"host-3", "n3"}, 0.0)


def test_a_drain_explains_its_aftermath_and_a_join_does_not(queue: Queue) -> None:
    """A node that has joined and goes down is news."""
    run(queue, "join", ended=True)
    drain = run(queue, "drain", ended=True)
    assert [work.job for work in planned_work(queue, FACTS, time.time())] == [drain]
    assert planned_work(queue, FACTS, time.time() + 3600) == ()


def test_a_recovery_explains_failed_tasks_for_longer_than_a_drain(queue: Queue) -> None:
    """It restarts engines, and tasks that failed meanwhile count as failing until others have run for two minutes."""
    run(queue, "drain", ended=True)
    recovery = run(queue, "recover", ended=True)
    assert [work.job for work in planned_work(queue, FACTS, time.time() + 100)] == [recovery]
    assert planned_work(queue, FACTS, time.time() + 200) == ()


def test_a_job_that_failed_explains_nothing_after_its_end(queue: Queue) -> None:
    """What it left is reported at once."""
    run(queue, "rollback", ended=True, state="failed")
    assert planned_work(queue, FACTS, time.time()) == ()


def test_what_changed_nothing_explains_nothing(queue: Queue, client: Redis) -> None:
    """A job that waits in line, and one that has not begun."""
    run(queue, "drain", begun=False)
    waiting = order()
    queue.admit(waiting, asked(waiting))
    assert planned_work(queue, FACTS, time.time()) == ()
    assert client.ping()
