"""Uploaded files: asked for, sent, completed, and ready a moment later, as Slack processes them in its own time.

Sources: docs.slack.dev/reference/methods/files.getUploadURLExternal and files.completeUploadExternal; that a file has
no mimetype for a while after its completion: slackapi/python-slack-sdk issue 1521, slack-github-action issue 413.
"""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from sandbox.slack.clock import Clock
from sandbox.slack.errors import SlackError
from sandbox.slack.messages import Attached

MOST_BYTES: Final = 30 * 1024 * 1024
"""This team's limit for one file; Slack's own is a gigabyte."""

PROCESSING_SECONDS: Final = 0.5

_MAGIC: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@dataclass
class File:
    """One file of the bot's. ``content`` is None until the bytes came, ``completed`` until it was completed."""

    id: str
    key: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None
    completed: float | None = None
    deleted: bool = False

    @property
    def mimetype(self) -> str:
        """What it is: a picture by its first bytes, anything else by its name."""
        for magic, mimetype in _MAGIC.items():
            if (self.content or b"").startswith(magic):
                return mimetype
        guessed = mimetypes.guess_type(self.name)[0] or ""
        return "application/octet-stream" if not guessed or guessed in _MAGIC.values() else guessed

    @property
    def is_picture(self) -> bool:
        """Whether an image block may show it: PNG, JPEG or GIF."""
        return self.mimetype in _MAGIC.values()

    @property
    def filetype(self) -> str:
        """Slack's short word for what it is."""
        return PurePath(self.name).suffix.lstrip(".").lower() or "binary"

    @property
    def attached(self) -> Attached:
        """The file as a message carries it."""
        return Attached(self.id, self.name, self.length)


@dataclass
class Files:
    """All files by id. A completed one is ready ``delay`` seconds later; changing ``delay`` counts at once."""

    clock: Clock
    delay: float = PROCESSING_SECONDS
    everything: dict[str, File] = field(default_factory=dict)

    def ask(self, name: str, length: int) -> File:
        """Make room for a file."""
        file = File(f"F{secrets.token_hex(5).upper()}", secrets.token_urlsafe(24), name, length)
        self.everything[file.id] = file
        return file

    def upload(self, key: str, content: bytes) -> None:
        """Take a file's bytes, again if need be until it is completed. Raises SlackError."""
        file = next((f for f in self.everything.values() if f.key == key and f.completed is None), None)
        if file is None:
            raise SlackError("file_not_found")
        if len(content) != file.length:
            raise SlackError("length_mismatch")
        file.content = content

    def uploaded(self, file_id: str) -> File:
        """Return a file whose bytes came and that was not completed yet. Raises SlackError file_not_found."""
        file = self.everything.get(file_id)
        if file is None or file.content is None or file.completed is not None:
            raise SlackError("file_not_found")
        return file

    def find(self, file_id: str) -> File:
        """Return a completed file. Raises SlackError: file_not_found, file_deleted."""
        file = self.everything.get(file_id)
        if file is None or file.completed is None:
            raise SlackError("file_not_found")
        if file.deleted:
            raise SlackError("file_deleted")
        return file

    def ready(self, file: File) -> bool:
        """Say whether Slack is done with a file."""
        return file.completed is not None and self.clock.now() - file.completed >= self.delay

    def pictures(self) -> set[str]:
        """Return the ids that an image block may name now."""
        return {f.id for f in self.everything.values() if f.is_picture and not f.deleted and self.ready(f)}
