"""The engines of a running cluster are upgraded, the managers' first and one after another, as Docker documents it.

https://docs.docker.com/ee/upgrade/ names this order, and a backup before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import pytest

from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet, Release, missing
from tests.conftest import ENGINES, cannot, engine_version
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import counts, create_running

MANAGERS = ("host-1", "host-2", "host-3")
WORKERS = ("host-4",)
HEALTHY = "*prod is healthy* · 3 managers, tolerates 1 failure · 4 of 4 nodes ready"


@pytest.fixture
def newer(request: pytest.FixtureRequest) -> Sequence[Release | None]:
    """The release of each host in turn after the upgrade: ``--engines``, or the newest. None stays as it is."""
    chosen = ENGINES[request.config.option.engines]
    return chosen if any(chosen) else ENGINES["sid"]


@pytest.fixture
def scenario(newer: Sequence[Release | None], tmp_path: Path) -> Iterator[Scenario]:
    """A bot whose four hosts have the machine's engine."""
    if reasons := missing(newer):
        cannot("; ".join(reasons))
    with Fleet(tmp_path / "state", size=4) as fleet:
        config = {**fleet.config(), **PEOPLE}
        with Deployment(fleet, tmp_path / "deployment", config=config) as deployment:
            yield Scenario(deployment)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_hosts_are_upgraded_one_after_another(scenario: Scenario, newer: Sequence[Release | None]) -> None:
    """Each is drained, upgraded and made active; then the cluster is healthy and every task wanted runs."""
    scenario.cluster(managers=MANAGERS, workers=WORKERS, ingress=True)
    assert scenario.change("cleo", "backup").text.startswith("✓")
    create_running(scenario, "web", "--replicas", "3")
    before = engine_version(scenario["host-1"])
    for name, release in zip((*MANAGERS, *WORKERS), cycle(newer)):
        if release is None:
            continue
        drained = scenario.change("ada", f"drain {name}")
        assert drained.text.startswith(f"✓ *`{name}` is drained*"), drained.text
        scenario[name].change_release(release)
        assert engine_version(scenario[name]) != before
        scenario.await_status(HEALTHY)
        assert scenario.change("ada", f"activate {name}").text.startswith("✓")
        status = scenario.await_status(HEALTHY)
        assert engine_version(scenario[name]) in status, status
        assert counts(scenario)["web"] == (3, 3)
    if None not in newer:
        assert before not in scenario.ask("ada", "status")
    assert all(state.startswith("Ready Active") for state in scenario.nodes().values())
