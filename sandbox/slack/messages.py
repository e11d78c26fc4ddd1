"""Messages and ephemerals. Only one person sees an ephemeral; it is in no history, and only a response_url edits it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.slack.base import Json
from sandbox.slack.render import shown


@dataclass(frozen=True)
class AttachedFile:
    """A file attached to a message."""

    id: str
    name: str
    size: int
    """In bytes."""


@dataclass
class Message:
    """One message or ephemeral."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    only_for: str = ""
    """The id of the person who sees an ephemeral; empty for a message."""
    thread_ts: str = ""
    response_url: str = ""
    """The last part of the path of the response_url that the bot last used for it; empty for a call of the Web API."""
    edited_ts: str = ""
    gone: bool = False
    files: list[AttachedFile] = field(default_factory=list)
    revisions: list[tuple[str, list[Json]]] = field(default_factory=list)
    """Text and blocks before each edit."""

    @property
    def shown(self) -> str:
        """The visible content as plain lines."""
        files = (f"file {file.name} ({file.size} bytes)" for file in self.files)
        return "\n".join(filter(None, [shown(self.text, self.blocks), *files]))

    def as_slack(self, bot_user: str, bot_id: str) -> Json:
        """Return the message as Slack sends it."""
        body: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        if self.user == bot_user:
            body["bot_id"] = bot_id
        if self.blocks:
            body["blocks"] = self.blocks
        if self.files:
            body["files"] = [{"id": file.id, "name": file.name, "size": file.size} for file in self.files]
        if self.thread_ts:
            body["thread_ts"] = self.thread_ts
        if self.edited_ts:
            body["edited"] = {"user": self.user, "ts": self.edited_ts}
        return body


@dataclass
class Messages:
    """All messages, oldest first."""

    everything: list[Message] = field(default_factory=list)

    def public(self, channel: str, ts: str) -> Message | None:
        """Return a message that is neither an ephemeral nor deleted, or None."""
        return next((m for m in self.history(channel) if m.ts == ts), None)

    def any(self, ts: str) -> Message | None:
        """Return a message or an ephemeral by its ts, or None if there is none or it is gone."""
        return next((m for m in self.everything if m.ts == ts and not m.gone), None)

    def history(self, channel: str) -> list[Message]:
        """Return a channel's history: no ephemerals, no deleted messages."""
        return [m for m in self.everything if m.channel == channel and not m.only_for and not m.gone]

    def ephemerals(self, user: str) -> list[Message]:
        """Return the ephemerals that are still on a person's screen."""
        return [m for m in self.everything if m.only_for == user and not m.gone]
