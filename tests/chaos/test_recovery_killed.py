"""A worker is killed during a recovery: another one continues it, and there is one cluster in the end."""

from __future__ import annotations

import pytest

from bot.audit import Audit, Filter
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.split_brain_watch import SplitBrainWatch

pytestmark = pytest.mark.timeout(400)

STOPPED = ("host-3", "host-4")
WORDS = f"recover {' '.join(f'--hold-off {name}' for name in STOPPED)}"
STEPS = (
    "hold-off",
    "hold-off",
    "leave-lost-cluster",
    "init",
    "restart-stopped-swarm",
    "init",
    "remove-old-records",
    "rejoin",
    "remove-old-records",
    "remove-old-records",
    "regain-networks",
)


@pytest.mark.long
@pytest.mark.parametrize("done", range(len(STEPS) - 2))  # the last two are over before a worker can be killed in them
def test_another_worker_goes_on(scenario: Scenario, done: int) -> None:
    """The worker is killed after this many steps.

    The other one sees which are done and does the rest; nothing is done twice.
    """
    scenario.cluster(managers=("host-1", "host-2", *STOPPED), ingress=True)
    scenario["host-1"].docker("config", "create", "kept", "/etc/hostname")
    for name in STOPPED:
        scenario[name].kill_docker()
    forced = "the only manager of prod"
    until(lambda: forced in scenario.ask("cleo", f"{WORDS} --plan"), "it can be recovered", timeout=60)
    with SplitBrainWatch(scenario.fleet) as watch, connect(Secret(scenario.deployment.redis_url)) as redis:
        audit = Audit(redis)
        job = planned(scenario, Queue(redis, audit))
        kill_after(scenario, Queue(redis, audit), audit, job, done)
        card = scenario.end(job, timeout=180)
        scenario.quiet()
        ends = [entry for entry in audit.query(Filter(job=job), count=99) if entry.action == "ended"]
    assert card.text.startswith("✓ *prod has quorum again"), card.text
    assert "attempt 2" in scenario.ask("eve", f"job {job}")
    assert len(ends) == 1
    # An engine that was restarted for its networks may have handed over: after an election nodes are unknown at first.
    ready = {"Ready Active Leader", "Ready Active Reachable"}
    until(lambda: {*scenario.nodes().values()} == ready, "both managers are ready", timeout=60)
    assert scenario.nodes().keys() == {"host-1", "host-2"}
    assert "kept" in scenario["host-2"].docker("config", "ls", "--format", "{{.Name}}")
    for name in STOPPED:
        scenario[name].start_docker()
        assert scenario.membership(name) == "inactive"
        assert len([*scenario[name].folder.glob("data/swarm.held-off-*")]) == 1
    assert watch.apart == []


def planned(scenario: Scenario, queue: Queue) -> str:
    """Order a recovery and return its job's id. Retry refusals: without a leader an engine may not respond in time."""
    jobs: list[str] = []

    def is_planned() -> bool:
        jobs.append(scenario.begin("cleo", WORDS))
        until(lambda: (found := queue.get(jobs[-1])) is not None and bool(found.plan or found.ended), "it is judged")
        found = queue.get(jobs[-1])
        return found is not None and bool(found.plan)

    until(is_planned, "it is planned", timeout=90)
    return jobs[-1]


def kill_after(scenario: Scenario, queue: Queue, audit: Audit, job: str, done: int) -> None:
    """Kill the worker that runs ``job`` with -9 as soon as ``done`` steps of it are done."""

    def worker() -> str:
        found = queue.get(job)
        assert found is not None
        assert not found.ended, found.outcome
        begun = found.order.lane == "exclusive" and found.state == "running"
        steps = [entry for entry in audit.query(Filter(job=job), count=99) if entry.detail.startswith("done: ")]
        return found.worker if begun and len(steps) >= done else ""

    until(lambda: bool(worker()), f"{done} steps are done", timeout=120)
    runs = worker()
    (name,) = (name for name, process in scenario.deployment.processes.items() if runs.endswith(f"-{process.pid}"))
    scenario.deployment.kill(name)
