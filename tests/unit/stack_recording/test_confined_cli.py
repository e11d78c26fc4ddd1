"""The confined run of the CLI: what another program sees in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import Failed
from bot.stack_recording.confined_cli import NOBODY, DockerCli, deploy_command, find_cli, private_folder, run_confined
from tests.conftest import cannot


def run(folder: Path, script: str) -> list[str]:
    """Return what a shell in place of the CLI prints."""
    found = run_confined(["/bin/sh", "-c", f"({script}) >&2"], folder, folder / "s", {"TAG": "1"}, lambda _: None)
    return [line for line in found.lines if line]


def test_it_sees_no_variables_of_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its own, and those of the stack."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    with private_folder({}) as folder:
        seen = {line.partition("=")[0] for line in run(folder, "env")}
    assert seen - {"PWD", "_", "SHLVL", "OLDPWD"} == {"TAG", "PATH", "HOME", "DOCKER_CONFIG", "DOCKER_HOST"}


def test_it_has_no_rights(tmp_path: Path) -> None:
    """It is nobody, reads its copies, and cannot read a private file of the bot."""
    if os.geteuid() != 0:
        cannot("only root can become another user")
    private = tmp_path / "key"
    private.write_text("private")
    private.chmod(0o600)
    with private_folder({"sub/a": b"copy"}) as folder:
        assert run(folder, "id -u; id -g; cat sub/a") == [str(NOBODY), str(NOBODY), "copy"]
        assert "Permission denied" in run(folder, f"cat {private}")[0]
        assert "NoNewPrivs:\t1" in run(folder, "cat /proc/self/status")
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_the_command_fits_the_version() -> None:
    """``--detach`` exists since 28, and there it must be given."""
    new, old = DockerCli(Path("/d"), "28.2.2"), DockerCli(Path("/d"), "20.10.24")
    assert "--detach=true" in deploy_command(new, "app", "c.yml", prune=False, resolve="always")
    assert deploy_command(old, "app", "c.yml", prune=True, resolve="never") == (
        ["/d", "stack", "deploy", "--compose-file", "c.yml", "--prune", "--resolve-image", "never", "app"]
    )


def test_a_missing_cli_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a program that is another one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="no `docker` command line"):
        find_cli(None)
    with pytest.raises(Failed, match="cannot be run"):
        find_cli(tmp_path / "docker")
    with pytest.raises(Failed, match="is not Docker's command line"):
        find_cli(Path("/bin/true"))
