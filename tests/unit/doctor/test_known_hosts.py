"""The doctor's findings about known_hosts files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.config import Config
from bot.doctor.known_hosts import known_hosts
from bot.engine.pool import EnginePool


def test_skipped_lines_are_named_for_jump_hosts_too(tmp_path: Path) -> None:
    """A damaged line, and a certificate authority for a jump host; one for other machines is not reported."""
    path = tmp_path / "known_hosts"
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIVkJVkcQqYLhFJTDG2ZzRdVNcUZ0lPPXlmbBvDCJ3Hm"
    path.write_text(
        f"192.0.2.9 ssh-ed25519 AAA\n@cert-authority *.example {key}\n@cert-authority [198.51.*]:22?2 {key}\n"
    )
    hosts: dict[str, Any] = {"host-1": {"address": "192.0.2.1", "jump": "ops@198.51.100.1:2222"}}
    config = {"ssh": {"known_hosts": str(path)}, "clusters": {"prod": {"channel": "C0PROD", "hosts": hosts}}}
    resources: Any = SimpleNamespace(engines=EnginePool(Config.model_validate(config), Path("/nonexistent")))
    found = [str(finding) for finding in known_hosts(resources) if str(path) in finding.what]
    next_step = "Correct it, or list the host's own key."
    assert found == [
        f"! `{path}`, line 1, is skipped: its key is damaged. {next_step}",
        f"! `{path}`, line 3, is skipped: host certificates are not supported. {next_step}",
    ]
    path.write_text(f"{path.read_text()}198.51.100.1 {key}\n")
    assert [str(finding) for finding in known_hosts(resources) if ", line " in finding.what] == found[:1]
