"""What the doctor says of this machine's own settings."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.doctor import environment
from bot.secrets.secret import Secret


def test_missing_fonts_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pictures are drawn without them, with fewer letters; where they are installed nothing is said."""
    resources: Any = None
    monkeypatch.setattr(environment, "FOLDER", tmp_path)
    assert [*environment.fonts(resources)] == []
    monkeypatch.setattr(environment, "FOLDER", tmp_path / "gone")
    [found] = environment.fonts(resources)
    assert "fonts-dejavu-core" in str(found)


@pytest.mark.parametrize("text", ["8f742231b10e8888abcd99yyyzzz85a5", "8f742231b10e8888", "xoxb-12345678"])
def test_a_signing_secret_is_said_to_be_hexadecimal(text: str) -> None:
    """A value of another form is not shown; what the right one looks like is."""
    settings = SimpleNamespace(slack_signing_secret=Secret(text), slack_app_token=None)
    resources: Any = SimpleNamespace(settings=settings)
    [found] = environment.request_source(resources)
    assert (found.sign, found.what) == ("✗", "SLACK_SIGNING_SECRET does not look like a value from Slack.")
    assert "Signing Secret (32 hexadecimal digits)" in found.next_step
    assert text not in str(found)
