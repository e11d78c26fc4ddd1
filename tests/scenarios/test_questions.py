"""Questions about real clusters: answers are true, private, and shared only by the requester."""

from __future__ import annotations

import pytest

from tests.kits.scenario import Scenario

MANAGERS = ("host-1", "host-2", "host-3")
WORKERS = ("host-4",)


@pytest.fixture
def cluster(shared_scenario: Scenario) -> Scenario:
    """Three managers and a worker that no test here changes."""
    shared_scenario.stand(managers=MANAGERS, workers=WORKERS)
    return shared_scenario


def test_status_without_a_cluster(scenario: Scenario) -> None:
    """The status names `init`; questions about nodes name the next step."""
    assert "prod is not initialised" in (told := scenario.ask("eve", "status"))
    assert "`/swarm init HOST`" in told
    assert "`/swarm status`" in scenario.ask("eve", "nodes")
    hosts = scenario.ask("eve", "hosts")
    assert "4 of 4 hosts of prod respond" in hosts
    assert "not part of any cluster" in hosts


def test_status_of_a_healthy_cluster(cluster: Scenario) -> None:
    """It shows managers, tolerated failures, nodes, leader, engine and certificates."""
    told = cluster.ask("eve", "status")
    assert told.startswith("✓ *prod is healthy* · 3 managers, tolerates 1 failure · 4 of 4 nodes ready"), told
    assert "Leader `host-1` · Engine 20.10" in told
    assert "Certificates valid for 90 days" in told or "Certificates valid for 89 days" in told


def test_answers_are_private_until_they_are_shared(cluster: Scenario) -> None:
    """Only the requester sees the answer; Share shows everybody the same text and the requester's name."""
    told = cluster.ask("eve", "status")
    assert cluster.public() == ""
    message = next(m for m in cluster.slack.ephemerals("eve") if m.shown == told)
    cluster.slack.click("eve", message, "Share")
    shared = cluster.see("dan", "shared by <@U0EVE>", private=False)
    assert told.splitlines()[0] in shared.text
    assert shared.channel == "C0PROD"


def test_refresh_replaces_the_answer(cluster: Scenario) -> None:
    """The same private message then shows the current state."""
    told = cluster.ask("eve", "hosts")
    message = next(m for m in cluster.slack.ephemerals("eve") if m.shown == told)
    after = cluster.now
    cluster.slack.click("eve", message, "Refresh")
    seen = cluster.see("eve", "4 of 4 hosts of prod respond", after=after, private=True)
    assert (seen.kind, seen.ts) == ("edited", message.ts)


def test_nodes_and_node_show_the_engines_data(cluster: Scenario) -> None:
    """`nodes` shows role, state, availability and engine of every node; `node` accepts a name or an id."""
    nodes = cluster.ask("eve", "nodes")
    assert "4 of 4 nodes ready in prod" in nodes
    assert "✓ host-1 | manager, leader | ready | active | 20.10" in nodes
    assert "✓ host-4 | worker | ready | active | 20.10" in nodes
    full = cluster["host-1"].docker("node", "inspect", "host-4", "--format", "{{.ID}}").strip()
    for name in ("host-4", full[:10]):
        node = cluster.ask("eve", f"node {name}")
        assert full in node
        assert cluster["host-4"].address in node
        assert "issued by swarm-ca, valid for" in node


def test_an_unknown_node_is_reported(cluster: Scenario) -> None:
    """The answer suggests the closest name; for a host that is not a member it names `join`."""
    assert "Did you mean `host-4`" in cluster.ask("eve", "node hots-4")


def test_whoami_and_help(cluster: Scenario) -> None:
    """Permissions come from swarmbot.yml and user groups; help shows each command with arguments and an example."""
    assert "You may *operate*" in (ada := cluster.ask("ada", "whoami"))
    assert "You may not *administer*" in ada
    assert "You may *administer*" in (cleo := cluster.ask("cleo", "whoami"))
    assert "`trust` of a changed key" in cleo, "not every key waits for somebody"
    assert "You may not *operate*" in cluster.ask("eve", "whoami")
    listed = cluster.ask("eve", "help")
    for name in ("init", "join", "token", "status", "nodes", "node", "hosts", "jobs", "job", "cancel", "audit"):
        assert f"`/swarm {name}`" in listed
    assert "host-[3-5]" in cluster.ask("eve", "help join")
    assert "Did you mean `/swarm status`?" in cluster.ask("eve", "statsu")


def test_another_channel_needs_cluster(cluster: Scenario) -> None:
    """In a channel without a cluster the bot asks for one, and ``--cluster`` selects it."""
    asked = cluster.ask("eve", "status", "random")
    assert "--cluster" in asked
    assert "prod" in asked
    assert "lab" in asked
    assert "*prod is healthy*" in cluster.ask("eve", "status --cluster prod", "random")
    assert "lab is not initialised" in cluster.ask("ada", "status", "lab")


def test_jobs_and_the_audit_log(scenario: Scenario) -> None:
    """Jobs are shown with steps and result; the audit log is filtered by person, node, command, time and number."""
    scenario.change("cleo", "init host-1")
    scenario.change("ada", "join worker host-2")
    refused = scenario.ask("eve", "join worker host-3")
    assert refused.startswith("You can't run ")
    jobs = scenario.ask("eve", "jobs")
    assert "0 jobs run or wait in prod" in jobs
    assert "`/swarm join worker host-2`" in jobs
    job = scenario.slack.transcript(scenario.began)
    job_id = next(e.text for e in job if e.text.startswith("On it: `/swarm join")).split("is job `")[1][:4]
    one = scenario.ask("eve", f"job {job_id}")
    assert "host-2` is ready in prod" in one
    assert "succeeded in" in one
    everything = scenario.ask("ada", "audit --last 40")
    assert "was refused `/swarm join worker host-3`" in everything
    assert "step · " in everything
    assert "finished · " in everything
    by_eve = scenario.ask("ada", "audit --by @eve")
    assert "was refused" in by_eve
    assert "init host-1" not in by_eve
    assert "init host-1" not in (node := scenario.ask("ada", "audit --node host-2"))
    assert "join worker host-2" in node
    command = scenario.ask("ada", "audit --command init")
    assert "init host-1" in command
    assert "join worker" not in command
    assert "init host-1" in scenario.ask("ada", "audit --since 1h --last 40")
    assert scenario.ask("ada", "audit --last 2").count("\n") < everything.count("\n")
    assert scenario.ask("eve", "audit").startswith("You can't run `/swarm audit`")


def test_status_with_one_manager_down(scenario: Scenario) -> None:
    """The status names the manager that is down and counts the others; other questions still work."""
    scenario.cluster(managers=MANAGERS)
    scenario["host-3"].kill_docker()
    told = scenario.await_status("`host-3` (manager) is unreachable")
    assert told.startswith("! *prod is degraded: it tolerates no manager failure* · 2 of 3 managers reachable"), told
    hosts = scenario.ask("ada", "hosts")
    assert "3 of 4 hosts of prod respond" in hosts
    assert f"✗ `host-3` ({scenario['host-3'].address}): Docker is not running" in hosts
    assert "✗ host-3 | manager, unreachable" in scenario.ask("ada", "nodes")


def test_status_names_services_with_missing_replicas(scenario: Scenario) -> None:
    """Pending replicas are counted with the engine's reason; a drained node is named."""
    scenario.cluster(workers=("host-2",))
    host = scenario["host-1"]
    wanted = ("--name", "web", "--replicas", "3", "--constraint", "node.labels.zone==b", "--no-resolve-image")
    host.docker("service", "create", "--detach", *wanted, "swarmbot/task:latest", "sleep", "1d")
    host.docker("node", "update", "--availability", "drain", "host-2")
    told = scenario.await_status("no suitable node")
    assert "`web`: 0 of 3 replicas running, no suitable node" in told
    assert "0 of 1 service fully running" in told
    assert "`host-2` drained" in told


def test_several_clusters(scenario: Scenario) -> None:
    """A channel of no cluster offers a button for each; the overview names every cluster with its next step."""
    scenario.cluster()
    after = scenario.now
    scenario.slack.slash("ada", "random", "nodes")
    asked = scenario.slack.wait_to_see("ada", "For which cluster?", after=after, private=True)
    assert "[prod] [lab]" in asked.text
    after = scenario.now
    scenario.slack.click("ada", asked, "prod")
    assert "host-1" in scenario.answer("ada", after).text
    told = scenario.ask("ada", "status --cluster all", channel="random")
    assert "2 clusters, the worst first" in told
    assert "`/swarm init HOST --cluster lab`" in told
    assert "prod is healthy" in told
