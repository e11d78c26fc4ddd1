"""`/swarm update` on a real engine: only the named fields of the spec change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from docker.errors import APIError

from tests.kits.scenario import Scenario

SECOND = 10**9
HOUR = 3600 * SECOND

# Words, the section and key that they change, and the value there.
OPTIONS = [
    ("--task-history-limit -1", "Orchestration", "TaskHistoryRetentionLimit", -1),
    ("--cert-expiry 72h", "CAConfig", "NodeCertExpiry", 72 * HOUR),
    ("--dispatcher-heartbeat 7s", "Dispatcher", "HeartbeatPeriod", 7 * SECOND),
    ("--max-snapshots 4", "Raft", "KeepOldSnapshots", 4),
    ("--snapshot-interval 5000", "Raft", "SnapshotInterval", 5000),
]


def set_all_fields(scenario: Scenario) -> dict[str, Any]:
    """Set every field of the spec to a value other than its default, by hand, and return the spec."""
    with scenario["host-1"].engine() as engine:
        swarm = engine.inspect_swarm()
        spec = swarm["Spec"]
        spec["Labels"] = {"team": "blue", "empty": ""}
        spec["Orchestration"]["TaskHistoryRetentionLimit"] = 3
        spec["Raft"] |= {"SnapshotInterval": 9000, "KeepOldSnapshots": 2, "LogEntriesForSlowFollowers": 400}
        spec["Raft"] |= {"ElectionTick": 12, "HeartbeatTick": 2}
        spec["Dispatcher"]["HeartbeatPeriod"] = 6 * SECOND
        spec["CAConfig"] |= {"NodeCertExpiry": 48 * HOUR}
        spec["EncryptionConfig"]["AutoLockManagers"] = True
        engine.update_swarm(version=swarm["Version"]["Index"], swarm_spec=spec)
        found: dict[str, Any] = engine.inspect_swarm()
    assert dict(fields_of(found["Spec"])) == dict(fields_of(spec)), "the engine took each field"
    return found


def fields_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return every field of the spec with its path."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from fields_of(inner, f"{path}.{key}")
    else:
        yield path, value


def test_each_option_changes_only_its_field(scenario: Scenario) -> None:
    """Compared field by field, with tokens, unlock key and root; a second request writes nothing."""
    scenario.cluster()
    before = set_all_fields(scenario)
    expected = dict(fields_of(before["Spec"]))
    for words, section, key, value in OPTIONS:
        card = scenario.change("cleo", f"update {words}")
        assert card.text.startswith("✓ *Settings of prod were changed*"), card.text
        expected[f".{section}.{key}"] = value
        assert dict(fields_of(scenario.inspect()["Spec"])) == expected, words
        version = scenario.inspect()["Version"]
        assert "No change needed" in scenario.ask("cleo", f"update {words}")
        assert scenario.inspect()["Version"] == version
    after = scenario.inspect()
    for part in ("JoinTokens", "TLSInfo", "ID", "RootRotationInProgress"):
        assert after[part] == before[part]


def test_all_options_are_one_write(scenario: Scenario) -> None:
    """One command with all options writes the spec once."""
    scenario.cluster()
    expected = dict(fields_of(set_all_fields(scenario)["Spec"]))
    scenario.change("cleo", f"update {' '.join(words for words, *_ in OPTIONS)}")
    expected |= {f".{section}.{key}": value for _, section, key, value in OPTIONS}
    assert dict(fields_of(scenario.inspect()["Spec"])) == expected


def test_updates_of_others_are_not_lost(scenario: Scenario) -> None:
    """While labels are written as fast as possible, no update of the bot fails or undoes one of them."""
    scenario.cluster()
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        with scenario["host-1"].engine() as engine:
            while not stop.wait(0.02):
                swarm = engine.inspect_swarm()
                swarm["Spec"]["Labels"] = {"n": str(len(written))}
                with suppress(APIError):  # the bot came first
                    engine.update_swarm(version=swarm["Version"]["Index"], swarm_spec=swarm["Spec"])
                    written.append(len(written))

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        for number in range(1, 4):
            card = scenario.change("cleo", f"update --task-history-limit {number}")
            assert card.text.startswith("✓"), card.text
    finally:
        stop.set()
        writer.join(30)
    spec = scenario.inspect()["Spec"]
    assert spec["Orchestration"]["TaskHistoryRetentionLimit"] == 3
    assert spec["Labels"] == {"n": str(len(written) - 1)}


def test_update_without_options_shows_the_settings(scenario: Scenario) -> None:
    """Everybody may see them and how to change them; only administrators change them."""
    scenario.cluster()
    set_all_fields(scenario)
    told = scenario.ask("eve", "update")
    for words in ("`--cert-expiry`", "2d", "6s", "9000", "`/swarm help update`"):
        assert words in told, told
    assert "@admins" in scenario.ask("ada", "update --task-history-limit 1")


def test_invalid_settings_are_refused(scenario: Scenario) -> None:
    """A certificate expiry under one hour is refused before any call."""
    scenario.cluster()
    before = scenario.inspect()
    assert "1 hour" in scenario.ask("cleo", "update --cert-expiry 59m")
    assert scenario.inspect() == before
