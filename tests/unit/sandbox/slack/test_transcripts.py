"""What the bot showed is kept for the gallery, each of it once."""

from __future__ import annotations

from pathlib import Path

from sandbox.slack import LocalSlack
from tests.kits.transcripts import UNASKED, read, saved


def test_what_was_shown_is_kept_once(tmp_path: Path) -> None:
    """Two messages that differ in a time alone are one; what people say is none."""
    with saved(tmp_path), LocalSlack() as slack:
        slack.workspace.post("U0SWARM", "C0PROD", "A backup took 3 s")
        slack.workspace.post("U0SWARM", "C0PROD", "A backup took 5 s")
        slack.workspace.note("typed", "U0ADA", "C0PROD", "/swarm nodes")
        slack.workspace.post("U0SWARM", "C0PROD", "", [{"type": "divider"}])
        slack.workspace.post("U0ADA", "C0PROD", "thanks")
    assert [(each.of, each.text) for each in read(tmp_path)] == [("nodes", ""), (UNASKED, "A backup took 5 s")]
    with LocalSlack():
        pass
    assert len([*tmp_path.iterdir()]) == 1
