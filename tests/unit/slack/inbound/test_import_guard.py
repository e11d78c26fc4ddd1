"""What the web process must not be able to do, tried in a separate process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import load
from bot.errors import Misconfigured
from bot.slack.inbound.import_guard import confine

CONFIG = """
ssh: {{identity_file: {folder}/keys/id_bot}}
clusters:
  prod:
    channel: C0PROD
    hosts: {{host-1: {{address: 192.0.2.1, identity_file: {folder}/other_key}}}}
rules: {{administer: [U0ADA]}}
"""
START = """
import os, subprocess, sys
from pathlib import Path
from bot.config import load
from bot.slack.inbound.import_guard import confine
confine(load(Path("swarmbot.yml")))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a configuration, the keys that it names, and links to them."""
    (tmp_path / "swarmbot.yml").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "keys").mkdir()
    (tmp_path / ".ssh").mkdir()
    for key in ("keys/id_bot", "other_key", ".ssh/id_ed25519", "harmless"):
        (tmp_path / key).write_text("text")
    (tmp_path / "symlink").symlink_to(tmp_path / "keys" / "id_bot")
    (tmp_path / "hardlink").hardlink_to(tmp_path / "other_key")
    return tmp_path


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a confined process, with ``folder`` as its home."""
    env = os.environ | {"HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[4])}
    return subprocess.run(
        [sys.executable, "-c", START + code],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("module", ["paramiko", "docker", "bot.engine", "paramiko.client", "bot.engine.pool"])
def test_the_workers_modules_cannot_be_imported(folder: Path, module: str) -> None:
    """No access to a host, by any name of the package."""
    done = run(folder, f"import {module}")
    assert done.returncode != 0
    assert "this process may not import it" in done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "open('keys/id_bot')",
        "open(b'other_key')",
        "os.open('other_key', os.O_RDONLY)",
        "os.open('id_bot', os.O_RDONLY, dir_fd=os.open('keys', os.O_RDONLY))",
        "Path('symlink').read_text()",
        "Path('hardlink').read_text()",
        "Path('~/.ssh/id_ed25519').expanduser().read_text()",
        "os.rename('other_key', 'moved'); open('moved')",
        "os.link('keys/id_bot', 'linked'); open('linked')",
        "subprocess.run(['cat', 'keys/id_bot'])",
        "os.system('cat keys/id_bot')",
        "os.execv('/bin/cat', ['cat', 'keys/id_bot'])",
        "os.posix_spawn('/bin/cat', ['cat', 'keys/id_bot'], os.environ)",
    ],
)
def test_key_cannot_be_read(folder: Path, code: str) -> None:
    """Not by its name, by a link or by another program."""
    done = run(folder, code)
    assert done.returncode != 0
    assert "ForbiddenImport" in done.stderr


def test_other_files_and_modules_are_allowed(folder: Path) -> None:
    """The web process does its work."""
    done = run(folder, "import bot.slack.inbound.web, bot.slack.inbound.socket_mode; print(open('harmless').read())")
    assert done.stdout.strip() == "text", done.stderr


def test_child_is_confined_too(folder: Path) -> None:
    """Gunicorn forks its workers."""
    done = run(folder, "if os.fork() == 0: open('other_key')\nelse: os.wait()")
    assert "ForbiddenImport" in done.stderr


def test_earlier_import_stops_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of imports cannot bypass the check."""
    config = load(folder / "swarmbot.yml")
    monkeypatch.setitem(sys.modules, "paramiko", sys)
    with pytest.raises(Misconfigured, match="only the worker may"):
        confine(config)
