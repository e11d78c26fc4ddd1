"""When an answer is complete: ``say`` prints it then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.blocks import Block, actions, button
from sandbox.slack.transcript import TranscriptEntry
from sandbox.tour import cli
from sandbox.tour.cli import is_complete, newest_public, note_url, slack_url


def posted(*buttons: Block, private: bool, text: str = "Drain host-2? [Cancel]") -> TranscriptEntry:
    """Return a message of the bot."""
    blocks = [actions(*buttons)] if buttons else []
    return TranscriptEntry(1, 1.0, "posted", "U0BOT", ("U0ADA",), private, "C0PROD", "1.2", text, blocks)


@pytest.mark.parametrize(
    ("entry", "complete"),
    [
        (posted(button("Cancel", "job.cancel", "k7f3"), private=False), False),
        (posted(button("Cancel", "job.cancel", "k7f3"), private=True), True),
        (posted(button("Cancel", "approval.withdraw", "k7f3"), private=True), True),
        (posted(private=True, text="On it: `/swarm drain host-2`"), False),
        (posted(private=True, text="prod is healthy"), True),
    ],
)
def test_only_progress_in_the_channel_is_still_running(entry: TranscriptEntry, *, complete: bool) -> None:
    """A question with Proceed and Cancel waits for a person, and `/swarm job` shows a state: both are complete."""
    assert is_complete([entry]) == complete


def test_nothing_is_no_answer() -> None:
    """The bot has not answered yet."""
    assert not is_complete([])


def test_the_channels_are_shown_as_they_are_now() -> None:
    """The newest messages that everybody sees, with all their states; no private one."""
    old, new = posted(private=False, text="old"), replace(posted(private=False, text="new"), ts="2.0", number=3)
    edited = replace(new, kind="edited", text="newer", number=4)
    private = replace(posted(private=True), ts="3.0", number=5)
    assert newest_public([old, new, edited, private], 1) == [new, edited]
    assert newest_public([old, new, edited, private], 9) == [old, new, edited]


def test_the_slack_of_the_only_demo_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whatever port it listens; of two demos none is guessed, and ``--slack`` comes first."""
    demos = [tmp_path / name for name in ("one", "two")]
    monkeypatch.setattr(cli, "running", lambda: [SimpleNamespace(state=folder) for folder in demos])
    assert slack_url(None) == "http://127.0.0.1:3100"
    for folder, port in zip(demos, (3100, 4100), strict=True):
        folder.mkdir()
        note_url(folder, f"http://127.0.0.1:{port}")
    assert slack_url(None) == "http://127.0.0.1:3100"
    del demos[0]
    assert slack_url(None) == "http://127.0.0.1:4100"
    assert slack_url("http://127.0.0.1:5100") == "http://127.0.0.1:5100"
