"""Finds the answer to a person in a transcript, and whether more follows."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from sandbox.slack.transcript import TranscriptEntry

ANSWER_KINDS: Final = frozenset({"posted", "edited", "deleted", "modal", "modal closed", "error"})
INTERIM: Final = re.compile(
    r"^On it: |^▸ \*Still working on it\*|The complete answer follows|^· \*The answer follows in "
    r"|could be read yet\*: they may be electing a leader"
)
"""Messages that are followed by the answer."""
RUNNING_ACTION: Final = "job.cancel"
"""The button of a message in the channel that will be edited. Buttons of other actions have the same label."""


def answer_in(
    entries: Collection[TranscriptEntry], person: str, url: str | None, pressed: Collection[str] = ()
) -> list[TranscriptEntry]:
    """Return what a person did, and what the bot answered. ``entries`` begin with what they did.

    The bot answers with new messages: for this person alone, by the response_url ``url`` (None for any) or the Web API,
    or for everybody, and then they name the person. It also edits or deletes the messages ``pressed``.
    """
    new = {entry.ts for entry in entries if entry.kind == "posted" and _is_for(entry, person, url)}
    return [
        entry
        for entry in entries
        if entry.ts in new or entry.ts in pressed or (entry.who == person and entry.kind != "home")
    ]


def _is_for(entry: TranscriptEntry, person: str, url: str | None) -> bool:
    if entry.private:
        return entry.to == (person,) and (url is None or entry.response_url in {"", url})
    return person in entry.to and (entry.channel.startswith("D") or f"<@{person}>" in entry.text)


def is_complete(entries: list[TranscriptEntry]) -> bool:
    """Return whether there is an answer and no part of it is still running."""
    last = list({entry.ts: entry for entry in entries if entry.kind in ANSWER_KINDS}.values())
    running = any(not entry.private and RUNNING_ACTION in _actions(entry) for entry in last)
    return bool(last) and not INTERIM.search(last[-1].text) and not running


def _actions(entry: TranscriptEntry) -> set[str]:
    """Return the actions of its buttons."""
    return {element.get("action_id", "") for block in entry.blocks for element in block.get("elements", ())}
