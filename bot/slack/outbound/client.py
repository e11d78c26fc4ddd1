"""Clients of Slack's Web API and of response_urls: timeouts, bounded retries, and no bodies in the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http.client import HTTPException, RemoteDisconnected
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.webhook import WebhookClient

from bot.settings import Settings

TIMEOUT_S: Final = 10
MAX_RETRIES: Final = 3
MAX_RETRY_AFTER_S: Final = 30
SLACK_ERRORS: Final = (SlackClientError, HTTPException, OSError)
"""The errors that Slack's libraries raise if Slack refuses a call or does not respond."""
NO_ANSWER: Final = "no answer"
RESPONSE_URL_DOMAINS: Final = (".slack.com", ".slack-gov.com")


def quiet_logger(name: str, level: int = logging.WARNING) -> logging.Logger:
    """Return a logger for Slack's libraries that logs nothing below ``level``: at DEBUG they log bodies and tokens."""
    logger = logging.getLogger(f"bot.slack.library.{name}")
    logger.setLevel(level)
    return logger


class BoundedRateLimitRetry(RateLimitErrorRetryHandler):
    """Waits for Slack's Retry-After up to MAX_RETRY_AFTER_S; a longer one is an error."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or not super()._can_retry(state=state, request=request, response=response, error=error):
            return False
        values = [value[0] for name, value in response.headers.items() if name.lower() == "retry-after" and value]
        return not values or (values[0].isdecimal() and int(values[0]) <= MAX_RETRY_AFTER_S)


def retry_handlers() -> Sequence[RetryHandler]:
    """Return the handlers that retry rate limits, broken connections, timeouts and server errors."""
    broken = [URLError, ConnectionResetError, RemoteDisconnected, TimeoutError]
    return [
        BoundedRateLimitRetry(max_retry_count=MAX_RETRIES),
        ConnectionErrorRetryHandler(max_retry_count=MAX_RETRIES, error_types=broken),
        ServerErrorRetryHandler(max_retry_count=MAX_RETRIES),
    ]


def web_client(settings: Settings, *, retries: bool = True) -> WebClient:
    """Return the bot's client; raise :class:`~bot.errors.Misconfigured` without SLACK_BOT_TOKEN.

    Without ``retries`` each call is one request: for a caller that tries again itself.
    """
    return WebClient(
        token=settings.need("SLACK_BOT_TOKEN").reveal(),
        base_url=settings.slack_api_url,
        timeout=TIMEOUT_S,
        logger=quiet_logger("web"),
        retry_handlers=list(retry_handlers()) if retries else [],
    )


def reason_of(error: Exception) -> str:
    """Return Slack's error code, or "no answer". Do not chain the error itself: it can hold what was sent."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error") or error.response.status_code)
    return f"{NO_ANSWER}: {type(error).__name__}"


def retry_after(headers: Mapping[str, Any] | None) -> float:
    """Return how many seconds Slack asks to wait; 0.0 if it does not."""
    for name, value in (headers or {}).items():
        seconds = str(value[0] if isinstance(value, list) and value else value)
        if name.lower() == "retry-after" and seconds.isdecimal():
            return float(seconds)
    return 0.0


def response_client(url: str, *, retries: bool = True) -> WebhookClient:
    """Return a client for one response_url, with ``retries`` as in :func:`web_client`."""
    handlers = list(retry_handlers()) if retries else []
    return WebhookClient(url, timeout=TIMEOUT_S, logger=quiet_logger("hook"), retry_handlers=handlers)


def is_slack_url(url: str, api_url: str) -> bool:
    """Return whether a URL belongs to Slack, or to the server used in its place: a token may be sent there."""
    parts, api = urlsplit(url), urlsplit(api_url)
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return True
    return parts.scheme == "https" and (parts.hostname or "").endswith(RESPONSE_URL_DOMAINS)
