"""`/swarm update` on a real engine: what was named changes, and every other field of the spec stays as it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from docker.errors import APIError

from tests.kits.scenario import Play

SECOND = 10**9
HOUR = 3600 * SECOND

# Words, the section and key that they change, and the value there.
OPTIONS = [
    ("--task-history-limit 7", "Orchestration", "TaskHistoryRetentionLimit", 7),
    ("--task-history-limit 0", "Orchestration", "TaskHistoryRetentionLimit", 0),
    ("--task-history-limit -1", "Orchestration", "TaskHistoryRetentionLimit", -1),
    ("--cert-expiry 72h", "CAConfig", "NodeCertExpiry", 72 * HOUR),
    ("--dispatcher-heartbeat 7s", "Dispatcher", "HeartbeatPeriod", 7 * SECOND),
    ("--max-snapshots 4", "Raft", "KeepOldSnapshots", 4),
    ("--snapshot-interval 5000", "Raft", "SnapshotInterval", 5000),
]


def peculiar(play: Play) -> dict[str, Any]:
    """Give every field of the spec that an engine takes a value that is not its default, by hand, and return it."""
    with play["host-1"].engine() as engine:
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
    assert dict(leaves(found["Spec"])) == dict(leaves(spec)), "the engine took each field"
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of the spec with its path."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    else:
        yield path, value


def test_each_option_changes_its_own_field_alone(play: Play) -> None:
    """Field by field before and after, tokens, unlock key and root included; asked twice, nothing is written."""
    play.cluster()
    before = peculiar(play)
    expected = dict(leaves(before["Spec"]))
    for words, section, key, value in OPTIONS:
        card = play.change("cleo", f"update {words}")
        assert card.text.startswith("✓ *Settings of prod changed*"), card.text
        expected[f".{section}.{key}"] = value
        assert dict(leaves(play.inspect()["Spec"])) == expected, words
        version = play.inspect()["Version"]
        assert "No change needed" in play.ask("cleo", f"update {words}")
        assert play.inspect()["Version"] == version
    after = play.inspect()
    for part in ("JoinTokens", "TLSInfo", "ID", "RootRotationInProgress"):
        assert after[part] == before[part]


def test_all_options_at_once(play: Play) -> None:
    """One order, one write."""
    play.cluster()
    expected = dict(leaves(peculiar(play)["Spec"]))
    chosen = {section + key: (words, section, key, value) for words, section, key, value in OPTIONS}
    play.change("cleo", f"update {' '.join(words for words, *_ in chosen.values())}")
    expected |= {f".{section}.{key}": value for _, section, key, value in chosen.values()}
    assert dict(leaves(play.inspect()["Spec"])) == expected


def test_somebody_elses_updates_do_not_get_lost(play: Play) -> None:
    """While somebody else writes labels as fast as they can, no update of the bot's fails or undoes one of theirs."""
    play.cluster()
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        with play["host-1"].engine() as engine:
            while not stop.wait(0.02):
                swarm = engine.inspect_swarm()
                swarm["Spec"]["Labels"] = {"n": str(len(written))}
                with suppress(APIError):  # the bot came first
                    engine.update_swarm(version=swarm["Version"]["Index"], swarm_spec=swarm["Spec"])
                    written.append(len(written))

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        for number in range(1, 6):
            card = play.change("cleo", f"update --task-history-limit {number}")
            assert card.text.startswith("✓"), card.text
    finally:
        stop.set()
        writer.join(30)
    spec = play.inspect()["Spec"]
    assert spec["Orchestration"]["TaskHistoryRetentionLimit"] == 5
    assert spec["Labels"] == {"n": str(len(written) - 1)}


def test_without_an_option_it_says_what_stands(play: Play) -> None:
    """And how it is changed; anybody may see it, administrators alone change it."""
    play.cluster()
    peculiar(play)
    told = play.ask("eve", "update")
    for words in ("`--cert-expiry`", "2d", "6s", "9000", "`/swarm help update`"):
        assert words in told, told
    assert "@admins" in play.ask("ada", "update --task-history-limit 1")


def test_what_no_engine_takes_is_refused_before_anything(play: Play) -> None:
    """A certificate expiry under an hour."""
    play.stand()
    before = play.inspect()
    assert "1 hour" in play.ask("cleo", "update --cert-expiry 59m")
    assert play.inspect() == before
