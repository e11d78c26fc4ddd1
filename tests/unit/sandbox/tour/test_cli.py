"""What belongs to an answer, and when it is complete: ``say`` prints it then."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.blocks import Block, actions, button
from sandbox.slack import LocalSlack
from sandbox.slack.transcript import EntryKind, TranscriptEntry
from sandbox.tour import cli
from sandbox.tour.answer import answer_in, is_complete
from sandbox.tour.cli import add_parsers, newest_public, note_url, slack_url
from tests.kits.slack_app import app_with_answer, client_of, serving


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
        (posted(private=True, text="▸ *Still working on it*: `/swarm status` · job `k7f3`"), False),
        (posted(private=True, text="prod is healthy\n· The complete answer follows within 5 s."), False),
        (posted(private=True, text="· *No manager of prod could be read yet*: they may be electing a leader."), False),
        (posted(private=True, text="prod is healthy"), True),
    ],
)
def test_only_progress_in_the_channel_is_still_running(entry: TranscriptEntry, *, complete: bool) -> None:
    """A question with Proceed and Cancel waits for a person, and `/swarm job` shows a state: both are complete."""
    assert is_complete([entry]) == complete


def test_nothing_is_no_answer() -> None:
    """The bot has not answered yet; what the person typed is not its answer."""
    assert not is_complete([])
    assert not is_complete([replace(ANSWER, kind="typed", who="U0ADA", ts="")])


ANSWER = TranscriptEntry(2, 1.0, "posted", "U0BOT", ("U0ADA",), True, "C0PROD", "1.2", "healthy", response_url="mine")
CARD = replace(ANSWER, to=("U0ADA", "U0BEN"), private=False, ts="1.3", text="<@U0ADA> joins host-3", response_url="")


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (replace(ANSWER, kind="typed", who="U0ADA", ts="", response_url=""), True),
        (ANSWER, True),
        (replace(ANSWER, response_url=""), True),
        (CARD, True),
        (replace(CARD, to=("U0ADA",), channel="D0ADA", text="the log"), True),
        (replace(ANSWER, kind="modal", who="U0ADA", ts="V1"), True),
        (replace(ANSWER, response_url="of an earlier command"), False),
        (replace(ANSWER, to=("U0BEN",)), False),
        (replace(CARD, text="<@U0BEN> drains host-2"), False),
        (replace(CARD, kind="edited"), False),
        (replace(CARD, to=("U0BEN",), channel="D0BEN", text="the log"), False),
        (replace(ANSWER, kind="home", who="U0ADA", ts="V2"), False),
    ],
)
def test_only_what_the_bot_answers_is_shown(entry: TranscriptEntry, *, shown: bool) -> None:
    """What this person alone sees, and what names them. Not what others see alone, nor the course of earlier orders."""
    assert answer_in([entry], "U0ADA", "mine") == [entry] * shown


@pytest.mark.parametrize("kind", ["edited", "deleted"])
def test_the_message_of_a_pressed_button_is_shown(kind: EntryKind) -> None:
    """Approve is pressed on another person's card, and Hide deletes what a command before had shown."""
    card = replace(CARD, kind=kind, text="<@U0BEN> drains host-2")
    secret = replace(ANSWER, kind=kind, response_url="of an earlier command")
    assert answer_in([card, secret], "U0ADA", "of this press", {"1.3", "1.2"}) == [card, secret]


def test_later_edits_of_an_answer_are_shown() -> None:
    """Also those that name nobody."""
    edited = replace(CARD, kind="edited", text="done")
    assert answer_in([CARD, edited], "U0ADA", "mine") == [CARD, edited]


def test_say_waits_for_its_own_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """What another person is told first is neither printed nor taken for the answer."""
    parser = argparse.ArgumentParser()
    add_parsers(parser.add_subparsers())
    with LocalSlack() as slack, serving(slack, app_with_answer(slack)[0]), ThreadPoolExecutor() as pool:
        client = client_of(slack)
        args = parser.parse_args(["say", "--slack", slack.url, "ada", "prod", "/swarm status"])
        said = pool.submit(args.act, args)
        slack.wait_for(lambda seen: [entry for entry in seen.transcript() if entry.kind == "typed"])
        client.chat_postEphemeral(channel="C0PROD", user="U0BEN", text="for ben")
        client.chat_postMessage(channel="C0PROD", text="host-2 is down")
        client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text="prod is healthy")
        assert said.result(30) == 0
    shown = capsys.readouterr().out
    assert "prod is healthy" in shown
    assert "for ben" not in shown
    assert "host-2 is down" not in shown


def test_the_channels_are_shown_as_they_are_now() -> None:
    """The newest messages that everybody sees, with all their states; no private one."""
    old, new = posted(private=False, text="old"), replace(posted(private=False, text="new"), ts="2.0", number=3)
    edited = replace(new, kind="edited", text="newer", number=4)
    private = replace(posted(private=True), ts="3.0", number=5)
    assert newest_public([old, new, edited, private], 1) == [new, edited]
    assert newest_public([old, new, edited, private], 9) == [old, new, edited]


def test_the_slack_of_the_only_demo_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any port that it listens on; if two demos run, none is guessed, and ``--slack`` comes first."""
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
