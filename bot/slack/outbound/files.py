"""Uploads of files: unshared ones that blocks show (``slack_file``), and ones in direct messages.

Sources: docs.slack.dev: files.getUploadURLExternal, files.completeUploadExternal, the ``slack_file`` object. A file has
no mimetype until Slack has processed it: slackapi/node-slack-sdk issue 2040.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from slack_sdk import WebClient

from bot.errors import Failed
from bot.slack.outbound.client import SLACK_ERRORS, TIMEOUT_S, is_slack_url, reason_of
from bot.slack.outbound.notifier import Undelivered
from bot.text.mrkdwn import tick
from bot.text.mrkdwn import user as mention
from bot.text.suggest import listed

READY_TIMEOUT_S: Final = 8.0
POLL_INTERVAL_S: Final = 0.25
GONE: Final = {"file_not_found", "file_deleted"}


class FileRefused(Failed):
    """Slack did not accept, process or delete a file. ``reason`` is Slack's error code, or "no answer"."""

    def __init__(self, what: str, reason: str) -> None:
        """``what`` follows "Slack did not": "accept the file `a.png`"."""
        super().__init__(
            f"Slack did not {what} ({reason}).",
            next_step="Run `python -m bot doctor`: it checks the Slack app.",
        )
        self.reason = reason


class BlockFiles:
    """Files that belong to the bot and that blocks show. Safe to share between threads. Raises :class:`FileRefused`."""

    def __init__(self, client: WebClient, ready_timeout_s: float = READY_TIMEOUT_S) -> None:
        self._client = client
        self._ready_timeout_s = ready_timeout_s

    def upload(self, name: str, content: bytes, *, begun: Callable[[str], None]) -> str:
        """Upload a file that is shared with nobody; return its id once blocks can refer to it.

        ``begun`` is called with the id before Slack has the content, so that the file can be deleted in any case.
        """
        what = f"accept the file {tick(name)}"
        answer = self._call(what, self._client.files_getUploadURLExternal, filename=name, length=len(content))
        file_id = str(answer["file_id"])
        begun(file_id)
        self._send(what, str(answer["upload_url"]), content)
        self._call(what, self._client.files_completeUploadExternal, files=[{"id": file_id, "title": name}])
        self._await_ready(file_id, name)
        return file_id

    def delete(self, file_id: str) -> None:
        """Delete a file; do nothing if it does not exist."""
        try:
            self._call(f"delete the file {tick(file_id)}", self._client.files_delete, file=file_id)
        except FileRefused as error:
            if error.reason not in GONE:
                raise

    def _await_ready(self, file_id: str, name: str) -> None:
        """Poll until the file has a mimetype: Slack sends no event when it has processed one."""
        deadline = time.monotonic() + self._ready_timeout_s
        pause = threading.Event()
        what = f"process the file {tick(name)}"
        while not self._call(what, self._client.files_info, file=file_id)["file"].get("mimetype"):
            if time.monotonic() > deadline:
                raise FileRefused(what, f"not within {self._ready_timeout_s:.0f} s")
            pause.wait(POLL_INTERVAL_S)

    def _send(self, what: str, url: str, content: bytes) -> None:
        if not is_slack_url(url, self._client.base_url):
            raise FileRefused(what, "the upload address is not Slack's")
        request = Request(url, content, {"Content-Type": "application/octet-stream"})  # noqa: S310 - a Slack URL
        try:
            with urlopen(request, timeout=TIMEOUT_S):  # noqa: S310 - likewise
                return
        except HTTPError as error:
            reason = f"HTTP {error.code}"
            error.close()
        except (HTTPException, OSError) as error:
            reason = reason_of(error)
        raise FileRefused(what, reason)

    def _call(self, what: str, call: Callable[..., Any], **body: Any) -> Any:
        """Call Slack (the client retries). Slack's error is not chained, because it can hold what was sent."""
        try:
            return call(**body)
        except SLACK_ERRORS as error:
            reason = reason_of(error)
        raise FileRefused(what, reason)


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """A file to send."""

    name: str
    """With the ending of its file type."""
    content: bytes
    title: str
    """Shown above the file."""


class DirectMessageUploads:
    """Files in a person's direct messages with the bot, which nobody else sees. Safe to share between threads."""

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
        names = listed(tick(file.name) for file in files)
        raise Undelivered(reason, mention(user), f"the {'file' if len(files) == 1 else 'files'} {names}")
