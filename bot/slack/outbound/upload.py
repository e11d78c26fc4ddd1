"""Files for one person: uploaded into their direct messages with the bot, which nobody else sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.slack.outbound.client import SLACK_ERRORS, reason_of
from bot.slack.outbound.notifier import Undelivered


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """A file: its name with the ending that says its kind, its bytes, and what people read above it."""

    name: str
    content: bytes
    title: str


class Uploads:
    """Safe to share between threads. Sources: docs.slack.dev, files.getUploadURLExternal and what follows it."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def send(self, user: str, files: Sequence[Upload], comment: str) -> None:
        """Send ``files`` to ``user`` (U…) in one message that begins with ``comment``; raises Undelivered."""
        uploads = [{"content": file.content, "filename": file.name, "title": file.title} for file in files]
        try:
            opened = self._client.conversations_open(users=user)
            self._client.files_upload_v2(file_uploads=uploads, channel=opened["channel"]["id"], initial_comment=comment)
        except SLACK_ERRORS as error:
            reason = reason_of(error)
        else:
            return
        raise Undelivered(reason, f"`{user}`")
