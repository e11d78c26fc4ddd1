"""Hosts where Swarmbot logs in as a user other than root: what works, and the next step for what does not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from bot.errors import EngineError
from bot.swarm.reading.raft_log import position
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import sh
from tests.conftest import cannot
from tests.kits.engines import engine_start_time, engines
from tests.kits.host_users import SUDO_ASKS, SUDO_FREE, User, present
from tests.kits.scenario import Scenario, config

PEOPLE = {
    "host-2": User("noisy", "/bin/bash", docker=True, rc="echo Welcome; echo to host-2 >&2; printf '$ '"),
    "host-3": User("sudoer", "/bin/rbash", sudoers=SUDO_FREE),
    "host-4": User("asked", sudoers=SUDO_ASKS),
    "host-5": User("mute", "/bin/false", docker=True),
}


@pytest.fixture(scope="module")
def scenario(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    """A bot that logs in as root on host-1 and as a user of PEOPLE on each other host, with three managers."""
    if not shutil.which("sudo"):
        cannot("Debian package sudo is not installed")
    fleet.reset()
    settings = config(fleet)
    hosts = {host.name: {"address": host.address} for host in fleet}
    for name, user in PEOPLE.items():
        hosts[name]["user"] = user.name
    settings["clusters"] = {"prod": {"channel": "C0PROD", "hosts": hosts}}
    with (
        present(fleet, PEOPLE.values()),
        Deployment(fleet, tmp_path_factory.mktemp("users"), config=settings) as deployment,
    ):
        scenario = Scenario(deployment)
        scenario.change("cleo", "init host-1")
        scenario.change("cleo", "join manager host-2 host-3")
        yield scenario


def test_users_with_docker_group_or_sudo_can_join(scenario: Scenario) -> None:
    """One's start-up file prints on both streams; the other uses sudo from a restricted shell."""
    assert scenario.nodes() == {
        "host-1": "Ready Active Leader",
        **dict.fromkeys(("host-2", "host-3"), "Ready Active Reachable"),
    }
    (greeting,) = {sh(*scenario.fleet.ssh_argv(scenario["host-2"], "noisy"), "true")}
    assert greeting == "Welcome\n$ "


def test_check_needs_a_shell_and_the_engine(scenario: Scenario) -> None:
    """Ports are probed with every user who has a shell; otherwise the answer has the next step."""
    answer = scenario.ask("ada", "check host-2 host-3 host-4 host-5")
    assert "! *`host-2` is fit for prod* · not all routes could be tested" in answer
    assert "! *`host-3` is fit for prod* · not all routes could be tested" in answer
    assert answer.count("✓ ports open in both directions with ") == 2
    assert "✗ *`host-4` is not fit to join prod*" in answer
    assert "`asked` may not open Docker's socket `/var/run/docker.sock` and has no sudo" in answer
    assert "Run `usermod -aG docker asked` on it" in answer
    assert "✗ *`host-5` is not fit to join prod*" in answer
    assert "runs no commands for `mute`: the login shell exited at once. Give `mute` a POSIX shell" in answer


def test_join_needs_access_to_the_engine(scenario: Scenario) -> None:
    """Nothing is changed, and the answer has the reason."""
    card = scenario.change("ada", "join worker host-4 host-5")
    assert "usermod -aG docker asked" in card.text
    assert "usermod -s /bin/sh mute" in card.text
    assert scenario.membership("host-4") == scenario.membership("host-5") == "inactive"


def test_status_works_without_readable_certificates(scenario: Scenario) -> None:
    """A certificate that the user cannot read does not make the host degraded."""
    answer = scenario.ask("eve", "status")
    assert "3 managers, tolerates 1 failure" in answer
    assert "The certificate of `host-2` cannot be read" in answer
    assert "Certificates valid for" in answer
    assert "✗ `host-2`" not in answer
    assert "the file cannot be read" in scenario.ask("eve", "ca")


def test_a_backup_needs_sudo(scenario: Scenario) -> None:
    """With sudo it works with any output of the shell; without, it is refused before the engine stops."""
    began = engine_start_time(scenario["host-2"])
    card = scenario.change("cleo", "backup host-2")
    assert "does not let noisy do this: it is not root, and sudo needs a password or refuses" in card.text
    assert "noisy ALL=(root) NOPASSWD: ALL" in card.text
    assert "No backup was stored. The engine of host-2 is running." in card.text
    assert engine_start_time(scenario["host-2"]) == began
    card = scenario.change("cleo", "backup host-3")
    assert card.text.startswith("✓ *prod is backed up*"), card.text


def test_reading_the_raft_log_needs_sudo(scenario: Scenario) -> None:
    """A recovery reads it for the newest state, and says where it could not (tests/plans/cases/recover)."""
    with engines(scenario.fleet, host_2={"user": "noisy"}, host_3={"user": "sudoer"}) as cluster:
        assert position(cluster["host-3"].last_raft_entry()).index
        with pytest.raises(EngineError, match=r"Permission denied|password"):
            cluster["host-2"].last_raft_entry()
