"""Messages and ephemerals. An ephemeral belongs to one person, is in no history, and only a response_url edits it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.slack.json_types import Json
from sandbox.slack.render import shown


@dataclass(frozen=True)
class Attached:
    """A file that a message carries; ``size`` in bytes."""

    id: str
    name: str
    size: int


@dataclass
class Message:
    """One message; ``only_for`` names the person who alone sees an ephemeral. ``revisions`` are earlier contents."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    only_for: str = ""
    thread_ts: str = ""
    edited_ts: str = ""
    gone: bool = False
    files: list[Attached] = field(default_factory=list)
    revisions: list[tuple[str, list[Json]]] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """What a person reads now, in plain lines."""
        files = (f"file {file.name} ({file.size} bytes)" for file in self.files)
        return "\n".join(filter(None, [shown(self.text, self.blocks), *files]))

    def as_slack(self, bot_user: str, bot_id: str) -> Json:
        """Return the message object of Slack's answers and payloads."""
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
        """Return a message that is not an ephemeral and not deleted."""
        return next((m for m in self.history(channel) if m.ts == ts), None)

    def any(self, ts: str) -> Message | None:
        """Return a message or an ephemeral by its ts, unless it is gone."""
        return next((m for m in self.everything if m.ts == ts and not m.gone), None)

    def history(self, channel: str) -> list[Message]:
        """Return a channel's messages as its history has them: no ephemerals, nothing deleted."""
        return [m for m in self.everything if m.channel == channel and not m.only_for and not m.gone]

    def ephemerals(self, user: str) -> list[Message]:
        """Return the ephemerals that a person still has on the screen."""
        return [m for m in self.everything if m.only_for == user and not m.gone]
