"""The state of the local Slack and the operations that change it, without HTTP."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from sandbox.slack.base import Clock, Json
from sandbox.slack.callbacks import Callbacks
from sandbox.slack.exchanges import Exchanges
from sandbox.slack.faults import Faults
from sandbox.slack.files import Files
from sandbox.slack.messages import AttachedFile, Message, Messages
from sandbox.slack.rate_limits import RateLimits
from sandbox.slack.render import uploaded_images_in
from sandbox.slack.team import Team
from sandbox.slack.transcript import EntryKind, Transcript, TranscriptEntry
from sandbox.slack.validate import check_message_blocks, elements_of
from sandbox.slack.views import Views


@dataclass
class Call:
    """One Web API call of the bot, and its answer."""

    method: str
    args: dict[str, Any]
    status: int
    body: Json


@dataclass
class Workspace:
    """One workspace. Hold ``changed``, a re-entrant lock, to read or change it; each change notifies it."""

    team: Team
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    limits: RateLimits = field(default_factory=RateLimits)
    messages: Messages = field(default_factory=Messages)
    transcript: Transcript = field(default_factory=Transcript)
    views: Views = field(default_factory=Views)
    calls: list[Call] = field(default_factory=list)
    exchanges: Exchanges = field(default_factory=Exchanges)
    listeners: set[Callable[[], object]] = field(default_factory=set)
    """Called after each change, by the thread that made it; they must not wait."""
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
        files: Iterable[AttachedFile] = (),
        response_url: str = "",
    ) -> Message:
        """Post a message, or an ephemeral for user id ``only_for``. Raise InvalidBlocks if Slack would refuse it."""
        checked = self._checked(blocks)
        message = Message(self.clock.ts(), channel, author, text, checked, only_for, thread_ts, response_url)
        message.files = list(files)
        lost = only_for and self.faults.take("ephemeral_lost", only_for)
        message.gone = bool(lost)
        self.messages.everything.append(message)
        if not lost:
            self._show("posted" if author == self.team.app.bot_user else "said", message)
        return message

    def edit(self, message: Message, text: str, blocks: list[Json] | None, *, response_url: str = "") -> None:
        """Replace a message's text and blocks. Raise InvalidBlocks if Slack would refuse them."""
        checked = self._checked(blocks)
        message.revisions.append((message.text, message.blocks))
        message.text, message.blocks, message.edited_ts = text, checked, self.clock.ts()
        message.response_url = response_url
        self._show("edited", message)

    def delete(self, message: Message) -> None:
        """Delete a message."""
        message.gone = True
        self._show("deleted", message)

    def drop_file(self, file_id: str) -> None:
        """Remove a file from all messages, and delete the messages that had no other content."""
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
        self, kind: EntryKind, who: str, channel: str, text: str, ts: str = "", *, blocks: Iterable[Json] = ()
    ) -> TranscriptEntry:
        """Record what one person did, or what only that person saw; ``blocks`` are those of a view."""
        files = tuple(image for _, image in uploaded_images_in(list(blocks)))
        to = (who,)
        entry = TranscriptEntry(
            len(self.transcript.entries) + 1, self.clock.now(), kind, who, to, True, channel, ts, text, [], files
        )
        return self._add(entry)

    def tell(self) -> None:
        """Wake all threads and listeners that wait for a change."""
        with self.changed:
            self.changed.notify_all()
            for listener in [*self.listeners]:
                listener()

    def _add(self, entry: TranscriptEntry) -> TranscriptEntry:
        with self.changed:
            self.transcript.entries.append(entry)
            self.tell()
        return entry

    def _show(self, kind: EntryKind, message: Message) -> None:
        to = (message.only_for,) if message.only_for else tuple(sorted(self.team.channels[message.channel].members))
        self._add(
            TranscriptEntry(
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
                files=(*(f.id for f in message.files), *(p for _, p in uploaded_images_in(message.blocks))),
                response_url=message.response_url,
            ),
        )

    def _checked(self, blocks: list[Json] | None) -> list[Json]:
        """Return valid blocks as Slack stores them, with all ids."""
        check_message_blocks(blocks or [], self.faults, self.files.images())
        return with_ids(blocks or [])


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return a copy in which every block has a block_id and every element an action_id."""
    stored = copy.deepcopy(blocks)
    for block in stored:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return stored


def sees_message(workspace: Workspace, user: str, message: Message) -> bool:
    """Return whether a person (a user id) sees a message or ephemeral now."""
    if message.gone:
        return False
    if message.only_for:
        return message.only_for == user
    return user in workspace.team.channels[message.channel].members


def sees_file(workspace: Workspace, user: str, file_id: str) -> bool:
    """Return whether a person (a user id) sees a file now, attached to a message or as an image in blocks."""
    views = [*workspace.views.stack(user), *filter(None, [workspace.views.homes.get(user)])]
    messages = [m for m in workspace.messages.everything if sees_message(workspace, user, m)]
    shown = {file.id for message in messages for file in message.files}
    for blocks in [*(m.blocks for m in messages), *(v.content["blocks"] for v in views)]:
        shown |= {image for _, image in uploaded_images_in(blocks)}
    return file_id in shown
