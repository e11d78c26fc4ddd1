"""What the doctor says of the folder of backups and its key."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from bot.config import Backups
from bot.doctor.resources import Resources
from bot.doctor.storage import backups
from bot.secrets.secret import Secret
from tests.kits.unprivileged import unprivileged

KEY = Secret("k" * 32)


def told(folder: Path | None, key: Secret | None = KEY) -> list[str]:
    """What is found."""
    parts: Any = {
        "config": SimpleNamespace(backups=Backups(folder=folder)),
        "settings": SimpleNamespace(swarmbot_secret_key=key),
    }
    return [str(finding) for finding in backups(cast("Resources", SimpleNamespace(**parts)))]


def test_without_a_folder_nothing_is_said() -> None:
    """Who wants no backups is not told of them."""
    assert told(None, None) == []


def test_a_folder_that_can_be_made_is_well(tmp_path: Path) -> None:
    """It is made with the first backup."""
    assert told(tmp_path / "new" / "backups") == [f"✓ Backups are stored in {tmp_path}/new/backups."]


def test_without_a_key_there_are_no_backups(tmp_path: Path) -> None:
    """It is found before somebody needs one."""
    [finding] = told(tmp_path, None)
    assert finding.startswith("✗ SWARMBOT_SECRET_KEY is not set")


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    """A file stands in its way."""
    (tmp_path / "file").touch()
    [finding] = told(tmp_path / "file" / "backups")
    assert finding.startswith(f"✗ Backups cannot be stored in {tmp_path}/file/backups: {tmp_path}/file is not a folder")


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    """Somebody else's, or in somebody else's: it is a finding, and the doctor goes on."""
    (tmp_path / "theirs").mkdir(mode=0)
    with unprivileged():
        [itself] = told(tmp_path / "theirs")
        [inside] = told(tmp_path / "theirs" / "backups")
    assert itself.startswith(f"✗ Backups cannot be stored in {tmp_path}/theirs:")
    assert inside.startswith(f"✗ Backups cannot be stored in {tmp_path}/theirs/backups:")
