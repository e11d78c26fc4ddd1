"""docs/architecture.md names files that exist, every folder, every process and the layers; citations lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.unit.test_imports import LAYERS

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "docs" / "architecture.md").read_text()
CITED: Final = re.compile(r"(?<![\w/.-])docs/[\w./-]*\w(?:#[\w-]+)?")


def test_every_file_it_names_exists() -> None:
    """A bare file name is looked up below bot/."""
    named = re.findall(r"`((?:[\w./-]+/)?[\w-]+\.(?:py|lua|yml|md))`", TEXT)
    assert named
    missing = [name for name in named if not (ROOT / name).exists() and not any(ROOT.glob(f"bot/**/{name}"))]
    assert missing == []


def test_every_part_of_the_bot_has_a_line() -> None:
    """So that a new folder or module is explained."""
    folders = {path.parent.name for path in ROOT.glob("bot/*/__init__.py")}
    modules = {path.name for path in ROOT.glob("bot/*.py") if not path.stem.startswith("__")}
    assert {name for name in folders | modules if f"| `bot/{name}` |" not in TEXT} == set()


def test_the_picture_of_layers_is_that_of_the_imports() -> None:
    """The same parts in each line, from the top down."""
    picture = TEXT.partition("## Layers")[2].split("```")[1]
    lines = [re.split(r"\s{2,}", line.strip())[0].split(" · ") for line in picture.strip().splitlines()]
    held = [[part.removeprefix("bot.") for part in parts] for parts in reversed(LAYERS)]
    assert list(map(sorted, lines)) == list(map(sorted, held))


def test_every_process_of_the_procfile_has_a_line() -> None:
    """The table of processes is that of the Procfile."""
    processes = [line.partition(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()]
    assert [name for name in processes if f"| `{name}` (" not in TEXT] == []


def test_every_citation_leads_somewhere() -> None:
    """Sources cite a decision by its number, and measurements by the heading of their page."""
    found = {(path.relative_to(ROOT), cited) for path in _sources() for cited in CITED.findall(path.read_text())}
    assert len(found) > 30
    assert {f"{path}: {cited}" for path, cited in found if not _exists(cited)} == set()


def _sources() -> Iterator[Path]:
    for folder in ("bot", "handlers", "sandbox", "tests", "bench"):
        for suffix in ("py", "lua", "sh"):
            found = ROOT.glob(f"{folder}/**/*.{suffix}")
            yield from (path for path in found if "node_modules" not in path.parts and path != Path(__file__))


def _exists(cited: str) -> bool:
    name, _, anchor = cited.partition("#")
    if re.fullmatch(r"docs/decisions/\d{4}", name):
        return any(ROOT.glob(f"{name}-*.md"))
    if name == "docs/swarm-behaviour.md":
        headings = re.findall(r"^## (.+)$", (ROOT / name).read_text(), re.MULTILINE)
        return anchor in {heading.lower().replace(" ", "-") for heading in headings}
    return (ROOT / name).exists() and not anchor
