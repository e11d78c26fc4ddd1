"""Uploaded files: requested, sent, completed, and ready after a delay, because Slack processes files asynchronously.

Sources: docs.slack.dev/reference/methods/files.getUploadURLExternal and files.completeUploadExternal. A completed file
has no mimetype at first: slackapi/python-slack-sdk issue 1521, slack-github-action issue 413.
"""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from sandbox.slack.base import Clock, SlackError
from sandbox.slack.messages import AttachedFile

MAX_FILE_BYTES: Final = 30 * 1024 * 1024
"""The limit of this team; Slack's own limit is 1 GB."""

PROCESSING_DELAY_S: Final = 0.5

_MAGIC: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@dataclass
class File:
    """One file of the bot."""

    id: str
    key: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None
    """None until uploaded."""
    completed: float | None = None
    """Slack's time of the completion; None before."""
    deleted: bool = False

    @property
    def mimetype(self) -> str:
        """The MIME type: by the first bytes for an image, by the name for another file."""
        for magic, mimetype in _MAGIC.items():
            if (self.content or b"").startswith(magic):
                return mimetype
        guessed = mimetypes.guess_type(self.name)[0] or ""
        return "application/octet-stream" if not guessed or guessed in _MAGIC.values() else guessed

    @property
    def is_image(self) -> bool:
        """Whether an image block can show it: PNG, JPEG or GIF."""
        return self.mimetype in _MAGIC.values()

    @property
    def filetype(self) -> str:
        """Slack's short name of the type."""
        return PurePath(self.name).suffix.lstrip(".").lower() or "binary"

    @property
    def attached(self) -> AttachedFile:
        """The file as part of a message."""
        return AttachedFile(self.id, self.name, self.length)


@dataclass
class Files:
    """All files by id."""

    clock: Clock
    delay: float = PROCESSING_DELAY_S
    """Seconds between the completion of a file and the time it is ready; a change applies to all files at once."""
    everything: dict[str, File] = field(default_factory=dict)

    def ask(self, name: str, length: int) -> File:
        """Create a file to be uploaded."""
        file = File(f"F{secrets.token_hex(5).upper()}", secrets.token_urlsafe(24), name, length)
        self.everything[file.id] = file
        return file

    def upload(self, key: str, content: bytes) -> None:
        """Store a file's content; repeatable until the file is completed. Raise SlackError if it does not fit."""
        file = next((f for f in self.everything.values() if f.key == key and f.completed is None), None)
        if file is None:
            raise SlackError("file_not_found")
        if len(content) != file.length:
            raise SlackError("length_mismatch")
        file.content = content

    def uploaded(self, file_id: str) -> File:
        """Return a file that is uploaded and not completed. Raise SlackError file_not_found if there is none."""
        file = self.everything.get(file_id)
        if file is None or file.content is None or file.completed is not None:
            raise SlackError("file_not_found")
        return file

    def find(self, file_id: str) -> File:
        """Return a completed file. Raise SlackError file_not_found or file_deleted."""
        file = self.everything.get(file_id)
        if file is None or file.completed is None:
            raise SlackError("file_not_found")
        if file.deleted:
            raise SlackError("file_deleted")
        return file

    def ready(self, file: File) -> bool:
        """Return whether Slack has processed the file."""
        return file.completed is not None and self.clock.now() - file.completed >= self.delay

    def images(self) -> set[str]:
        """Return the ids of the files that an image block can show now."""
        return {f.id for f in self.everything.values() if f.is_image and not f.deleted and self.ready(f)}
