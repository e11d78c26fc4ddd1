"""What the web process must not be able to do, tried in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.config import load
from bot.errors import Misconfigured
from bot.slack.inbound.import_guard import confine

ROOT = Path(__file__).parents[4]
CONFIG = """
ssh: {{identity_file: {folder}/keys/id_bot}}
clusters:
  prod:
    channel: C0PROD
    hosts: {{host-1: {{address: 192.0.2.1, identity_file: {folder}/other_key}}}}
rules: {{administer: [U0ADA]}}
"""
CONFINED_PROCESSES = """
import json, os, subprocess, sys
from pathlib import Path
from bot.config import load
from bot.slack.inbound.import_guard import confine

for line in sys.stdin:
    folder, code = json.loads(line)
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.chdir(folder)
    os.environ["HOME"] = folder
    for stream in (1, 2):
        os.dup2(os.open("output", os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    confine(load(Path("swarmbot.yml")))
    exec(code)
    sys.exit()
"""
Run = Callable[[str], tuple[int, str]]
"""Runs code in a confined process; returns its exit status and what it printed."""


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


@pytest.fixture(scope="module")
def processes() -> Iterator[subprocess.Popen[str]]:
    """A process that starts confined ones: a fork costs less than Python's start."""
    command, env = [sys.executable, "-c", CONFINED_PROCESSES], os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        yield running


@pytest.fixture
def run(folder: Path, processes: subprocess.Popen[str]) -> Run:
    """Run code in a confined process, with ``folder`` as its home."""

    def run(code: str) -> tuple[int, str]:
        assert processes.stdin is not None
        assert processes.stdout is not None
        processes.stdin.write(json.dumps([str(folder), code]) + "\n")
        processes.stdin.flush()
        return int(processes.stdout.readline()), (folder / "output").read_text()

    return run


@pytest.mark.parametrize("module", ["paramiko", "docker", "bot.engine", "paramiko.client", "bot.engine.pool"])
def test_the_workers_modules_cannot_be_imported(run: Run, module: str) -> None:
    """No access to a host, by any name of the package."""
    status, output = run(f"import {module}")
    assert status != 0
    assert "this process may not import it" in output


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
def test_key_cannot_be_read(run: Run, code: str) -> None:
    """Not by its name, by a link or by another program."""
    status, output = run(code)
    assert status != 0
    assert "ForbiddenImport" in output


def test_other_files_and_modules_are_allowed(run: Run) -> None:
    """The web process does its work."""
    done = run("import bot.slack.inbound.web, bot.slack.inbound.socket_mode; print(open('harmless').read())")
    assert done == (0, "text\n")


def test_child_is_confined_too(run: Run) -> None:
    """Gunicorn forks its workers."""
    _, output = run("if os.fork() == 0: open('other_key')\nelse: os.wait()")
    assert "ForbiddenImport" in output


def test_earlier_import_stops_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of imports cannot bypass the check."""
    config = load(folder / "swarmbot.yml")
    monkeypatch.setitem(sys.modules, "paramiko", sys)
    with pytest.raises(Misconfigured, match="only the worker may"):
        confine(config)
