"""docs/architecture.md names files that exist, every folder, and every process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "docs" / "architecture.md").read_text()


def test_every_file_it_names_exists() -> None:
    """A bare file name is looked up below bot/."""
    named = re.findall(r"`((?:[\w./-]+/)?[\w-]+\.(?:py|lua|yml|md))`", TEXT)
    assert named
    missing = [name for name in named if not (ROOT / name).exists() and not any(ROOT.glob(f"bot/**/{name}"))]
    assert missing == []


def test_every_folder_of_the_bot_has_a_line() -> None:
    """So that a new folder is explained."""
    folders = {path.parent.name for path in ROOT.glob("bot/*/__init__.py")}
    assert {name for name in folders if f"| `bot/{name}` |" not in TEXT} == set()


def test_every_process_of_the_procfile_has_a_line() -> None:
    """The table of processes is that of the Procfile."""
    processes = [line.partition(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()]
    assert [name for name in processes if f"| `{name}` (" not in TEXT] == []
