"""Files of the bot's own, which blocks show (``slack_file``): up in three steps, and gone again.

Sources: docs.slack.dev: files.getUploadURLExternal, files.completeUploadExternal, the ``slack_file`` object; that a
file has no mimetype until Slack has processed it: slackapi/node-slack-sdk issue 2040.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from slack_sdk import WebClient

from bot.errors import Failed
from bot.slack.outbound.client import SLACK_ERRORS, TIMEOUT, is_slacks, reason_of

READY_WITHIN: Final = 8.0
ASKED_EVERY: Final = 0.25
GONE: Final = {"file_not_found", "file_deleted"}


class FileRefused(Failed):
    """Slack did not take, process or delete a file. ``reason`` is Slack's own word for it, or "no answer"."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Slack did not do what was asked of it with a file ({reason}).",
            next_step="`python -m bot doctor` says what is wrong with the Slack app.",
        )
        self.reason = reason


class Files:
    """Safe to share between threads. Every call raises :class:`FileRefused` when Slack refuses it."""

    def __init__(self, client: WebClient, ready_within: float = READY_WITHIN) -> None:
        self._client = client
        self._ready_within = ready_within

    def upload(self, name: str, content: bytes, *, begun: Callable[[str], None]) -> str:
        """Upload a file that is shared with nobody, and return its id when blocks may name it.

        ``begun`` is told the id before Slack has the content, so that whatever happens then, it can be deleted.
        """
        asked = self._call(self._client.files_getUploadURLExternal, filename=name, length=len(content))
        file_id = str(asked["file_id"])
        begun(file_id)
        self._send(str(asked["upload_url"]), content)
        self._call(self._client.files_completeUploadExternal, files=[{"id": file_id, "title": name}])
        self._await_ready(file_id)
        return file_id

    def delete(self, file_id: str) -> None:
        """Delete a file; one that is gone is as good."""
        try:
            self._call(self._client.files_delete, file=file_id)
        except FileRefused as error:
            if error.reason not in GONE:
                raise

    def _await_ready(self, file_id: str) -> None:
        """Slack tells nobody when it has processed a file: until then it has no mimetype."""
        deadline = time.monotonic() + self._ready_within
        pause = threading.Event()
        while not self._call(self._client.files_info, file=file_id)["file"].get("mimetype"):
            if time.monotonic() > deadline:
                raise FileRefused(f"not processed within {self._ready_within:.0f} s")
            pause.wait(ASKED_EVERY)

    def _send(self, url: str, content: bytes) -> None:
        if not is_slacks(url, self._client.base_url):
            raise FileRefused("no upload address of Slack's")
        request = Request(url, content, {"Content-Type": "application/octet-stream"})  # noqa: S310 - it is Slack's
        try:
            with urlopen(request, timeout=TIMEOUT):  # noqa: S310 - likewise
                return
        except HTTPError as error:
            reason = f"HTTP {error.code}"
            error.close()
        except (HTTPException, OSError) as error:
            reason = reason_of(error)
        raise FileRefused(reason)

    def _call(self, call: Callable[..., Any], **body: Any) -> Any:
        """Call Slack once (retries are the client's). Errors are not chained: theirs may hold what was sent."""
        try:
            return call(**body)
        except SLACK_ERRORS as error:
            reason = reason_of(error)
        raise FileRefused(reason)
