"""A client for a local Slack in another process, through its /control."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from bot.errors import Failed, Refused
from sandbox.slack.base import Json
from sandbox.slack.transcript import TranscriptEntry

CALL_TIMEOUT_S: Final = 40.0
_HTTP_REQUEST_TIMEOUT: Final = 408


class RemoteSlack:
    """Drives the local Slack at ``url``.

    Methods raise Failed if it does not respond, and Refused for what no person can do.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def names(self) -> dict[str, str]:
        """Return the names of people, channels and groups by id."""
        found: dict[str, str] = self._call("names")
        return found

    def transcript(self, after: int = 0) -> list[TranscriptEntry]:
        """Return the transcript after entry number ``after``."""
        return [
            TranscriptEntry(**{**entry, "to": tuple(entry["to"])}) for entry in self._call("transcript", after=after)
        ]

    def slash(self, user: str, channel: str, text: str) -> str:
        """Type a command; return the last part of the path of the response_url that the bot got with it."""
        return _response_url(self._call("slash", user=user, channel=channel, text=text))

    def click(self, user: str, ts: str, action: str) -> str:
        """Press a button; return the last part of the path of the response_url that the bot got with it."""
        return _response_url(self._call("click", user=user, message=ts, action=action))

    def submit(self, user: str, answers: Mapping[str, str]) -> None:
        """Submit the open form; ``answers`` by label."""
        self._call("submit_view", user=user, answers=dict(answers))

    def wait(self, user: str, after: int, seconds: float) -> bool:
        """Wait until the bot shows this person something after entry number ``after``; return False on time-out."""
        return self._call("wait_to_see", user=user, contains="", after=after, timeout=seconds) is not None

    def _call(self, what: str, /, **arguments: Any) -> Any:
        body = json.dumps(arguments).encode()
        request = Request(f"{self._url}/control/{what}", body, {"Content-Type": "application/json"})  # noqa: S310 - the operator gives the URL
        try:
            with urlopen(request, timeout=CALL_TIMEOUT_S) as answer:  # noqa: S310 - likewise
                return json.loads(answer.read())["result"]
        except HTTPError as error:
            if error.code == _HTTP_REQUEST_TIMEOUT:
                return None
            raise Refused(f"{json.loads(error.read())['error']}.") from None
        except (URLError, TimeoutError, ValueError) as error:
            reason = getattr(error, "reason", error)
            step = "Start the demo with `make demo` in another terminal, or set another URL with --slack."
            raise Failed(f"The local Slack at {self._url} did not respond: {reason}.", next_step=step) from None


def _response_url(delivery: Json) -> str:
    return str(delivery["payload"].get("response_url", "")).rpartition("/")[2]
