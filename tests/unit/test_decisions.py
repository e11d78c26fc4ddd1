"""docs/decisions/README.md is the index of its pages: each with its title and the pages that change it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "docs" / "decisions"
ROW: Final = re.compile(r"^\| \[(\d{4})\]\((.+)\) \| (.+) \| ([\d, ]*)\|$", re.MULTILINE)


def test_every_page_is_in_the_index_with_its_title_and_its_changes() -> None:
    """In the order of their numbers; a page that is changed says so in its first line."""
    index = [row.groups() for row in ROW.finditer((FOLDER / "README.md").read_text())]
    assert index == [_row(path) for path in sorted(FOLDER.glob("0*.md"))]


def _row(path: Path) -> tuple[str, str, str, str]:
    title, first, *_ = (line for line in path.read_text().splitlines() if line)
    changed = re.findall(r"\[(\d{4})\]", first) if first.startswith(("Changed by", "Replaced by")) else []
    return path.name[:4], path.name, title.removeprefix("# "), f"{', '.join(changed)} ".lstrip()
