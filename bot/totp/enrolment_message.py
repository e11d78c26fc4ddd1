"""The message that shows a person their new key, and the deletion of the QR code in it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from redis import Redis

from bot.blocks import Message, actions, button, code, context, section
from bot.slack.outbound.files import BlockFiles, FileRefused
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.store import keys
from bot.store.client import translate_errors
from bot.totp import codes
from bot.totp.totp import Enrolment, Totp

FILE_NAME: Final = "second-factor.png"
TITLE: Final = "Your second factor"
RETRY_DELETE_AFTER_S: Final = 60.0

SCAN: Final = "Scan the QR code with an authenticator app, or type the key below into it."
TYPE: Final = (
    "Slack did not accept the QR code: type this key into an authenticator app instead (time-based, six digits)."
)

log = logging.getLogger(__name__)


class EnrolmentMessage:
    """Part of the worker, because an upload takes longer than Slack waits for the web process.

    The QR code is a file that is shared with nobody; an ephemeral message shows it (``slack_file``). So it is in no
    channel's or conversation's history, and deleting the file removes it.
    """

    def __init__(self, totp: Totp, files: BlockFiles, notifier: Notifier) -> None:
        self._totp = totp
        self._files = files
        self._notifier = notifier

    def show(self, person: str, channel: str, response_url: str) -> None:
        """Begin an enrolment and show its key. Raises Refused, Unavailable, Undelivered."""
        enrolment = self._totp.enrol(person)
        file_id = self._upload(person, enrolment)
        try:
            self._notifier.respond(response_url, _message(enrolment, file_id), user=person, channel=channel)
        except Undelivered as error:
            if not file_id or error.reason != "invalid_blocks":
                raise
            log.warning("Slack does not show the QR code of a second factor; showing the key as text only")
            self._notifier.respond(response_url, _message(enrolment, ""), user=person, channel=channel)

    def _upload(self, person: str, enrolment: Enrolment) -> str:
        """Return the id of the uploaded QR code, or "" if Slack does not accept it."""
        try:
            return self._files.upload(
                FILE_NAME,
                codes.qr_code(enrolment.uri),
                begun=lambda file_id: self._totp.note_qr_code(person, enrolment.id, file_id),
            )
        except FileRefused as error:
            log.warning("the QR code of a second factor: %s", error)
            return ""


class QrCodeCleanup:
    """Deletes each QR code when its enrolment ends, or ten minutes after it was shown.

    Each worker runs one. Several may delete the same file: for the second one it is already gone.
    """

    def __init__(self, redis: Redis, files: BlockFiles, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._files = files
        self._now = now

    def delete_due(self) -> None:
        """Delete the files that are due. Raises Unavailable if Redis does not respond."""
        with translate_errors():
            due: Any = self._redis.zrangebyscore(keys.PICTURES, "-inf", self._now())
        for file_id in due:
            try:
                self._files.delete(file_id)
            except FileRefused as error:
                log.warning("the QR code %s of a second factor will be deleted later: %s", file_id, error)
                with translate_errors():
                    self._redis.zadd(keys.PICTURES, {file_id: self._now() + RETRY_DELETE_AFTER_S}, xx=True)
            else:
                with translate_errors():
                    self._redis.zrem(keys.PICTURES, file_id)


def _message(enrolment: Enrolment, file_id: str) -> Message:
    how = SCAN if file_id else TYPE
    image = [{"type": "image", "slack_file": {"id": file_id}, "alt_text": "QR code of the key"}] if file_id else []
    return Message(
        TITLE,
        (
            section(
                f"*{TITLE}* · only you see this, and only once\n{how} Then press Enter code: "
                "your second factor is active after the first correct code."
            ),
            *image,
            code(codes.grouped(enrolment.seed)),
            context("Whoever sees this key can make your codes. It expires in 10 minutes unless you enter a code."),
            actions(
                button("Enter code", "totp.code", enrolment.id, style="primary"),
                button("Hide", "secret.hide"),
            ),
        ),
    )
