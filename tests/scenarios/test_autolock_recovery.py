"""Recovery, drill and restore of autolocked clusters with the unlock key that a person types."""

from __future__ import annotations

import pytest

from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from tests.kits.autolock import autolocked, key_of, restart
from tests.kits.scenario import Scenario
from tests.kits.secret_search import Arguments, channels, disk, stored
from tests.scenarios.test_backup import MANAGERS, SOUND

OTHER = f"SWMKEY-1-{'A' * 43}"

pytestmark = pytest.mark.timeout(300)


def test_a_locked_manager_is_recovered_with_its_key(scenario: Scenario) -> None:
    """The key is required, a wrong one changes nothing; the same key locks the manager and is stored nowhere."""
    arguments = Arguments()
    arguments.start()
    try:
        key = autolocked(scenario, *MANAGERS)
        scenario["host-1"].run("sh", "-c", "echo loud | docker config create motd -")
        lose_quorum(scenario, *MANAGERS[1:])
        restart(scenario["host-1"])
        told = scenario.ask("cleo", "recover")
        assert "autolock is on" in told, told
        assert "`/swarm recover host-1 --unlock`" in told
        before = key_file(scenario["host-1"])
        card = scenario.keyed("cleo", "recover --unlock", OTHER)
        assert "The key does not decrypt the key file of host-1. host-1 is locked. Nothing was changed." in card.text, (
            card.text
        )
        assert key_file(scenario["host-1"]) == before
        card = scenario.keyed("cleo", "recover --unlock", key)
        assert card.text.startswith("✓ *prod has quorum again, recovered from `host-1`*"), card.text
        assert "the key file of host-1 is encrypted" in card.text
    finally:
        run = arguments.stop()
    assert "ENCRYPTED" in key_file(scenario["host-1"])
    assert key_of(scenario) == key
    assert scenario["host-1"].docker("config", "ls", "--format", "{{.Name}}").split() == ["motd"]
    for told in (run, *stored(scenario), disk(scenario), channels(scenario)):
        assert key.removeprefix("SWMKEY-1-") not in told


@pytest.mark.long
def test_a_running_manager_is_recovered_with_its_key(scenario: Scenario) -> None:
    """A person types the key, which the engine does not reveal; rejoined managers are locked with the same key."""
    key = autolocked(scenario, *MANAGERS)
    lose_quorum(scenario, *MANAGERS[1:])
    until(lambda: "--unlock" in scenario.ask("cleo", "recover"), "the loss is known, and the key is wanted", timeout=60)
    assert "`/swarm recover host-1 --unlock`" in scenario.ask("cleo", "init host-1 --force-new-cluster")
    card = scenario.keyed("cleo", "recover --unlock", key)
    assert card.text.startswith("✓ *prod has quorum again"), card.text
    assert scenario.nodes() == SOUND
    assert key_of(scenario, "host-3") == key
    until(lambda: "ENCRYPTED" in key_file(scenario["host-3"]), "the key file of host-3 is encrypted")


@pytest.mark.long
def test_a_backup_is_drilled_and_restored_with_its_key(scenario: Scenario) -> None:
    """Without the key or with another one both fail; the restored manager is locked with the same key."""
    key = autolocked(scenario, *MANAGERS)
    scenario["host-1"].run("sh", "-c", "echo loud | docker config create motd -")
    scenario.change("cleo", "backup host-3")
    assert "`/swarm backup --drill --unlock` asks you for the key" in scenario.ask("cleo", "backup --drill")
    card = scenario.keyed("cleo", "backup --drill --unlock", OTHER)
    assert "The key does not decrypt the backup" in card.text, card.text
    card = scenario.keyed("cleo", "backup --drill --unlock", key)
    assert card.text.startswith("✓ *The newest backup of prod passed the drill*"), card.text
    for name in MANAGERS:
        scenario[name].power_off()
    for name in MANAGERS:
        scenario[name].wipe()
    order = "restore latest host-3"
    assert "it needs the unlock key from that time" in scenario.ask("cleo", order)
    card = scenario.keyed("cleo", f"{order} --unlock", OTHER)
    assert "The key does not decrypt the backup" in card.text, card.text
    assert "is empty, as before" in card.text
    card = scenario.keyed("cleo", f"{order} --unlock", key)
    assert card.text.startswith("✓ *prod is restored: `host-3` is its only manager*"), card.text
    assert key_of(scenario, "host-3") == key
    restart(scenario["host-3"])
    assert scenario.membership("host-3") == "locked"
    assert scenario.unlock("ada", "host-3", key).text.startswith("✓ *`host-3` is unlocked*")
    assert scenario.membership("host-3") == "active"
    assert scenario["host-3"].docker("config", "ls", "--format", "{{.Name}}").split() == ["motd"]


def lose_quorum(scenario: Scenario, *managers: str) -> None:
    """Make managers leave by hand, without the consent of the others, so that the quorum is lost."""
    for name in managers:
        scenario[name].docker("swarm", "leave", "--force")


def key_file(host: Host) -> str:
    """Return the key file on a manager's disk."""
    return (host.folder / "data/swarm/certificates/swarm-node.key").read_text()
