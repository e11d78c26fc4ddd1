"""A change shows nothing more when another worker has its job, and reports a secret that it could not show."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import Any, ClassVar

import pytest

from bot.blocks import Message
from bot.config import Config
from bot.engine.pool import EnginePool
from bot.errors import EngineError, Failed
from bot.execution.plan_run import PlanRun
from bot.execution.progress_card import ProgressCard
from bot.execution.step_run import Seen
from bot.model import EVERY_TRACK, Facts, FactsQuery, Plan, PlanTitles, Step
from bot.queue.end_messages import card_id
from bot.queue.lease import LeaseLost
from bot.queue.queue import Queue
from bot.swarm.operations import LabelHost, LabelNode
from tests.kits.approvals.process import Process, config_of
from tests.kits.approvals.world import Cluster, People
from tests.kits.jobs import admitted, taken
from tests.plans.description import Description

PLAN = Plan(PlanTitles("labels", "label", "done", "failed"), (Step(LabelHost("host-3", ()), "host-3"),))


def read(_: FactsQuery) -> Facts:
    """No step gets as far as reading."""
    raise AssertionError


def test_a_worker_that_lost_its_lease_shows_nothing(queue: Queue, redis_url: str) -> None:
    """The worker that took the job over shows its progress: this run is stopped before it shows anything."""
    admitted(queue)
    lease = taken(queue)
    engines = EnginePool(Config(clusters={"prod": {"channel": "C0PROD", "hosts": {"host-3": "192.0.2.3"}}}))
    process = Process(redis_url, config_of(0, ()), People(), Cluster(), "one")
    change = PlanRun(lease, PLAN, queue, process.replies, "C0LOST")
    assert queue.reclaim("two", "exclusive").lease is not None
    with pytest.raises(LeaseLost):
        change.run(engines.cluster("prod"), read)
    assert process.slack.posted == 0
    assert process.outbox.due() == []


@pytest.mark.parametrize(("zone", "ended"), [("a", "done"), ("b", "stopped")])
def test_a_track_waits_for_every_earlier_one(queue: Queue, redis_url: str, zone: str, ended: str) -> None:
    """Its steps are started only if all tracks before it have succeeded. The first succeeds if it has the label."""
    nodes = {name: {"is": "worker", "record": {"labels": {"zone": "a"}}} for name in ("host-2", "host-3", "host-4")}
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}, **nodes}}).facts()
    first, second, last = (
        Step(LabelNode(f"id-{name}", name, (("zone", wanted),)), name, after)
        for name, wanted, after in [("host-2", zone, ""), ("host-3", "a", ""), ("host-4", "a", EVERY_TRACK)]
    )
    admitted(queue)
    refusing: Any = Refusing()
    process = Process(redis_url, config_of(0, ()), People(), Cluster(), "one")
    plan = Plan(PlanTitles("labels", "label", "{count} labelled", "{failed}"), (first, second, last))
    change = PlanRun(taken(queue), plan, queue, process.replies, "C0PROD")
    change.run(refusing, lambda _: facts)
    change.finish()
    assert [row.state for row in change.card._rows] == ["done" if zone == "a" else "failed", "done", ended]


@pytest.mark.parametrize("cancelled", [False, True], ids=["a step fails", "cancelled"])
def test_a_step_that_runs_always_takes_back_what_was_temporary(
    queue: Queue, redis_url: str, *, cancelled: bool
) -> None:
    """A failed step and a cancelled job stop the other steps, in its own track and in those before it."""
    node = {"is": "worker", "record": {"labels": {"zone": "a"}}}
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}, "host-2": node}}).facts()
    steps = (
        Step(LabelNode("id-host-2", "host-2", (("zone", "b"),)), "first"),
        Step(LabelNode("id-host-2", "host-2", (("zone", "c"),)), "first"),
        Step(LabelNode("id-host-2", "host-2", (("zone", "a"),)), "last", EVERY_TRACK, always=True),
        Step(LabelNode("id-host-2", "host-2", (("zone", "d"),)), "last"),
    )
    job = admitted(queue)
    refusing: Any = Refusing()
    process = Process(redis_url, config_of(0, ()), People(), Cluster(), "one")
    change = PlanRun(taken(queue), Plan(PlanTitles("a", "b", "c", "d"), steps), queue, process.replies, "C0PROD")
    if cancelled:
        queue.cancel(job, "U0BEN", [])
    change.run(refusing, lambda _: facts)
    first = "stopped" if cancelled else "failed"
    assert [row.state for row in change.card._rows] == [first, "stopped", "done", "stopped"]


class Halting(LabelNode):
    """A step whose engines can be stopped, which a label of its node shows."""

    kind: ClassVar[str] = "a test's halting step"

    @property
    def on_cancel(self) -> LabelNode:
        """Hold, as the node has the label."""
        return LabelNode(self.node, self.name, (("zone", "a"),))

    def cancelled(self, facts: Facts) -> Failed:
        """Name the command that continues it."""
        del facts
        return Failed("stopped", next_step="`/swarm resume web` goes on.")


@pytest.mark.parametrize("begun", [False, True])
def test_what_another_worker_began_is_stopped_too(queue: Queue, redis_url: str, *, begun: bool) -> None:
    """A worker that takes over a cancelled job starts nothing, and stops what the first one may have started."""
    node = {"is": "worker", "record": {"labels": {"zone": "a"}}}
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}, "host-2": node}}).facts()
    steps = tuple(Step(Halting("id-host-2", "host-2", (("zone", zone),)), "host-2") for zone in "bc")
    job = admitted(queue)
    lease = taken(queue)
    if begun:
        queue.record(lease, {"begun": "1"})
    queue.cancel(job, "U0BEN", [])
    lease = queue.reclaim("two", "exclusive").lease or lease if begun else lease
    refusing: Any = Refusing()
    process = Process(redis_url, config_of(0, ()), People(), Cluster(), "one")
    change = PlanRun(lease, Plan(PlanTitles("a", "b", "c", "d"), steps), queue, process.replies, "C0PROD")
    change.run(refusing, lambda _: facts)
    assert [row.state for row in change.card._rows] == ["failed" if begun else "stopped", "stopped"]
    assert change.card.next_told is begun


def test_all_steps_of_a_long_change_are_told_once(
    queue: Queue, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are promised with its end. Its worker is killed then, and another one posts them in the card's thread."""
    names = [f"host-{number}" for number in range(10)]
    nodes = {name: {"is": "worker", "record": {"labels": {"zone": "a"}}} for name in names}
    facts = Description.model_validate({"hosts": {"manager-1": {"is": "leader"}, **nodes}}).facts()
    steps = tuple(Step(LabelNode(f"id-{name}", name, (("zone", "a"),)), name) for name in names)
    admitted(queue)
    dead, alive = (Process(redis_url, config_of(0, ()), People(), Cluster(), name) for name in ("one", "two"))
    change = PlanRun(taken(queue), Plan(PlanTitles("a", "b", "c", "d"), steps), queue, dead.replies, "C0PROD")
    refusing: Any = Refusing()
    change.run(refusing, lambda _: facts)
    monkeypatch.setattr(dead.deliverer, "send", lambda _: None)
    change.finish()
    posts: list[tuple[str, str]] = []

    def post(channel: str, message: Message, *, thread: str = "", broadcast: bool = False) -> str:
        assert not broadcast
        posts.append((f"{channel}/{thread}", str(message.blocks)))
        return "2"

    monkeypatch.setattr(alive.slack, "post", post)
    for _ in range(3):
        alive.deliver()
    [(place, told)] = posts
    assert place == "C0PROD/1"
    assert all(f"`{name}`" in told for name in names)
    assert alive.outbox.due() == []


def test_the_steps_of_a_job_whose_workers_were_lost_are_told(queue: Queue, redis_url: str) -> None:
    """The card says that it failed, in place of its steps."""
    admitted(queue)
    lease = taken(queue)
    queue.record(lease, {"progress": '[["✓", "`host-3` joined", 1800000000.0, 1800000002.0]]'})
    job = queue.get(lease.job.id)
    assert job
    process = Process(redis_url, config_of(0, ()), People(), Cluster(), "one")
    answer, shown, details = process.replies.failure(job, Failed("Worker lost."))
    assert (answer.target, shown.id, details.reply_to) == ("private", card_id(job.order), shown.id)
    assert "✓ `host-3` joined · <!date^1800000000^{time_secs}|08:00:00 UTC> · 2.0" in str(details.message.blocks)
    assert len(process.replies.failure(replace(job, progress=""), Failed("Worker lost."))) == 2


class Trusting(LabelNode):
    """A step for which facts of a moment ago stand for a reading."""

    kind: ClassVar[str] = "a test's trusting label"
    facts_hold_s: ClassVar[float] = 60.0


@pytest.mark.parametrize(("kind", "reads"), [(Trusting, 0), (LabelNode, 3)])
def test_the_facts_of_the_plan_go_from_step_to_step(
    queue: Queue, redis_url: str, kind: type[LabelNode], reads: int
) -> None:
    """Each of the steps reads nothing if it takes them and finds its state: in its track, and in one that waits."""
    node = {"is": "worker", "record": {"labels": {"zone": "a"}}}
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}, "host-2": node}}).facts()
    label = kind("id-host-2", "host-2", (("zone", "a"),))
    steps = (Step(label, "first"), Step(label, "first"), Step(label, "last", "first"))
    admitted(queue)
    process = Process(redis_url, config_of(0, ()), People(), Cluster(), "one")
    change = PlanRun(taken(queue), Plan(PlanTitles("a", "b", "c", "d"), steps), queue, process.replies, "C0PROD")
    queries: list[FactsQuery] = []
    refusing: Any = Refusing()
    change.run(refusing, lambda query: queries.append(query) or facts, Seen(facts, monotonic()))  # type: ignore[func-returns-value]
    assert len(queries) == reads
    assert [row.state for row in change.card._rows] == ["done"] * 3


class Refusing(dict[str, Any]):
    """Engines that refuse every change."""

    def __missing__(self, host: str) -> Any:
        raise EngineError(host, 500, "no")


class Unreadable(Cluster):
    """A cluster whose managers do not respond."""

    def read(self, name: str, engines: object, query: FactsQuery) -> Facts:
        """There is nothing to read."""
        del name, engines, query
        raise Failed("No manager answers.")


def test_a_secret_that_cannot_be_shown_is_reported(queue: Queue, redis_url: str) -> None:
    """The change succeeds. Its card and its requester read that the key was not shown, and which command shows it."""
    admitted(queue)
    lease = taken(queue)
    process = Process(redis_url, config_of(0, ()), People(), Unreadable(), "one")
    card = ProgressCard(lease.job, Plan(PlanTitles(success="rotated"), reveals=("unlock key",)), 0.0)
    entries, messages = process.runner._changes._reveal(lease, card, once=False)
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("secret not told", "unlock key: No manager answers.")
    ]
    told = "The unlock key was not shown: `/swarm unlock-key` shows it."
    assert [told in each.outgoing.message.text for each in messages] == [True]
    assert told in str(card.ended().blocks)
