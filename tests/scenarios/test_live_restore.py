"""live-restore in daemon.json on real engines: such an engine refuses to join, and a member will not start again."""

from __future__ import annotations

import json

import pytest

from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario


@pytest.fixture
def cluster(scenario: Scenario) -> Scenario:
    """A cluster of one manager and one worker."""
    scenario.cluster()
    scenario.change("ada", "join worker host-2")
    return scenario


def set_live_restore(host: Host, *, enabled: bool) -> None:
    """Write it to daemon.json and make the engine read the file again, as `systemctl reload docker` does."""
    file = host.folder / "docker-etc/daemon.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "live-restore": enabled}))
    host.run("sh", "-c", "kill -HUP $(cat /run/docker.pid)")
    wanted = "true" if enabled else "false"
    until(lambda: host.docker("info", "--format", "{{.LiveRestoreEnabled}}").strip() == wanted, f"it is {wanted}")


def test_a_host_with_live_restore_does_not_join(cluster: Scenario) -> None:
    """`check` and `join` name it, with what to do; once that is done, the host joins."""
    set_live_restore(cluster["host-3"], enabled=True)
    told = "host-3` has live-restore enabled: its engine refuses to join a swarm"
    checked = cluster.ask("ada", "check host-3")
    assert told in checked
    assert "is fit for" not in checked
    refused = cluster.change("ada", "join worker host-3").text
    assert told.replace("`", "") in refused.replace("`", "")
    assert "blocked" not in refused
    assert '"live-restore": false in /etc/docker/daemon.json' in refused.replace("`", "")
    set_live_restore(cluster["host-3"], enabled=False)
    assert cluster.change("ada", "join worker host-3").text.startswith("✓ *1 worker joined prod*")


def test_a_member_with_live_restore_is_named_before_its_next_start(cluster: Scenario) -> None:
    """Its engine continues to run and would not start again: status says so, and `check` does not call it fit."""
    set_live_restore(cluster["host-2"], enabled=True)
    assert cluster.nodes()["host-2"] == "Ready Active"
    assert "`host-2` has live-restore enabled: its engine will not start again" in cluster.ask("ada", "status")
    assert "is part of a swarm and will not start again" in cluster.ask("ada", "check host-2")
    set_live_restore(cluster["host-2"], enabled=False)
    assert "live-restore" not in cluster.ask("ada", "status")
