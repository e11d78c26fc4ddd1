"""Shows a person their new seed: a picture to scan and text to type, to them alone."""

from __future__ import annotations

import logging
from typing import Final

from bot.blocks import Message, actions, button, code, context, section
from bot.slack.outbound.files import FileRefused, Files
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.totp import codes
from bot.totp.totp import Enrolment, Totp

NAME: Final = "second-factor.png"
TITLE: Final = "Your second factor"

SCAN: Final = "Scan this with an authenticator app, or type the key below into it."
TYPE: Final = (
    "Slack did not take the picture to scan: type this key into an authenticator app (time-based, six digits)."
)

log = logging.getLogger(__name__)


class Showing:
    """Part of the worker: an upload takes longer than Slack waits for the web process.

    The picture is a file that is shared with nobody; an ephemeral message shows it (``slack_file``). So it is in no
    channel's and no conversation's history, and gone when it is deleted.
    """

    def __init__(self, totp: Totp, files: Files, notifier: Notifier) -> None:
        self._totp = totp
        self._files = files
        self._notifier = notifier

    def show(self, person: str, channel: str, response_url: str) -> None:
        """Begin an enrolment and show it. Raises Refused, Unavailable, Undelivered."""
        enrolment = self._totp.enrol(person)
        picture = self._upload(person, enrolment)
        try:
            self._notifier.respond(response_url, _message(enrolment, picture), user=person, channel=channel)
        except Undelivered as error:
            if not picture or error.reason != "invalid_blocks":
                raise
            log.warning("Slack does not show the picture of a second factor; showing its text alone")
            self._notifier.respond(response_url, _message(enrolment, ""), user=person, channel=channel)

    def _upload(self, person: str, enrolment: Enrolment) -> str:
        """The file's id, or "" when Slack does not take it: then the text must do."""
        try:
            return self._files.upload(
                NAME,
                codes.picture(enrolment.uri),
                begun=lambda file_id: self._totp.keep_picture(person, enrolment.id, file_id),
            )
        except FileRefused as error:
            log.warning("the picture of a second factor: %s", error)
            return ""


def _message(enrolment: Enrolment, picture: str) -> Message:
    how = SCAN if picture else TYPE
    image = [{"type": "image", "slack_file": {"id": picture}, "alt_text": "QR code of the key"}] if picture else []
    return Message(
        TITLE,
        (
            section(f"*{TITLE}* · shown to you alone, and once\n{how} Then press Enter code: it counts from then on."),
            *image,
            code(codes.spelled(enrolment.seed)),
            context("Whoever sees this can make your codes. It is void in 10 minutes unless you enter a code."),
            actions(
                button("Enter code", "totp.code", enrolment.id, style="primary"),
                button("Hide", "secret.hide"),
            ),
        ),
    )
