"""`/swarm backup`, `backups`, `restore` and `backup --drill` on real engines."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic, time

import pytest

from bot.backups.folder import BackupFolder
from bot.secrets.secret import Secret
from bot.swarm.reading.certificates import fingerprint_of
from sandbox.fleet.shell import until
from tests.kits.engines import engine_start_time
from tests.kits.scenario import QUESTION_INTERVAL_S, Scenario
from tests.kits.secret_search import Arguments, channels, disk, stored
from tests.kits.service_scenario import create_service

MANAGERS = ("host-1", "host-2", "host-3")
SOUND = {"host-1": "Ready Active Leader", "host-2": "Ready Active Reachable", "host-3": "Ready Active Reachable"}


def test_a_follower_is_backed_up_and_restarted(scenario: Scenario) -> None:
    """The backup is one encrypted file with a header; the stopped manager is reachable again."""
    cluster_with_objects(scenario)
    card = scenario.change("cleo", "backup")
    assert card.text.startswith("✓ *prod is backed up*"), card.text
    assert scenario.nodes() == SOUND
    (path,) = backup_files(scenario)
    assert path.stat().st_mode & 0o777 == 0o600
    told = scenario.ask("eve", "backups")
    assert "prod has 1 backup" in told, told
    root = fingerprint_of(scenario.inspect()["TLSInfo"]["TrustRoot"])
    assert f"3 nodes (3 managers), root `{bytes.fromhex(root)[:4].hex(':')}…` · not drilled" in told, told


@pytest.mark.long
def test_an_autolocked_manager_is_unlocked_after_its_backup(scenario: Scenario) -> None:
    """The engine starts locked, and the bot unlocks it with the key of the cluster."""
    scenario.change("cleo", "init host-1 --autolock")
    scenario.change("cleo", "join manager host-2 host-3")
    card = scenario.change("cleo", "backup host-3")
    assert card.text.startswith("✓ *prod is backed up*"), card.text
    assert "a restore needs the current unlock key" in scenario.public()
    assert scenario.nodes() == SOUND
    assert "autolocked" in scenario.ask("eve", "backups")


def test_no_manager_is_stopped_without_failure_tolerance(scenario: Scenario) -> None:
    """With one or two managers a backup would lose the quorum, so it is refused."""
    scenario.cluster()
    began = engine_start_time(scenario["host-1"])
    assert "prod has one manager" in scenario.ask("cleo", "backup")
    scenario.change("cleo", "join manager host-2")
    told = scenario.ask("cleo", "backup")
    assert "would lose quorum in prod: 1 of 2 managers would be reachable, 2 are needed" in told, told
    assert engine_start_time(scenario["host-1"]) == began
    assert backup_files(scenario) == []


@pytest.mark.timeout(240)
def test_a_cluster_without_managers_is_restored(scenario: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    """After all managers were wiped, the restored cluster runs its services, and other managers can join."""
    cluster_with_objects(scenario)
    cluster = scenario.inspect()["ID"]
    scenario.change("cleo", "backup host-3")
    for name in MANAGERS:
        scenario[name].power_off()
    for name in MANAGERS:
        scenario[name].wipe()
    began = monotonic()
    card = scenario.change("cleo", "restore latest host-3")
    restored = monotonic() - began
    assert card.text.startswith("✓ *prod is restored: `host-3` is its only manager*"), card.text
    until(lambda: running_containers(scenario, "host-3") == 3, "all three tasks run again", timeout=120)
    with capsys.disabled():
        sys.stdout.write(f"\nrestored in {restored:.1f} s; all tasks run again after {monotonic() - began:.1f} s\n")
    assert scenario.inspect("host-3")["ID"] == cluster
    assert object_names(scenario, "secret") == {"password"}
    assert object_names(scenario, "config") == {"motd"}
    assert "back" in object_names(scenario, "network")
    assert "still tolerates" not in card.text
    assert "restored from the backup" in scenario.ask("cleo", "restore latest host-3")
    card = scenario.change("cleo", "join manager host-1 host-4")
    assert card.text.startswith("✓ *2 managers joined prod*"), card.text


@pytest.mark.long
def test_a_backup_is_not_restored_beside_a_live_cluster(scenario: Scenario) -> None:
    """A restore is refused while there is a quorum, and while an old manager without quorum still has the state."""
    scenario.cluster(managers=MANAGERS, ingress=True)
    scenario.change("cleo", "backup host-3")
    assert "prod is running" in scenario.ask("cleo", "restore latest host-4")
    for name in ("host-2", "host-3"):
        scenario[name].power_off()
    scenario["host-3"].wipe()
    refused = "`host-1` still acts as a manager"
    until(
        lambda: refused in scenario.ask("cleo", "restore latest host-3"),
        "`host-1` knows of the loss",
        timeout=60,
        max_interval_s=QUESTION_INTERVAL_S,
    )
    assert scenario.membership("host-3") == "inactive"


def test_an_invalid_backup_is_refused(scenario: Scenario) -> None:
    """A truncated or changed file, and one with another key, are refused without any change."""
    scenario.cluster(managers=MANAGERS, ingress=True)
    scenario.change("cleo", "backup host-3")
    for name in MANAGERS:
        scenario[name].wipe()
    (path,) = backup_files(scenario)
    whole = path.read_bytes()
    restore = "restore latest host-3"
    for data in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), whole.replace(b'"host-3"', b'"host-2"', 1)):
        path.write_bytes(data)
        card = scenario.change("cleo", restore)
        assert "is damaged" in card.text, card.text
    path.write_bytes(whole)
    backup_store = backup_folder(scenario)
    backup = backup_store.list_backups().backups[0]
    replace(backup_store, key=Secret("another key, of thirty-two letters")).add(backup, backup_store.read(backup))
    card = scenario.change("cleo", restore)
    assert "was encrypted with another SWARMBOT_SECRET_KEY" in card.text, card.text
    assert "is empty, as before" in card.text
    assert scenario.membership("host-3") == "inactive"


@pytest.mark.long
def test_a_drill_reports_differences_and_cleans_up(scenario: Scenario) -> None:
    """The drill compares objects and reports changes and faults.

    Afterwards the throwaway engine is gone, also after a fault, and the host is not part of any cluster. The fault: a
    backup with a wrong time and another root.
    """
    cluster_with_objects(scenario)
    scenario.change("cleo", "backup")
    card = scenario.change("cleo", "backup --drill")
    assert card.text.startswith("✓ *The newest backup of prod passed the drill*"), card.text
    scenario.see("eve", "8 objects identical")
    create_service(scenario, "late", "--replicas", "1")
    scenario["host-1"].docker("service", "update", "--detach", "--replicas", "2", "web")
    scenario.change("cleo", "ca --rotate")
    card = scenario.change("cleo", "backup --drill --on host-4")
    assert card.text.startswith("✓ *The newest backup of prod passed the drill*"), card.text
    assert "a restore brings the old one back" in card.text, card.text
    since = "the root certificate was rotated, service late was created and service web was changed"
    assert f"7 objects identical; changed since the backup: {since}" in card.text, card.text
    told = scenario.ask("eve", "backups")
    assert "(rotated since then) · drill passed" in told, told
    assert "7 objects identical" in told, told
    assert drill_is_cleaned_up(scenario, "host-4")
    backup_store = backup_folder(scenario)
    backup = backup_store.list_backups().backups[0]
    other = replace(backup, id="ffffff", taken_at=time(), ca_fingerprint="00" * 32)
    backup_store.add(other, backup_store.read(backup))
    card = scenario.change("cleo", "backup --drill --on host-4")
    assert card.text.startswith("✗ *The drill of prod failed*"), card.text
    faults = (
        "its root certificate is not the one that the backup names, "
        "service {} is not in it and service {} differs in it"
    )
    assert f"ffffff does not restore prod: {faults.format('late', 'web')}." in card.text, card.text
    assert "prod is unchanged; the throwaway engine on host-4 is removed." in card.text, card.text
    assert faults.format("`late`", "`web`") in scenario.ask("eve", "backups")
    assert drill_is_cleaned_up(scenario, "host-4")
    assert scenario.nodes() == SOUND


@pytest.mark.long
def test_a_drill_takes_a_missing_backup(scenario: Scenario) -> None:
    """Without a backup, the plan contains both steps, and both are done."""
    cluster_with_objects(scenario)
    card = scenario.change("cleo", "backup --drill")
    assert card.text.startswith("✓ *The newest backup of prod passed the drill*"), card.text
    assert "prod has no backup yet: a backup is taken first" in scenario.public()
    assert len(backup_files(scenario)) == 1


@pytest.mark.long
def test_private_keys_are_stored_nowhere(scenario: Scenario) -> None:
    """A manager's private key and Raft's key are in no file, log, message or argument, nor on the host of the drill."""
    arguments = Arguments()
    arguments.start()
    try:
        scenario.cluster(managers=MANAGERS, ingress=True)
        secrets = private_keys(scenario, "host-3")
        scenario.change("cleo", "backup host-3")
        scenario.change("cleo", "backup --drill --on host-4")
        for name in MANAGERS:
            scenario[name].wipe()
        card = scenario.change("cleo", "restore latest host-3")
        assert card.text.startswith("✓ *prod is restored: `host-3` is its only manager*"), card.text
    finally:
        run = arguments.stop()
    assert private_keys(scenario, "host-3") & secrets, "what was looked for is the restored manager's, still"
    worker = {path: path.read_bytes() for path in scenario.deployment.folder.rglob("*") if path.is_file()}
    assert any(path.suffix == ".swarm" for path in worker)
    assert [path for path, data in worker.items() if data.startswith(b"\x1f\x8b")] == [], "packed and not encrypted"
    throwaway_engine = [path.read_bytes() for path in scenario["host-4"].folder.rglob("*") if path.is_file()]
    places = {
        "the worker's files": b"\n".join(worker.values()).decode(errors="replace"),
        "the spare's files": b"\n".join(throwaway_engine).decode(errors="replace"),
        "arguments": run,
        "Redis": "\n".join(stored(scenario)),
        "Redis' own files": disk(scenario),
        "channels": channels(scenario),
    }
    for place, told in places.items():
        assert not [secret for secret in secrets if secret in told], place


def cluster_with_objects(scenario: Scenario) -> None:
    """Return three managers with a service that uses a network, a secret and a config."""
    scenario.cluster(managers=MANAGERS, ingress=True)
    first = scenario["host-1"]
    first.docker("network", "create", "--driver", "overlay", "back")
    first.run("sh", "-c", "echo hush | docker secret create password -")
    first.run("sh", "-c", "echo loud | docker config create motd -")
    create_service(scenario, "web", "--replicas", "3", "--network", "back", "--secret", "password", "--config", "motd")


def drill_is_cleaned_up(scenario: Scenario, host: str) -> bool:
    """Return whether the host of a drill runs only its own engine, outside any cluster, without the drill's folder."""
    throwaway_engine = scenario[host]
    until(lambda: "swarmbot-drill" not in throwaway_engine.run("ls", "/run"), "its folder is gone")
    own = throwaway_engine.run("cat", "/run/docker.pid").split()
    return throwaway_engine.run("pidof", "dockerd").split() == own and scenario.membership(host) == "inactive"


def running_containers(scenario: Scenario, host: str) -> int:
    """Return the number of web's containers on the host."""
    return len(scenario[host].docker("ps", "-q", "--filter", "label=com.docker.swarm.service.name=web").split())


def object_names(scenario: Scenario, kind: str) -> set[str]:
    """Return the names of the restored cluster's secrets, configs or networks."""
    return set(scenario["host-3"].docker(kind, "ls", "--format", "{{.Name}}").split())


def private_keys(scenario: Scenario, host: str) -> set[str]:
    """Return the lines of a manager's private key and of Raft's key on its disk."""
    text = (scenario[host].folder / "data/swarm/certificates/swarm-node.key").read_text()
    lines = {line.removeprefix("raft-dek: ") for line in text.splitlines()}
    return {line for line in lines if len(line) > 40 and "PRIVATE" not in line}


def backup_folder(scenario: Scenario) -> BackupFolder:
    """Return the worker's folder of backups, with its key."""
    key = Secret(scenario.deployment.environment["SWARMBOT_SECRET_KEY"])
    return BackupFolder("prod", scenario.deployment.folder / "backups", 14, key)


def backup_files(scenario: Scenario) -> list[Path]:
    """Return the files in the worker's folder of backups, oldest first."""
    return sorted((scenario.deployment.folder / "backups").glob("*.swarm"))
