"""Whether this workspace accepts the blocks that Swarmbot sends: Slack checks them without showing anything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from typing import Any, Final

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.blocks import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    Line,
    Message,
    actions,
    button,
    data_table,
    fields,
    header,
    progress,
)
from bot.doctor.finding import DoctorFinding, ok, problem, warning
from bot.doctor.resources import Resources
from bot.home.view import HomeFacts, HomeJob, home_view
from bot.slack.outbound.payload import payload
from bot.text.mrkdwn import cut_short, one_line
from bot.text.suggest import listed

METHOD: Final = "blocks.validate"
MAX_PROBLEM_CHARS: Final = 200
INVALID: Final = frozenset({"invalid_blocks", "invalid_view"})
NOT_TESTED: Final = "Nothing to do: where Slack refuses newer blocks, Swarmbot sends older ones."


class _NotTested(Exception):
    """Slack did not judge the blocks."""


def blocks(resources: Resources) -> Iterator[DoctorFinding]:
    """Newer and older blocks of messages, and a Home."""
    message = _message()
    newer, older = (payload(message, plain=plain)["blocks"] for plain in (False, True))
    try:
        refused = _problems(resources, "blocks", newer)
        refused_older = _problems(resources, "blocks", older) if refused else []
        refused_home = _problems(resources, "view", _home())
    except _NotTested as error:
        yield warning(f"Blocks: not tested. {error}", NOT_TESTED)
        return
    if refused_older:
        yield problem(f"Slack refuses blocks of Swarmbot's messages: {_words(refused_older)}.", _bug("messages"))
    elif refused:
        yield warning(
            f"Slack refuses newer blocks of Swarmbot's messages: {_words(refused)}.",
            "Nothing to do: Swarmbot sends older ones, which Slack accepts.",
        )
    if refused_home:
        yield problem(f"Slack refuses blocks of Home: {_words(refused_home)}.", _bug("Home"))
    if not (refused or refused_home):
        yield ok(f"Slack accepts the blocks of Swarmbot's messages and of Home ({METHOD}).")


def _message() -> Message:
    """Return a message with each type of block that messages have, except pictures."""
    lines = [Line(sign, "a step") for sign in (DONE, RUNNING, WAITING, FAILED)]
    card = progress("*A job*", lines, "a note", [button("Cancel", "doctor.example", "-", style="danger")])
    more = (
        header("A title"),
        fields([("A name", "a value")]),
        data_table("Nodes", ("node", "state"), [("host-1", "ready")]),
    )
    last = actions(button("Approve", "doctor.example.2", "-", style="primary", confirm="Approve this plan?"))
    return Message(card.text, (*card.blocks, *more, last), (*card.plain, *more, last))


def _home() -> dict[str, Any]:
    now = time.time()
    return home_view(HomeFacts(now, may_view=True, jobs=(HomeJob("k7f3", "prod", "status", "succeeded", now),)))


def _problems(resources: Resources, kind: str, content: Any) -> list[tuple[str, str]]:
    """Return what Slack refuses: the type of block or the place, and why. Raise _NotTested if Slack does not say."""
    try:
        resources.slack.api_call(METHOD, data={kind: json.dumps(content)})
    except SlackApiError as error:
        code = str(error.response.get("error") or f"HTTP {error.response.status_code}")
        if code == "unknown_method":
            raise _NotTested(f"This Slack has no method {METHOD}.") from None
        if code not in INVALID:
            raise _NotTested(f"Slack answered {METHOD} with `{code}`.") from None
        found = error.response.get("errors")
        return [_problem(each, content) for each in found] if isinstance(found, list) and found else [(code, "")]
    except (SlackClientError, OSError, HTTPException) as error:
        raise _NotTested(f"A request to Slack failed ({METHOD}): {getattr(error, 'reason', None) or error}.") from None
    return []


def _problem(message: Any, content: Any) -> tuple[str, str]:
    if not isinstance(message, dict):
        return "a block", str(message)
    pointer = str(message.get("pointer") or "")
    place = pointer.strip("/").split("/")[0]
    known = isinstance(content, list) and place.isdecimal() and int(place) < len(content)
    return (content[int(place)]["type"] if known else pointer or "a block"), str(message.get("message") or "")


def _words(problems: Sequence[tuple[str, str]]) -> str:
    """Return each type of block that is refused once, with the first reason."""
    first: dict[str, str] = {}
    for what, why in problems:
        first.setdefault(what, cut_short(one_line(why), MAX_PROBLEM_CHARS))
    return listed((f"{what} ({why})" if why else what for what, why in first.items()), limit=5)


def _bug(what: str) -> str:
    return f"Report this as a bug of Swarmbot: until it is fixed, {what} may arrive without layout or not at all."
