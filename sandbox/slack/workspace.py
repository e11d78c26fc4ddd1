"""The state of the local Slack and the few ways in which it changes. No HTTP in here."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from sandbox.slack.callbacks import Callbacks
from sandbox.slack.clock import Clock
from sandbox.slack.faults import Faults
from sandbox.slack.files import Files
from sandbox.slack.json_types import Json
from sandbox.slack.messages import Attached, Message, Messages
from sandbox.slack.pictures import pictures_in
from sandbox.slack.ratelimit import RateLimits
from sandbox.slack.transcript import Happening, Seen, Transcript
from sandbox.slack.validate import check_message_blocks, elements_of
from sandbox.slack.views import Views
from sandbox.slack.world import World


@dataclass
class Call:
    """One call of the bot to the Web API: what it asked, and how it was answered."""

    method: str
    args: dict[str, Any]
    status: int
    body: Json


@dataclass
class Workspace:
    """One workspace. Hold ``changed`` (a re-entrant lock) to read or change it; each change notifies it."""

    world: World
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    limits: RateLimits = field(default_factory=RateLimits)
    messages: Messages = field(default_factory=Messages)
    transcript: Transcript = field(default_factory=Transcript)
    views: Views = field(default_factory=Views)
    calls: list[Call] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)
    callbacks: Callbacks = field(init=False)
    files: Files = field(init=False)

    def __post_init__(self) -> None:
        self.callbacks = Callbacks(self.clock)
        self.files = Files(self.clock)

    def post(
        self,
        author: str,
        channel: str,
        text: str,
        blocks: list[Json] | None = None,
        *,
        only_for: str = "",
        thread_ts: str = "",
        files: Iterable[Attached] = (),
    ) -> Message:
        """Put a message into a channel, or (``only_for``) before one person's eyes. Raises InvalidBlocks."""
        message = Message(self.clock.ts(), channel, author, text, self._checked(blocks), only_for, thread_ts)
        message.files = list(files)
        lost = only_for and self.faults.take("ephemeral_lost", only_for)
        message.gone = bool(lost)
        self.messages.everything.append(message)
        if not lost:
            self._show("posted" if author == self.world.app.bot_user else "said", message)
        return message

    def edit(self, message: Message, text: str, blocks: list[Json] | None) -> None:
        """Replace a message's content; without blocks the old ones are gone. Raises InvalidBlocks."""
        checked = self._checked(blocks)
        message.revisions.append((message.text, message.blocks))
        message.text, message.blocks, message.edited_ts = text, checked, self.clock.ts()
        self._show("edited", message)

    def delete(self, message: Message) -> None:
        """Take a message away from everybody's eyes."""
        message.gone = True
        self._show("deleted", message)

    def drop_file(self, file_id: str) -> None:
        """Take a file out of every message, and away the messages that were nothing else."""
        for message in [m for m in self.messages.everything if not m.gone]:
            left = [file for file in message.files if file.id != file_id]
            if len(left) == len(message.files):
                continue
            if left or message.text or message.blocks:
                message.files = left
                self._show("edited", message)
            else:
                self.delete(message)

    def note(
        self, kind: Happening, who: str, channel: str, text: str, ts: str = "", *, blocks: Iterable[Json] = ()
    ) -> Seen:
        """Write down what one person did or alone saw; ``blocks`` are those of a view."""
        files = tuple(picture for _, picture in pictures_in(list(blocks)))
        to = (who,)
        entry = Seen(
            len(self.transcript.entries) + 1, self.clock.now(), kind, who, to, True, channel, ts, text, [], files
        )
        return self._add(entry)

    def tell(self) -> None:
        """Wake everybody who waits for a change."""
        with self.changed:
            self.changed.notify_all()

    def _add(self, entry: Seen) -> Seen:
        with self.changed:
            self.transcript.entries.append(entry)
            self.changed.notify_all()
        return entry

    def _show(self, kind: Happening, message: Message) -> None:
        to = (message.only_for,) if message.only_for else tuple(sorted(self.world.channels[message.channel].members))
        self._add(
            Seen(
                number=len(self.transcript.entries) + 1,
                at=self.clock.now(),
                kind=kind,
                who=message.user,
                to=to,
                private=bool(message.only_for),
                channel=message.channel,
                ts=message.ts,
                text=message.shown,
                blocks=message.blocks,
                files=(*(f.id for f in message.files), *(p for _, p in pictures_in(message.blocks))),
            ),
        )

    def _checked(self, blocks: list[Json] | None) -> list[Json]:
        """Return the blocks as Slack stores them, every id filled in."""
        check_message_blocks(blocks or [], self.faults, self.files.pictures())
        return with_ids(blocks or [])


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return a copy in which every block has a block_id and every element an action_id."""
    stored = copy.deepcopy(blocks)
    for block in stored:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return stored
