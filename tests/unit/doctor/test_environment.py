"""What the doctor says of this machine's own settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.doctor import environment


def test_missing_fonts_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pictures are drawn without them, with fewer letters; where they are installed nothing is said."""
    resources: Any = None
    monkeypatch.setattr(environment, "FOLDER", tmp_path)
    assert [*environment.fonts(resources)] == []
    monkeypatch.setattr(environment, "FOLDER", tmp_path / "gone")
    [found] = environment.fonts(resources)
    assert "fonts-dejavu-core" in str(found)
