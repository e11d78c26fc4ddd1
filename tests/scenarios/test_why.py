"""`/swarm why` on real engines: each filter of the scheduler, node by node, and its fix as it is typed."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from bot.model import ClusterFacts, Facts, FactsQuery
from bot.swarm.reading.facts_reader import FactsReader
from bot.swarm.services.diagnosis.diagnosis import diagnose
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.engines import engines
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import create_service, running

COUNTED = {
    "available": "{} not available for new tasks",
    "resources": "insufficient resources on {}",
    "plugins": "missing plugin on {}",
    "constraints": "scheduling constraints not satisfied on {}",
    "platform": "unsupported platform on {}",
    "host ports": "host-mode port already in use on {}",
    "max replicas": "max replicas per node limit exceed",
}
"""How SwarmKit counts the nodes at each filter (manager/scheduler/filter.go)."""


def read(scenario: Scenario) -> tuple[Facts, ClusterFacts]:
    """Return the facts as `/swarm why` reads them."""
    reader = FactsReader({})
    with engines(scenario.fleet) as cluster:
        facts = reader.read("prod", cluster, FactsQuery(services=True, task_list=True))
    reader.close()
    assert facts.swarm
    return facts, facts.swarm


def said(scenario: Scenario) -> str:
    """Wait until the scheduler gives a reason, and return it."""

    def reason() -> str:
        swarm = read(scenario)[1]
        return next((task.error for task in swarm.task_list if task.state == "pending" and task.error), "")

    until(lambda: bool(reason()), "the scheduler says why")
    return reason()


def counted(scenario: Scenario) -> set[str]:
    """Return what the scheduler would say by Swarmbot's verdicts: each node counted at its first filter."""
    facts, swarm = read(scenario)
    [service] = swarm.services
    [group] = diagnose(facts, swarm, service).unplaced
    found = Counter(verdict.refused[0].filter for verdict in group.verdicts)
    return {COUNTED[name].format(f"{count} node{'' if count == 1 else 's'}") for name, count in found.items()}


def assert_same_counts(scenario: Scenario) -> None:
    """Swarmbot counts as many nodes at each filter as the scheduler says."""
    parts = said(scenario).removeprefix("no suitable node (").removesuffix(")").split("; ")
    assert counted(scenario) == set(parts)


def fix(told: str, begins: str) -> str:
    """Return the advised command that begins with these words, as it stands after ``/swarm``."""
    advised: list[str] = re.findall(r"/swarm ([^`·\n]+)", told)
    found = next((each for each in advised if each.startswith(begins)), None)
    assert found, f"no advice begins with {begins!r}: {told}"
    return found.strip()


def runs(scenario: Scenario, count: int) -> None:
    """Wait until as many tasks run as wanted, and `why` says so."""
    until(lambda: len(running(scenario, "web")) == count, f"{count} tasks run")
    well = f"✓ *`web` runs as it should* · {count} of {count} replica"
    until(lambda: scenario.ask("ada", "why web").startswith(well), "nothing is told")


def assert_advice_fixes(scenario: Scenario, obstacle: str, advised: str, count: int) -> None:
    """All nodes have this obstacle, and after the command that is advised ``count`` tasks run."""
    assert_same_counts(scenario)
    told = scenario.ask("ada", "why web")
    assert f"host-1, host-2 and host-3: {obstacle}" in told.replace("`", ""), told
    scenario.change("ada", fix(told, advised))
    runs(scenario, count)


def test_constraint(cluster: Scenario) -> None:
    """The label that is missing is named for each node, with the command that sets it."""
    create_service(cluster, "web", "--constraint", "node.labels.zone==b")
    assert_advice_fixes(cluster, "no label zone=b", "label", 1)


def test_unavailable_nodes(cluster: Scenario) -> None:
    """A drained and a paused node are distinguished, and activated by the advised command."""
    for name, availability in (("host-1", "drain"), ("host-2", "pause"), ("host-3", "drain")):
        cluster["host-1"].docker("node", "update", "--availability", availability, name)
    create_service(cluster, "web")
    assert_same_counts(cluster)
    told = cluster.ask("ada", "why web")
    assert "host-1 and host-3: is drained" in told.replace("`", ""), told
    assert "`host-2`: is paused" in told
    cluster.change("ada", fix(told, "activate"))
    runs(cluster, 1)


@pytest.mark.parametrize(
    ("options", "obstacle", "advised", "left"),
    [
        (("--reserve-cpu", "1.5"), "1 CPU short (needs 1.5, 0.5 of 2 not reserved)", "scale", 3),
        pytest.param(
            ("--reserve-cpu", "1.2", "--update-monitor", "1s", "--update-parallelism", "0"),
            "0.4 CPU short (needs 1.2, 0.8 of 2 not reserved)",
            "update web --reserve-cpu 0.8",
            4,
            marks=pytest.mark.long,  # the obstacle of "CPU", and test_memory follows the advice to reserve less
        ),
        (("--replicas-max-per-node", "1"), "runs 1 task of it, at most 1 allowed per node", "scale", 3),
        (("--publish", "mode=host,published=8080,target=80"), "port 8080/tcp is in use by web", "scale", 3),
    ],
    ids=["CPU", "less CPU", "max replicas", "host port"],
)
def test_what_a_node_has_room_for(
    cluster: Scenario, options: tuple[str, ...], obstacle: str, advised: str, left: int
) -> None:
    """What a node is short of is counted, and so is how many tasks fit."""
    create_service(cluster, "web", "--replicas", "4", *options)
    assert_advice_fixes(cluster, obstacle, advised, left)


def test_nodes_that_fail_several_filters(cluster: Scenario) -> None:
    """The scheduler counts each node at its first filter; everything that stands in the way is named."""
    cluster["host-1"].docker("node", "update", "--availability", "drain", "host-1")
    cluster["host-1"].docker("node", "update", "--label-add", "zone=b", "host-2")
    create_service(cluster, "web", "--reserve-cpu", "3", "--constraint", "node.labels.zone==b", "--log-driver", "loki")
    assert counted(cluster) == {"1 node not available for new tasks", "insufficient resources on 2 nodes"}
    assert_same_counts(cluster)
    told = cluster.ask("ada", "why web").replace("`", "")
    short = "1 CPU short (needs 3, 2 of 2 not reserved), has no log driver loki"
    assert f"host-1: is drained, {short}, no label zone=b" in told, told
    assert f"host-2: {short}\n" in told
    assert f"host-3: {short}, no label zone=b" in told


def test_a_reason_from_before_a_power_off(cluster: Scenario) -> None:
    """A port was in use on three nodes, and one of them is off now: what Docker said is not reported as true."""
    create_service(cluster, "web", "--replicas", "4", "--publish", "published=8080,target=80,mode=host")
    until(lambda: "port already in use on 3 nodes" in said(cluster), "the fourth task is pending")
    cluster["host-3"].power_off()
    try:
        until(lambda: cluster.nodes()["host-3"].startswith("Down"), "host-3 is down", timeout=60)
        told = cluster.ask("ada", "why web")
        assert "host-3`: is down" in told, told
        outdated = "in use on 3 nodes" in told
        assert ("has not tried again since" in told) is outdated, told
    finally:
        cluster["host-3"].power_on()
        until(lambda: cluster.nodes()["host-3"].startswith("Ready"), "host-3 is back", timeout=60)


def test_memory(cluster: Scenario) -> None:
    """A task that fits on no node at all: how much memory is missing, and how much it may reserve."""
    memory = int(cluster["host-1"].docker("info", "--format", "{{.MemTotal}}"))
    create_service(cluster, "web", "--reserve-memory", str(memory + 1024**3))
    assert_advice_fixes(cluster, "1 GiB of memory short (needs ", "update web --reserve-memory", 1)


def test_platform(cluster: Scenario) -> None:
    """No command changes the platform of a node or of an image."""
    placement = {"Platforms": [{"OS": "linux", "Architecture": "arm64"}]}
    spec = {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": TASK_IMAGE}, "Placement": placement}}
    with engines(cluster.fleet) as hosts:
        hosts["host-1"].create_service(spec)
    assert_same_counts(cluster)
    told = cluster.ask("ada", "why web")
    assert "host-1, host-2 and host-3: is linux/x86_64, the image is for linux/arm64" in told.replace("`", ""), told
    assert "Next:" not in told


def test_plugin(cluster: Scenario) -> None:
    """The driver that no node has is named."""
    create_service(cluster, "web", "--log-driver", "loki")
    assert_same_counts(cluster)
    told = cluster.ask("ada", "why web")
    assert "host-1, host-2 and host-3: has no log driver loki" in told.replace("`", ""), told
    cluster["host-1"].docker("service", "update", "--detach", "--log-driver", "json-file", "web")
    runs(cluster, 1)


def test_missing_image(cluster: Scenario) -> None:
    """Nodes reject the task; another image fixes it."""
    create_service(cluster, "web", image="nope:1")
    until(lambda: "No such image" in cluster.ask("ada", "why web"), "a node rejects it")
    told = cluster.ask("ada", "why web")
    assert "No such image: nope:1" in told
    cluster.change("ada", fix(told, "update web --image").replace("IMAGE", TASK_IMAGE))
    runs(cluster, 1)


def test_a_task_that_starts_and_dies(cluster: Scenario) -> None:
    """Its exit code and its last lines are shown, masked, and only to the requester."""
    script = "echo connecting; echo DB_PASSWORD=hunter22x refused; exit 3"
    create_service(cluster, "web", "--restart-delay", "1s", command=("sh", "-c", script))
    until(lambda: "failed 2 times" in cluster.ask("ada", "why web"), "it fails again")
    told = cluster.ask("ada", "why web")
    assert "task: non-zero exit (3)" in told.replace("`", ""), told
    assert "| connecting" in told
    assert "DB_PASSWORD=*** refused" in told
    assert "connecting" not in cluster.public()


def test_an_unhealthy_task_that_ends_with_0(cluster: Scenario) -> None:
    """Docker calls it complete, and starts another. The command of its health check is named."""
    script = "trap 'exit 0' TERM; while :; do sleep 0.2; done"
    check = ("--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1", "--restart-delay", "1s")
    create_service(cluster, "web", *check, command=("sh", "-c", script))
    until(lambda: "ended 2 times" in cluster.ask("ada", "why web"), "it ends again", timeout=60)
    assert "Its health check may have failed: `false`." in cluster.ask("ada", "why web")
    assert "ended by itself with exit code 0" in cluster.ask("ada", "ps web --all")


def test_a_crash_loop_whose_task_runs_at_this_moment(cluster: Scenario) -> None:
    """As many tasks run as wanted, by every count, and lists and the status say nevertheless that they fail."""
    create_service(cluster, "web", "--restart-delay", "1s", command=("sh", "-c", "sleep 4; exit 3"))
    form = ("service", "ps", "web", "--no-trunc", "--format", "{{.CurrentState}}")
    until(lambda: cluster["host-1"].docker(*form).count("Failed") >= 3, "it has failed three times")
    until(lambda: "1 in a crash loop" in cluster.ask("eve", "services"), "it runs, and is told as what it is")
    listed = cluster.ask("eve", "services")
    assert re.search(r"`web`: tasks fail again and again, \d in one slot within minutes", listed), listed
    assert "failed with exit code 3" in listed
    until(
        lambda: "1 of 1 service running" in (told := cluster.ask("eve", "status")) and "again" in told, "so it is here"
    )


def test_out_of_memory(cluster: Scenario) -> None:
    """Exit code 137 is explained by the engine of the task's node."""
    script = "x=a; while :; do x=$x$x; done"
    create_service(cluster, "web", "--restart-condition", "none", "--limit-memory", "8m", command=("sh", "-c", script))
    until(lambda: "killed it" in cluster.ask("ada", "why web"), "it is killed")
    told = cluster.ask("ada", "why web")
    assert "The kernel killed it at its memory limit of 8 MiB" in told.replace("`", ""), told
    assert "Docker does not start it again" in told


def test_a_paused_update(cluster: Scenario) -> None:
    """What paused it: the task, its node and its exit code."""
    create_service(cluster, "web", "--replicas", "3")
    runs(cluster, 3)
    manager = cluster["host-1"]
    manager.docker("service", "update", "--detach", "--update-monitor", "2s", "--args", "sh -c 'exit 7'", "web")
    until(lambda: "paused" in cluster.ask("ada", "why web"), "the update pauses")
    told = cluster.ask("ada", "why web")
    assert "The last update paused" in told.replace("`", ""), told
    assert re.search(r"web\.\d(\.\w+)?`? failed on `?host-\d`?: task: non-zero exit \(7\)", told), told


def test_an_update_that_was_rolled_back(cluster: Scenario) -> None:
    """The task that failed is found although Docker does not name it any more, with its last line."""
    create_service(cluster, "web")
    runs(cluster, 1)
    policy = ("--update-failure-action", "rollback", "--update-monitor", "3s", "--update-order", "start-first")
    fails = ("--args", "sh -c 'echo no database; sleep 1; exit 7'")
    cluster["host-1"].docker("service", "update", "--detach", *policy, *fails, "web")
    until(lambda: "was rolled back" in cluster.ask("ada", "why web"), "the update is rolled back")
    told = cluster.ask("ada", "why web")
    assert re.search(r"`web\.1\.\w+` failed on `host-\d`: task: non-zero exit \(7\)", told), told
    assert "| no database" in told
