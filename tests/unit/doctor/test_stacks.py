"""What the doctor finds about deploys."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from bot.config import Cluster, Config, Deploy
from bot.doctor.resources import Resources
from bot.doctor.stacks import deploys
from bot.secrets.secret import Secret


def found(tmp_path: Path, *, key: bool = True, stacks: bool = True) -> list[str]:
    """Return the findings for a stack whose file is missing and one that is there."""
    (tmp_path / "there.yml").write_text("services: {}\n")
    cli = tmp_path / "docker"
    cli.write_text("#!/bin/sh\necho Docker version 28.5.2, build abc\n")
    cli.chmod(0o755)
    listed = {"app": str(tmp_path / "there.yml"), "shop": str(tmp_path / "gone.yml")} if stacks else {}
    cluster = Cluster.model_validate({"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}, "stacks": listed})
    settings = SimpleNamespace(swarmbot_secret_key=Secret("k" * 32) if key else None)
    config = Config(clusters={"prod": cluster}, deploy=Deploy(docker=cli))
    resources = SimpleNamespace(config=config, settings=settings)
    return [str(each) for each in deploys(cast("Resources", resources))]


def test_the_command_line_and_its_version_are_shown(tmp_path: Path) -> None:
    """And each file that cannot be read."""
    missing, good = found(tmp_path)
    assert missing.startswith("✗ clusters.prod.stacks.shop: ")
    assert "No such file or directory" in missing
    assert good.startswith("✓ 2 stacks can be deployed, with Docker's command line 28.5.2")


def test_the_key_of_the_digests_is_required(tmp_path: Path) -> None:
    """Without stacks nothing is."""
    assert found(tmp_path, key=False)[0].startswith("✗ SWARMBOT_SECRET_KEY is not set: `/swarm deploy` refuses")
    assert found(tmp_path, key=False, stacks=False) == []
