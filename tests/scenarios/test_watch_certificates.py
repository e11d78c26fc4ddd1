"""What watch reports of certificates, of nodes and the root, of a cluster as old as an engine's clock says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from tests.conftest import cannot
from tests.kits.cfssl import certificate_of
from tests.kits.clock_skew import possible, set_clock
from tests.kits.scenario import config
from tests.kits.watch_scenario import WatchScenario

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

WATCH: Final = {"poll": "1s", "quiet_poll": "2s", "group_interval": "5s"}
DAY_S: Final = 24 * 3600
YEAR_H: Final = 365 * 24
ROOT_DAYS: Final = 20 * 365
"""How long an engine's root certificate is valid."""
READ_TIMEOUT_S: Final = 100.0
"""While one expires soon, certificates are read once a minute."""


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[WatchScenario]:
    """A bot without a watch process: that starts when the cluster has its age."""
    if not possible():
        cannot("an engine's clock is set wrong only on x86-64, where root may write any process's memory")
    with Deployment(hosts, tmp_path / "deployment", config={**config(hosts), "watch": WATCH}) as deployment:
        yield WatchScenario(deployment)


def made_before(host: Host, days: int, *, valid_h: int) -> None:
    """Create a cluster this many days ago by its first manager's clock, with certificates valid for this many hours.

    The manager's first certificate is valid for 90 days whatever the cluster says, so another one is issued. Its clock
    stays wrong.
    """
    set_clock(host, -days * DAY_S)
    host.docker("swarm", "init", "--advertise-addr", host.address, "--cert-expiry", f"{valid_h}h")
    host.docker("swarm", "ca", "--rotate", "--quiet")


def issue_for_90_days(leader: Host) -> None:
    """Make the leader issue certificates that are valid for 90 days: it reads the setting when it starts.

    Its clock is right afterwards.
    """
    leader.docker("swarm", "update", "--cert-expiry", "2160h")
    leader.stop_docker()
    leader.start_docker()
    until(lambda: "Leader" in leader.docker("node", "ls"), "it leads again")


def joins_before(leader: Host, host: Host, days: int) -> None:
    """Join a worker as if it were this many days ago, by both clocks."""
    for each in (leader, host):
        set_clock(each, -days * DAY_S)
    token = leader.docker("swarm", "join-token", "-q", "worker").strip()
    host.docker("swarm", "join", "--token", token, f"{leader.address}:2377")


def test_certificates_of_nodes(scenario: WatchScenario) -> None:
    """One is late, one expired while its host was off, one while it runs; each ends with what its message advises."""
    leader, runs, late, off = (scenario[name] for name in ("host-1", "host-2", "host-3", "host-4"))
    made_before(leader, 95, valid_h=YEAR_H)
    issue_for_90_days(leader)
    joins_before(leader, off, 95)
    off.power_off()
    joins_before(leader, runs, 95)
    joins_before(leader, late, 89)
    soon = certificate_of(late).not_valid_after_utc
    for host in (leader, runs, late):
        set_clock(host, 0)
    off.power_on()
    scenario.deployment.start("watch.1")
    told = scenario.told("the certificate of `host-3` is valid for 24 hours", "`/swarm ca --rotate` renews all")
    expired = scenario.told("the certificate of `host-2` has expired", "`/swarm leave host-2`, then `/swarm join ")
    failed = scenario.told("the engine of `host-4` (worker) cannot start", "expired", "`/swarm leave host-4 --force`")
    assert len(scenario.incidents()) == 3
    assert "*`host-3` is fit for prod*" in scenario.ask("eve", "check host-3")
    late.stop_docker()
    late.start_docker()
    until(lambda: certificate_of(late).not_valid_after_utc > soon, "the restart renewed it")
    for order in ("leave host-2", "join worker host-2", "leave host-4 --force", "join worker host-4"):
        assert scenario.change("cleo", order).text.startswith("✓"), order
    ends = ((told, "the certificate of `host-3` was renewed"), (expired, "`host-2` was renewed"), (failed, "`host-4`"))
    for incident, words in ends:
        ended = scenario.told("Resolved after", words, resolved=True, timeout=READ_TIMEOUT_S)
        assert ended.id == incident.id
    assert "✓ *prod is healthy*" in scenario.await_status("✓ *prod is healthy*")


def test_the_root_certificate(scenario: WatchScenario) -> None:
    """Its cluster was made nearly 20 years ago. The button makes a new one, and status shows it too."""
    leader, worker = scenario["host-1"], scenario["host-3"]
    made_before(leader, ROOT_DAYS - 3, valid_h=21 * YEAR_H)
    set_clock(leader, 0)
    token = leader.docker("swarm", "join-token", "-q", "worker").strip()
    worker.docker("swarm", "join", "--token", token, f"{leader.address}:2377")
    scenario.deployment.start("watch.1")
    incident = scenario.told("the root certificate of prod is valid for 3 days", "[/swarm ca --rotate]")
    assert "✗ the root certificate of prod is valid for 3 days" in scenario.await_status("prod is degraded")
    scenario.slack.click("cleo", scenario.see("cleo", f"`{incident.id}`", private=False), "/swarm ca --rotate")
    ended = scenario.told("Resolved after", "prod has a new root certificate", resolved=True)
    assert ended.id == incident.id
    scenario.quiet()
    assert "prod is healthy" in scenario.await_status("prod is healthy")
