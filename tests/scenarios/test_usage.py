"""`/swarm stats` and `disk` on real engines, with a node that is off."""

from __future__ import annotations

import re

from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import create_service, running

BUSY = "trap 'exit 0' TERM; while :; do :; done"


def test_stats_and_disk(scenario: Scenario) -> None:
    """One reading of each running task and of each node; the data of a node that is off is named as missing."""
    scenario.cluster(workers=("host-2", "host-3"))
    limits = ("--limit-memory", "64m", "--limit-cpu", "0.2")
    create_service(scenario, "busy", "--mode", "global", *limits, command=("sh", "-c", BUSY))
    until(lambda: len(running(scenario, "busy")) == 3, "it runs on three nodes")
    told = scenario.ask("ada", "stats busy")
    assert "3 of 3 running tasks read" in told, told
    found = re.findall(r"busy \| host-\d \| ([\d.]+) \| [\d.]+ [KM]iB \| \d+ % of 64 MiB", told)
    assert len(found) == 3, told
    assert all(0.02 < float(cpus) < 0.4 for cpus in found), told
    told = scenario.ask("ada", "disk")
    assert "3 of 3 nodes of prod read" in told, told
    rows = re.findall(r"host-\d \| [\d.]+ [GT]iB of [\d.]+ [GT]iB \| [\d.]+ MiB \(1/1\) \| [\d.]+ \w+ \(1/1\)", told)
    assert len(rows) == 3, told
    scenario["host-3"].power_off()
    told = scenario.ask("ada", "stats busy")
    assert "2 of 3 running tasks read" in told, told
    assert "host-3" in told
    assert "Not read: `busy`" in told
    told = scenario.ask("ada", "disk")
    assert "2 of 3 nodes of prod read" in told, told
    assert re.search(r"! `host-3`", told), told
