"""Checks before Bolt sees a request: method, size, age and signature. Unsigned requests are not parsed."""

from __future__ import annotations

import logging
import re
import time
from io import BytesIO
from typing import TYPE_CHECKING, Final

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_bolt.adapter.wsgi.http_request import WsgiHttpRequest
from slack_sdk.signature import SignatureVerifier

from bot.slack.inbound.signature_log import SignatureLog

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_AGE_S: Final = 300
TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
LENGTH: Final = re.compile(r"[0-9]{1,9}", re.ASCII)

log = logging.getLogger(__name__)


class RequestGuard:
    """Rejects requests that do not come from Slack."""

    def __init__(self, signing_secret: str, signatures: SignatureLog) -> None:
        self._verifier = SignatureVerifier(signing_secret)
        self._signatures = signatures

    def rejection(self, environ: WSGIEnvironment) -> int:
        """Return the HTTP status of the rejection; 0 for a valid request, whose body can be read again."""
        if environ["REQUEST_METHOD"] != "POST":
            return 405
        timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        if not (TIMESTAMP.fullmatch(timestamp) and SIGNATURE.fullmatch(signature)):
            return 401
        if abs(time.time() - int(timestamp)) > MAX_AGE_S:
            return 401
        length = environ.get("CONTENT_LENGTH", "")
        if not LENGTH.fullmatch(length):
            return 411
        if int(length) > MAX_BODY_BYTES:
            return 413
        return self._body_rejection(environ, int(length), timestamp, signature)

    def _body_rejection(self, environ: WSGIEnvironment, length: int, timestamp: str, signature: str) -> int:
        try:
            body = environ["wsgi.input"].read(length)
        except OSError:
            return 408
        try:
            genuine = self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            return 400
        environ["wsgi.input"] = BytesIO(body)
        if not genuine:
            self._signatures.reject()
            return 401
        self._signatures.accept()
        return 0


class SlackWsgiAdapter(SlackRequestHandler):
    """Bolt's WSGI adapter, which returns 400 instead of raising if a signed body cannot be parsed."""

    def dispatch(self, request: WsgiHttpRequest) -> BoltResponse:
        """Hand a request to Bolt."""
        try:
            parsed = BoltRequest(body=request.get_body(), query=request.query_string, headers=request.get_headers())
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            log.warning("a signed payload was refused: it cannot be parsed")
            return BoltResponse(status=400, body={"error": "malformed"})
        return self.app.dispatch(parsed)
