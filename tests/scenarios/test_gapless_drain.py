"""Drains and rebalances on real engines while requests arrive: none fails, and nothing temporary stays behind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import create_running, inspect, running, wanted

pytestmark = pytest.mark.timeout(400)

SERVER: Final = "sleep 1; exec httpd -f -p 80 -h /etc"
"""Listens one second after its start."""
HEALTH: Final = (
    *("--health-cmd", "wget -q -O /dev/null http://127.0.0.1/hostname", "--health-interval", "1s"),
    *("--health-retries", "5", "--stop-grace-period", "2s"),
)
CLIENT: Final = """
while :; do
  address=$(nslookup -type=a web 127.0.0.11 2>&1 | awk '/^Name/ {named = 1} named && /^Address/ {print $NF; exit}')
  if timeout 2 wget -q -O /dev/null "http://$address/hostname"; then echo good; else echo failed; fi >> /tmp/requests
  usleep 50000
done
"""
"""At most 20 requests a second, each after asking Docker's DNS for the service's address: a static busybox cannot."""


@pytest.fixture
def cluster(cluster: Scenario) -> Scenario:
    """The cluster, with an overlay network."""
    manager = cluster["host-1"]
    if "app" not in manager.docker("network", "ls", "--format", "{{.Name}}").split():
        manager.docker("network", "create", "--driver", "overlay", "app")
    return cluster


def create(scenario: Scenario, name: str, *options: str, command: str) -> None:
    """Create a service on the network and wait until it is fully running."""
    on_network = ("--network", "app", "--endpoint-mode", "dnsrr", *options)
    create_running(scenario, name, *on_network, command=("sh", "-c", command), timeout=60)


def placed(scenario: Scenario, name: str) -> dict[str, int]:
    """Return how many running tasks of a service each node has."""
    return dict(Counter(running(scenario, name, "Node")))


def start_on(scenario: Scenario, node: str, replicas: int) -> None:
    """Create the service ``web`` with all its tasks on ``node``; then it may run anywhere."""
    create(
        scenario,
        "web",
        *("--replicas", str(replicas), "--constraint", f"node.hostname=={node}", *HEALTH),
        command=SERVER,
    )
    scenario["host-1"].docker("service", "update", "--detach", "--constraint-rm", f"node.hostname=={node}", "web")
    assert placed(scenario, "web") == {node: replicas}


@contextmanager
def requests(scenario: Scenario) -> Iterator[list[str]]:
    """Send requests to ``web`` meanwhile; yield a list that has their results at the end."""
    create(scenario, "client", "--constraint", "node.role==manager", "--stop-grace-period", "1s", command=CLIENT)
    listed = ("ps", "-q", "--filter", "name=client")
    until(lambda: len(scenario["host-1"].docker(*listed).split()) == 1, "the only client is the new one", timeout=60)
    container = scenario["host-1"].docker(*listed).strip()

    def results() -> list[str]:
        return scenario["host-1"].docker("exec", container, "cat", "/tmp/requests").split()  # noqa: S108 - in the task

    until(lambda: results().count("good") > 5, "requests are answered", timeout=30)
    found: list[str] = []
    before = len(results())
    yield found
    after = len(results())
    until(lambda: len(results()) > after + 20, "later requests are answered too", timeout=60)
    found += results()[before:]


def test_no_request_fails_while_the_only_task_moves(cluster: Scenario) -> None:
    """A drain at once is the control: without a task elsewhere, requests fail. The spec is as before."""
    start_on(cluster, "host-2", 1)
    before = inspect(cluster, "web")["Spec"]
    with requests(cluster) as found:
        card = cluster.change("ada", "drain host-2")
        assert card.text.startswith("✓ *`host-2` is drained*"), card.text
    assert "web is fully running without host-2" in card.text
    assert found.count("failed") == 0, found
    assert "host-2" not in placed(cluster, "web")
    after = inspect(cluster, "web")["Spec"]
    assert after == before, f"{after} {before}"
    [node] = placed(cluster, "web")
    control = cluster["host-1"].docker("service", "ls", "-q", "--filter", "name=client").strip()
    cluster["host-1"].docker("service", "rm", control)
    cluster["host-1"].docker("node", "update", "--availability", "active", "host-2")
    with requests(cluster) as found:
        card = cluster.confirmed("ada", f"drain {node} --now", "no task of it runs elsewhere until then")
        assert card.text.startswith(f"✓ *`{node}` is drained*"), card.text
    assert found.count("failed") > 0, "the control"


@pytest.mark.long
def test_no_request_fails_while_all_three_tasks_move(cluster: Scenario) -> None:
    """They start elsewhere before the first one stops. The spec is as before."""
    start_on(cluster, "host-2", 3)
    before = inspect(cluster, "web")["Spec"]
    with requests(cluster) as found:
        card = cluster.change("ada", "drain host-2")
        assert card.text.startswith("✓ *`host-2` is drained*"), card.text
    assert found.count("failed") == 0, found
    assert sum(placed(cluster, "web").values()) == 3
    assert "host-2" not in placed(cluster, "web")
    assert inspect(cluster, "web")["Spec"] == before


def test_a_task_that_cannot_start_elsewhere_stops_the_drain(cluster: Scenario) -> None:
    """The image is on one host alone: its task continues to run, the node stays active, and the spec is as before."""
    cluster["host-2"].docker("tag", TASK_IMAGE, "only-here:1")
    pinned = ("--constraint", "node.hostname==host-2")
    create_running(cluster, "web", *pinned, image="only-here:1", command=("sleep", "600"))
    cluster["host-1"].docker("service", "update", "--detach", "--constraint-rm", "node.hostname==host-2", "web")
    before = inspect(cluster, "web")["Spec"]
    card = cluster.change("ada", "drain host-2")
    assert card.text.startswith("✗ *`host-2` was not drained in prod*"), card.text
    assert re.search(r"A new task of .?web.? rejected: No such image: only-here:1", card.text), card.text
    assert "has its own spec again" in card.text
    assert inspect(cluster, "web")["Spec"] == before
    assert placed(cluster, "web") == {"host-2": 1}
    assert cluster.nodes()["host-2"] == "Ready Active"


def test_a_returned_node_gets_tasks_again(cluster: Scenario) -> None:
    """As few tasks move as possible, no request fails, and the second time nothing is to be gained."""
    cluster["host-1"].docker("node", "update", "--availability", "drain", "host-3")
    create(cluster, "web", "--replicas", "6", *HEALTH, command=SERVER)
    assert placed(cluster, "web") == {"host-1": 3, "host-2": 3}
    before = inspect(cluster, "web")["Spec"]
    tasks = wanted(cluster, "web")
    cluster["host-1"].docker("node", "update", "--availability", "active", "host-3")
    with requests(cluster) as found:
        card = cluster.change("ada", "rebalance web")
        assert card.text.startswith("✓ *`web` is rebalanced*"), card.text
    assert "2 tasks move, host-1 3 → 2, host-2 3 → 2, host-3 0 → 2" in card.text
    assert found.count("failed") == 0, found
    assert placed(cluster, "web") == {"host-1": 2, "host-2": 2, "host-3": 2}
    assert len(tasks - wanted(cluster, "web")) == 2
    assert inspect(cluster, "web")["Spec"] == before
    assert cluster.ask("ada", "rebalance web").startswith("✓ *No change needed*")


@pytest.mark.long
def test_a_node_that_returns_is_offered_tasks(cluster: Scenario) -> None:
    """The card's button shows the moves, and a button below them makes them. By force, all tasks restart instead."""
    cluster["host-1"].docker("node", "update", "--availability", "drain", "host-3")
    create(cluster, "web", "--replicas", "4", *HEALTH, command=SERVER)
    card = cluster.change("ada", "activate host-3")
    assert "until `/swarm rebalance host-3` moves some" in card.text, card.text
    after = cluster.now
    cluster.slack.click("ada", card.seen, "/swarm rebalance host-3")
    shown = cluster.answer("ada", after)
    assert "Plan only: rebalance `web`" in shown.text, shown.text
    assert "host-3 0 → 1" in shown.text
    after = cluster.now
    cluster.slack.click("ada", shown, "Run")
    card = cluster.end(cluster.job("ada", after))
    assert card.text.startswith("✓ *`web` is rebalanced*"), card.text
    assert sorted(placed(cluster, "web").values()) == [1, 1, 2]
    assert "the tasks of `web` are spread evenly" in cluster.ask("ada", "rebalance web --force")
    cluster["host-1"].docker("service", "rm", "web")
    start_on(cluster, "host-1", 3)
    before = {*cluster["host-1"].docker("ps", "-q").split()}
    card = cluster.change("ada", "rebalance web --force")
    assert card.text.startswith("✓ *`web` is restarted*"), card.text
    assert "By node there are 3, 0 and 0 of them now" in card.text
    assert not before & {*cluster["host-1"].docker("ps", "-q").split()}
