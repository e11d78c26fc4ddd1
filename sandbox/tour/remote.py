"""A local Slack in another process, by its /control."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from bot.errors import Failed, Refused
from sandbox.slack.transcript import Seen

SECONDS: Final = 40.0
_NOT_SEEN: Final = 408


class RemoteSlack:
    """``url`` is what the local Slack printed. Raises Failed where none listens, Refused for what nobody could do."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def names(self) -> dict[str, str]:
        """Names by id."""
        found: dict[str, str] = self._call("names")
        return found

    def transcript(self, after: int = 0) -> list[Seen]:
        """What everybody typed and saw after entry number ``after``."""
        return [Seen(**{**entry, "to": tuple(entry["to"])}) for entry in self._call("transcript", after=after)]

    def slash(self, user: str, channel: str, text: str) -> None:
        """Type a command."""
        self._call("slash", user=user, channel=channel, text=text)

    def click(self, user: str, ts: str, action: str) -> None:
        """Press a button."""
        self._call("click", user=user, message=ts, action=action)

    def submit(self, user: str, answers: Mapping[str, str]) -> None:
        """Submit the form that is open, its fields by their labels."""
        self._call("submit_view", user=user, answers=dict(answers))

    def wait(self, user: str, after: int, seconds: float) -> bool:
        """Wait until the bot shows this person something after entry number ``after``; return whether it did."""
        return self._call("wait_to_see", user=user, contains="", after=after, timeout=seconds) is not None

    def _call(self, what: str, /, **arguments: Any) -> Any:
        body = json.dumps(arguments).encode()
        request = Request(f"{self._url}/control/{what}", body, {"Content-Type": "application/json"})  # noqa: S310 - the address is what the person at the keyboard gave
        try:
            with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - likewise
                return json.loads(answer.read())["result"]
        except HTTPError as error:
            if error.code == _NOT_SEEN:
                return None
            raise Refused(f"{json.loads(error.read())['error']}.") from None
        except (URLError, TimeoutError, ValueError) as error:
            reason = getattr(error, "reason", error)
            step = "Start the demo with `make demo` in another terminal, or name another address with --slack."
            raise Failed(f"No local Slack answers on {self._url}: {reason}.", next_step=step) from None
