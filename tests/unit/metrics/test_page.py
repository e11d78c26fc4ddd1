"""What /metrics shows of what a real Redis has, and that the dashboard asks for nothing else."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from bot.audit import Audit
from bot.metrics.page import WatchMetrics, WebMetrics
from bot.metrics.stored import FRESH_S, StoredMetrics
from bot.model import ClusterFacts, NodeFacts
from bot.model.incident import LastReading, WatchState
from bot.queue import results
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.settings import Listen
from bot.store.client import MONITORING_TIMEOUTS, connect
from bot.watch.cluster_numbers import cluster_numbers
from bot.watch.repository import WatchRepository
from sandbox.ports import free_port
from tests.kits.incidents import incident
from tests.kits.jobs import admitted, taken
from tests.kits.watch_lease import NOTHING_SAID, led

DASHBOARD: Final = Path(__file__).parents[3] / "docs" / "grafana-dashboard.json"
OPERATIONS: Final = DASHBOARD.with_name("operations.md")
NODES: Final = (
    NodeFacts("n1", "host-1", "manager", "active", "ready", 1, {}, reachability="reachable", leader=True),
    NodeFacts("n2", "host-2", "manager", "active", "down", 1, {}, reachability="unreachable"),
    NodeFacts("n3", "host-3", "worker", "active", "ready", 1, {}),
)
SWARM: Final = ClusterFacts(id="c1", read_from="host-1", version=1, spec={}, nodes=NODES)


def shown(client: Redis) -> list[str]:
    """The lines of /metrics of the web process, without those about the process itself."""
    text = WebMetrics(client, ["prod", "lab"], shown=True).page().body.decode()
    return [line for line in text.splitlines() if line.startswith("swarmbot_")]


def watched(client: Redis, audit: Audit, *, at: float) -> None:
    """Store a reading of prod that was made at a time, with one open incident and one that has ended."""
    last_reading = LastReading("one", at, duration_s=0.25, read_from="host-1", numbers=cluster_numbers(SWARM))
    state = WatchState(incidents=(incident(), replace(incident("4a4a"), resolved_at=at)))
    WatchRepository(client, audit).store(led(client), "prod", state, last_reading, NOTHING_SAID)


def test_a_cluster_is_shown_as_it_was_read(client: Redis, audit: Audit) -> None:
    """Nodes, managers, incidents and the time of the reading; of a cluster that nobody watches, that."""
    watched(client, audit, at=time.time())
    lines = shown(client)
    for line in (
        'swarmbot_cluster_watched{cluster="prod"} 1.0',
        'swarmbot_cluster_watched{cluster="lab"} 0.0',
        'swarmbot_cluster_readable{cluster="prod"} 1.0',
        'swarmbot_cluster_readable{cluster="lab"} 0.0',
        'swarmbot_cluster_read_duration_seconds{cluster="prod"} 0.25',
        'swarmbot_cluster_nodes{cluster="prod",role="manager",state="down"} 1.0',
        'swarmbot_cluster_nodes{cluster="prod",role="worker",state="ready"} 1.0',
        'swarmbot_cluster_managers{cluster="prod"} 2.0',
        'swarmbot_cluster_managers_reachable{cluster="prod"} 1.0',
        'swarmbot_cluster_managers_needed{cluster="prod"} 2.0',
        'swarmbot_cluster_incidents_open{cluster="prod",severity="critical"} 1.0',
        'swarmbot_cluster_incidents_open{cluster="prod",severity="warning"} 0.0',
        "swarmbot_redis_up 1.0",
        "swarmbot_redis_durable 1.0",
    ):
        assert line in lines


def test_what_was_read_long_ago_is_left_out(client: Redis, audit: Audit) -> None:
    """Nothing says that the nodes are still as they were."""
    watched(client, audit, at=time.time() - FRESH_S)
    lines = shown(client)
    assert 'swarmbot_cluster_readable{cluster="prod"} 0.0' in lines
    assert any(line.startswith("swarmbot_cluster_read_timestamp_seconds{") for line in lines)
    assert not any(line.startswith(("swarmbot_cluster_nodes", "swarmbot_cluster_managers")) for line in lines)


def test_jobs_are_counted_by_state_and_their_durations_kept(client: Redis, queue: Queue) -> None:
    """One has ended, one runs, two wait behind it, and a question waits for a worker."""
    for _ in range(4):
        admitted(queue)
    admitted(queue, lane="concurrent")
    queue.finish(taken(queue), "succeeded", results.success("done"))
    taken(queue)
    lines = shown(client)
    for line in (
        'swarmbot_jobs{lane="exclusive",state="running"} 1.0',
        'swarmbot_jobs{lane="exclusive",state="queued"} 2.0',
        'swarmbot_jobs{lane="concurrent",state="queued"} 1.0',
        'swarmbot_cluster_changes_waiting{cluster="prod"} 2.0',
        'swarmbot_job_duration_seconds_bucket{lane="exclusive",le="+Inf",state="succeeded"} 1.0',
        'swarmbot_job_duration_seconds_bucket{lane="exclusive",le="1800.0",state="succeeded"} 1.0',
    ):
        assert line in lines


def test_the_page_is_what_prometheus_reads(client: Redis, audit: Audit) -> None:
    """Each metric has one type and help, and each series is there once."""
    watched(client, audit, at=time.time())
    text = WebMetrics(client, ["prod"], ["chat"], shown=True).page().body.decode()
    families = [*text_string_to_metric_families(text)]
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    assert all(family.documentation.endswith(".") for family in families if family.name.startswith("swarmbot_"))
    series = [(sample.name, *sorted(sample.labels.items())) for family in families for sample in family.samples]
    assert len(series) == len(set(series))


def test_without_redis_only_that_is_shown() -> None:
    """A count that could not be read is not 0."""
    gone = connect(Secret("unix:///nowhere.sock"), MONITORING_TIMEOUTS)
    [only] = StoredMetrics(gone, ["prod"]).collect()
    assert (only.name, [sample.value for sample in only.samples]) == ("swarmbot_redis_up", [0])


def test_an_address_of_its_own(client: Redis, caplog: pytest.LogCaptureFixture) -> None:
    """A second process at the same address runs without it, and its log says so."""
    at = Listen("127.0.0.1", free_port())
    metrics = WatchMetrics(client, ["prod"])
    metrics.host_read(0.1, responded=True)
    metrics.listen(at)
    with urlopen(f"http://127.0.0.1:{at.port}/metrics", timeout=5) as response:
        assert 'swarmbot_host_read_seconds_count{responded="true"} 1.0' in response.read().decode()
    WatchMetrics(client, ["prod"]).listen(at)
    assert f"/metrics cannot be served at 127.0.0.1:{at.port}" in caplog.text


def _expressions(panel: Any) -> list[str]:
    targets = [target["expr"] for target in panel.get("targets", [])]
    return targets + [expr for inner in panel.get("panels", []) for expr in _expressions(inner)]


def _known(client: Redis) -> set[str]:
    """The names of all series; a histogram has three."""
    known: set[str] = set()
    for metrics in (WebMetrics(client, ["prod"], shown=True), WatchMetrics(client, ["prod"])):
        for metric in metrics.registry.collect():
            parts = ("", "_bucket", "_sum", "_count") if metric.type == "histogram" else ("",)
            known |= {metric.name + ("_total" if metric.type == "counter" else "") + part for part in parts}
    return known


def test_the_documents_name_metrics_that_exist(client: Redis) -> None:
    """The page also has all of them, except those that are named by their end."""
    text = OPERATIONS.read_text()
    named = set(re.findall(r"\bswarmbot_\w+", text))
    ends = set(re.findall(r"`(_\w+)", text))
    known = {name for name in _known(client) if name.startswith("swarmbot_")}
    assert named <= known
    missing = known - named - {f"{name}{part}" for name in known for part in ("_bucket", "_sum", "_count")}
    assert {name for name in missing if not any(name.endswith(end) for end in ends)} == set()


@pytest.mark.parametrize("panel", json.loads(DASHBOARD.read_text())["panels"], ids=lambda panel: panel["title"])
def test_the_dashboard_asks_for_metrics_that_exist(client: Redis, panel: Any) -> None:
    """By their whole names."""
    known = _known(client)
    expressions = _expressions(panel)
    assert expressions
    for expression in expressions:
        named = re.findall(r"\b(?:swarmbot|process)_\w+", expression)
        assert named
        assert set(named) <= known
