"""The backup folder: backups are read as they were stored, and changed files are refused."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backups.encryption import DamagedBackup, WrongKey, decrypt, encrypt
from bot.backups.folder import BackupFolder
from bot.errors import Failed, Refused
from bot.model import BackedUpNode, Backup, Drill
from bot.secrets.secret import Secret
from tests.kits.unprivileged import unprivileged

KEY = Secret("a key of thirty-two letters or more")
STATE = b"the key of the CA " * 100
BACKUP = Backup(
    id="a1b2c3",
    cluster="prod",
    cluster_id="id",
    taken_at=1_800_000_000.0,
    host="host-2",
    node="n2",
    address="192.0.2.2",
    engine_version="20.10.24",
    autolocked=False,
    ca_fingerprint="aa",
    nodes=(BackedUpNode("n1", "host-1", "manager"), BackedUpNode("n2", "host-2", "manager")),
    size=0,
    checksum="",
)
SEALED = encrypt(KEY, {"id": "a1b2c3"}, STATE)


@pytest.fixture
def backup_store(tmp_path: Path) -> BackupFolder:
    """Return a store whose folder does not exist yet."""
    return BackupFolder("prod", tmp_path / "backups", 3, KEY)


def test_a_backup_is_read_as_it_was_stored(backup_store: BackupFolder) -> None:
    """The state and all plain fields, with the state's size and checksum."""
    backup_store.add(BACKUP, STATE)
    kept = replace(BACKUP, size=len(STATE), checksum=sha256(STATE).hexdigest())
    assert backup_store.list_backups().backups == (kept,)
    assert backup_store.read(kept) == STATE


def test_only_the_worker_reads_the_file_and_the_state_is_encrypted(backup_store: BackupFolder, tmp_path: Path) -> None:
    """The file has mode 0600 and the folder 0700; no plain state and no other file is in it."""
    backup_store.add(BACKUP, STATE)
    (path,) = (tmp_path / "backups").iterdir()
    assert path.name == "prod-20270115T080000Z-a1b2c3.swarm"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert b"the key of the CA" not in path.read_bytes()


def test_the_oldest_backups_are_removed(backup_store: BackupFolder, tmp_path: Path) -> None:
    """Three stay; a drill's report is removed with its backup; those of other clusters stay."""
    other = replace(backup_store, cluster="prod-eu")
    other.add(replace(BACKUP, cluster="prod-eu", taken_at=1.0), STATE)
    for number in range(5):
        backup = replace(BACKUP, id=f"b{number}", taken_at=BACKUP.taken_at + number)
        backup_store.add(backup, STATE)
        backup_store.add_drill(backup, Drill(1.0, "host-5", 9))
    assert [backup.id for backup in backup_store.list_backups().backups] == ["b4", "b3", "b2"]
    assert len([*(tmp_path / "backups").glob("prod-2*")]) == 6
    assert [backup.cluster for backup in other.list_backups().backups] == ["prod-eu"]


def test_a_drill_is_stored_with_its_backup(backup_store: BackupFolder) -> None:
    """A backup is listed with its newest report."""
    backup_store.add(BACKUP, STATE)
    drill = Drill(2.0, "host-5", 9, ("service `web` was changed",), ("config `motd` is not in it",))
    backup_store.add_drill(BACKUP, Drill(1.0, "host-5", 9))
    backup_store.add_drill(BACKUP, drill)
    assert backup_store.list_backups().backups[0].drill == drill


def test_a_file_whose_head_cannot_be_read_is_named(backup_store: BackupFolder, tmp_path: Path) -> None:
    """So is a file with the name of another backup."""
    backup_store.add(BACKUP, STATE)
    (path,) = (tmp_path / "backups").iterdir()
    path.with_name("prod-20270115T080000Z-c3.swarm").write_bytes(path.read_bytes())
    path.with_name("prod-20270115T080000Z-d4.swarm").write_bytes(path.read_bytes()[:30])
    listed = backup_store.list_backups()
    assert [backup.id for backup in listed.backups] == ["a1b2c3"]
    assert listed.unreadable == ("prod-20270115T080000Z-c3.swarm", "prod-20270115T080000Z-d4.swarm")


def test_a_wrong_key_and_a_changed_file_are_different_errors(backup_store: BackupFolder, tmp_path: Path) -> None:
    """A backup must not look damaged when only the key is wrong, or the other way round."""
    backup_store.add(BACKUP, STATE)
    with pytest.raises(Refused, match="another SWARMBOT_SECRET_KEY"):
        replace(backup_store, key=Secret("another key of thirty-two letters")).read(BACKUP)
    (path,) = (tmp_path / "backups").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Refused, match="is damaged"):
        backup_store.read(BACKUP)


def test_a_missing_backup_is_refused(backup_store: BackupFolder, tmp_path: Path) -> None:
    """It may be removed after the plan was made."""
    backup_store.add(BACKUP, STATE)
    for path in (tmp_path / "backups").iterdir():
        path.unlink()
    with pytest.raises(Refused, match="not in the backup folder any more"):
        backup_store.read(BACKUP)


def test_a_missing_key_or_folder_names_the_setting(backup_store: BackupFolder) -> None:
    """Already the list of backups needs both, so no engine is stopped before."""
    with pytest.raises(Refused, match="SWARMBOT_SECRET_KEY, which is not set"):
        replace(backup_store, key=None).list_backups()
    with pytest.raises(Refused, match="has no backup folder"):
        replace(backup_store, folder=None).list_backups()
    assert backup_store.list_backups().backups == ()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The error names the cause."""
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="could not be written"):
        BackupFolder("prod", tmp_path / "file" / "backups", 3, KEY).add(BACKUP, STATE)


def test_a_folder_that_cannot_be_read_is_not_empty(backup_store: BackupFolder, tmp_path: Path) -> None:
    """Somebody who lost all managers must not read that there are no backups."""
    backup_store.add(BACKUP, STATE)
    (tmp_path / "backups").chmod(0)
    with unprivileged(), pytest.raises(Failed, match=r"backups` cannot be read: Permission denied"):
        backup_store.list_backups()


def test_a_backup_is_stored_even_if_an_old_one_cannot_be_removed(backup_store: BackupFolder, tmp_path: Path) -> None:
    """The failure is only logged."""
    backup_store.add(BACKUP, STATE)
    (tmp_path / "backups" / "prod-20270115T080000Z-a1b2c3.drill.json").mkdir()
    for number in range(1, 4):
        backup_store.add(replace(BACKUP, id=f"b{number}", taken_at=BACKUP.taken_at + number), STATE)
    assert [backup.id for backup in backup_store.list_backups().backups] == ["b3", "b2", "b1"]


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_every_changed_byte_is_detected(place: int, change: int) -> None:
    """Also in the head, which says what is restored where."""
    changed = bytearray(SEALED)
    changed[place] ^= change
    with pytest.raises((DamagedBackup, WrongKey)):
        decrypt(KEY, bytes(changed))


@given(st.integers(0, len(SEALED) - 1))
def test_every_truncation_is_detected(length: int) -> None:
    """At any length."""
    with pytest.raises(DamagedBackup):
        decrypt(KEY, SEALED[:length])
