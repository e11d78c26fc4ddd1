"""What watch reports of services, records, clocks and clusters made by hand, on real engines; each ends when fixed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE
from tests.conftest import cannot
from tests.kits.clock_skew import clock_off_by, possible
from tests.kits.scenario import config
from tests.kits.service_scenario import EXIT_CODE, EXITING_IMAGE, QUICK, create_running, have_variants
from tests.kits.watch_scenario import WatchScenario

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

WATCH: Final = {"poll": "1s", "quiet_poll": "2s", "group_interval": "5s", "backups": "7d"}
HELD_TIMEOUT_S: Final = 150.0
"""Records, clocks and clusters must be wrong for a minute before they are reported."""


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[WatchScenario]:
    """A bot whose watch process reads often."""
    settings = {**config(hosts), "watch": WATCH}
    with Deployment(hosts, tmp_path / "deployment", watchers=1, config=settings) as deployment:
        yield WatchScenario(deployment)


def test_services_that_do_not_run(scenario: WatchScenario) -> None:
    """Tasks that wait for a node, that crash, and an update that Docker paused, which a button takes back."""
    scenario.cluster(workers=("host-2",))
    have_variants([scenario["host-1"], scenario["host-2"]])
    create_running(scenario, "web", "--replicas", "2", timeout=60)
    scenario.watched()
    docker = scenario["host-1"].docker
    create = ("service", "create", "--detach", "--no-resolve-image", "--name")
    docker(*create, "lost", "--constraint", "node.labels.zone==b", TASK_IMAGE)
    docker(*create, "crash", "--restart-delay", "1s", EXITING_IMAGE)
    docker("service", "update", "--detach", "--no-resolve-image", *QUICK, "--image", EXITING_IMAGE, "web")
    lost = scenario.told("1 task of `lost` pending", "no label `zone=b`")
    crash = scenario.told("tasks of `crash` fail again and again", f"({EXIT_CODE})")
    web = scenario.told("the update of `web` is paused", "[/swarm rollback web]")
    assert len({lost.id, crash.id, web.id}) == 3
    docker("node", "update", "--label-add", "zone=b", "host-2")
    docker("service", "update", "--detach", "--no-resolve-image", "--image", TASK_IMAGE, "crash")
    scenario.slack.click("ada", scenario.see("ada", f"`{web.id}`", private=False), "/swarm rollback web")
    for incident, ended in ((lost, "`lost`: 1 of 1 replica"), (crash, "`crash`: 1 of 1 replica"), (web, "of `web` is")):
        assert scenario.told("Resolved after", ended, resolved=True, timeout=HELD_TIMEOUT_S).id == incident.id


def test_records_clocks_and_clusters_made_by_hand(scenario: WatchScenario) -> None:
    """An old record of a host that joined again, a wrong clock, another cluster; and that there is no backup."""
    if not possible():
        cannot("an engine's clock is set wrong only on x86-64, where root may write any process's memory")
    scenario.cluster(workers=("host-2", "host-4"))
    scenario.watched()
    backup = scenario.told("prod has no backup", "[/swarm backup]")
    docker, first = scenario["host-1"].docker, scenario["host-1"]
    token = docker("swarm", "join-token", "-q", "worker").strip()
    scenario["host-2"].wipe()
    scenario["host-2"].docker("swarm", "join", "--token", token, f"{first.address}:2377")
    scenario["host-3"].docker("swarm", "init", "--advertise-addr", scenario["host-3"].address)
    with clock_off_by(400, scenario["host-4"]):
        record = scenario.told("is an old record of `host-2`, down", timeout=HELD_TIMEOUT_S)
        other = scenario.told("`host-3` is a member of another cluster", timeout=HELD_TIMEOUT_S)
        clock = scenario.told("clock of `host-4` is 400 s ahead", timeout=HELD_TIMEOUT_S)
    assert scenario.told("the clock of `host-4` is right again", resolved=True).id == clock.id
    scenario["host-3"].docker("swarm", "leave", "--force")
    assert scenario.told("Resolved after", "`host-3`", resolved=True).id == other.id
    docker("node", "rm", record.root_signal.subject_id)
    assert scenario.told("Resolved after", "old record of `host-2`", resolved=True).id == record.id
    assert next(each for each in scenario.incidents() if each.id == backup.id).open
