"""What watch reports outside of incidents' messages: /metrics, webhooks and the daily digest, on real engines."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from sandbox.ports import free_port
from tests.kits.scenario import config
from tests.kits.watch_scenario import WatchScenario
from tests.kits.webhook_receiver import Receiver, receiving

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def metrics_port() -> int:
    """A port for the metrics of watch."""
    return free_port()


@pytest.fixture
def scenario(
    fleet: Fleet, receiver: Receiver, metrics_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WatchScenario]:
    """A bot with a webhook whose URL is a secret, and with a digest that is due."""
    due = datetime.fromtimestamp(time.time() - 120, UTC).strftime("%H:%M")
    watch: dict[str, Any] = {"poll": "1s", "quiet_poll": "5s", "group_interval": "5s", "digest": {"at": due}}
    watch["webhooks"] = {"chat": {"url": "${HOOK_URL}"}}
    environment = {"HOOK_URL": receiver.url, "WATCH_METRICS": f"127.0.0.1:{metrics_port}"}
    folder = tmp_path_factory.mktemp("outputs")
    settings = {**config(fleet), "watch": watch}
    with Deployment(fleet, folder, watchers=1, config=settings, environment=environment) as deployment:
        scenario = WatchScenario(deployment)
        scenario.reset()
        yield scenario


def value(port: int, name: str, **labels: str) -> float | None:
    """A metric as the process at this port shows it; None if it does not."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        text = response.read().decode()
    inside = ",".join(f'{label}="{each}"' for label, each in sorted(labels.items()))
    found = re.search(rf"^{re.escape(f'{name}{{{inside}}}' if labels else name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


def nodes(port: int, role: str, state: str) -> float | None:
    """How many nodes /metrics counts."""
    return value(port, "swarmbot_cluster_nodes", cluster="prod", role=role, state=state)


def test_a_power_cut_is_told_everywhere_although_watch_is_killed(
    scenario: WatchScenario, receiver: Receiver, metrics_port: int
) -> None:
    """Metrics are what the engine lists; the webhook gets the beginning and the end, in order; one digest."""
    deployment = scenario.deployment
    scenario.cluster(managers=("host-1", "host-2", "host-3"), workers=("host-4",))
    scenario.watched()
    for port in (deployment.port, metrics_port):
        until(lambda port=port: nodes(port, "worker", "ready") == 1, "the worker is counted", timeout=30)  # type: ignore[misc]
        assert nodes(port, "manager", "ready") == 3
        assert value(port, "swarmbot_cluster_managers_needed", cluster="prod") == 2
    assert value(metrics_port, "swarmbot_host_read_seconds_count", responded="true")
    assert value(deployment.port, "swarmbot_slack_acknowledgement_seconds_count")

    scenario["host-4"].power_off()
    incident = scenario.told("`host-4` (worker) is down")
    until(lambda: bool(receiver.bodies), "the webhook is told", timeout=30)
    deployment.kill("watch.1")
    deployment.start("watch.1")
    until(lambda: nodes(deployment.port, "worker", "down") == 1, "the node is counted as down", timeout=60)
    assert scenario["host-1"].docker("node", "ls", "--format", "{{.Hostname}} {{.Status}}").count("Down") == 1
    assert sum(
        value(deployment.port, "swarmbot_cluster_incidents_open", cluster="prod", severity=each) or 0
        for each in ("critical", "warning")
    ) == len([each for each in scenario.incidents() if each.open])

    scenario["host-4"].power_on()
    scenario.told("Resolved after", "`host-4` is ready again", resolved=True)
    own = f"swarmbot/prod/{incident.id}/{incident.opened_at:.0f}"
    until(lambda: receiver.bodies[-1]["event"] == "resolved", "the webhook is told of the end", timeout=30)
    once = dict(zip(receiver.ids, receiver.bodies, strict=True)).values()  # a request may come twice: watch was killed
    events = [body["event"] for body in once if body["key"] == own]
    assert (events[0], events[-1]) == ("opened", "resolved")
    assert (events.count("opened"), events.count("resolved")) == (1, 1)
    assert [body["at"] for body in receiver.bodies] == sorted(body["at"] for body in receiver.bodies)
    assert "top-secret" not in deployment.log("watch.1")

    def digests() -> list[str]:
        shown = [message.shown for message in scenario.slack.messages("prod")]
        return [each for each in shown if "Daily digest of prod" in each]

    until(lambda: bool(digests()), "the digest is told", timeout=60)
    assert len(digests()) == 1
