"""Records what Slack and the bot send to each other, and the only person who may read it."""

from __future__ import annotations

import json
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from sandbox.slack.base import Json
from sandbox.slack.delivery import Delivery
from sandbox.slack.exchanges import Direction, Exchange
from sandbox.slack.web_api.registry import is_true
from sandbox.slack.workspace import Workspace

_JSON_ARGUMENTS: Final = ("blocks", "view", "files")
"""Arguments that clients may send as JSON in a string."""


def record_call(
    workspace: Workspace, method: str, args: Json, answer: Any, *, status: int, began: float, note: str = ""
) -> None:
    """Record a call of the Web API that began at monotonic time ``began``."""
    with workspace.changed:
        request = {name: _parsed(value) if name in _JSON_ARGUMENTS else value for name, value in args.items()}
        reader = _reader_of_call(workspace, method, args, answer)
        _add(workspace, "to Slack", method, request, answer, status=status, began=began, only_for=reader, note=note)


def record_response(workspace: Workspace, key: str, body: Any, answer: Any, *, status: int, began: float) -> None:
    """Record a post to a response_url. It is for the person who acted, unless it shows or changes a public message."""
    with workspace.changed:
        url = workspace.callbacks.urls.get(key)
        content: Json = body if isinstance(body, dict) else {}
        original = workspace.messages.public(url.channel, url.message_ts) if url else None
        replaces = is_true(content.get("replace_original")) or is_true(content.get("delete_original"))
        public = content.get("response_type") == "in_channel" or (replaces and original is not None)
        reader = "" if public else url.user if url else "nobody"
        _add(workspace, "to Slack", "response_url", body, answer, status=status, began=began, only_for=reader)


def record_upload(workspace: Workspace, size: int, *, status: int, began: float) -> None:
    """Record the upload of a file; its content is not kept here."""
    with workspace.changed:
        _add(workspace, "to Slack", "upload", {"bytes": size}, None, status=status, began=began)


def record_delivery(
    workspace: Workspace, delivery: Delivery, answer: tuple[int, Any] | str, *, began: float, note: str = ""
) -> None:
    """Record one attempt to deliver to the bot. Only the person who acted may read what they typed."""
    status, body = (0, None) if isinstance(answer, str) else answer
    note = ", ".join(filter(None, [note, answer if isinstance(answer, str) else ""]))
    reader = "" if delivery.kind == "block_actions" and "message" in delivery.payload else delivery.user
    with workspace.changed:
        _add(
            workspace,
            "to the bot",
            delivery.kind,
            delivery.payload,
            body,
            status=status,
            began=began,
            only_for=reader,
            note=note,
        )


def _add(
    workspace: Workspace, direction: Direction, kind: str, request: Any, answer: Any, *, began: float, **more: Any
) -> None:
    took_ms, number, at = (monotonic() - began) * 1000, workspace.exchanges.total + 1, workspace.clock.now()
    workspace.exchanges.kept.append(Exchange(number, at, direction, kind, request, answer, took_ms=took_ms, **more))
    workspace.tell()


def _reader_of_call(workspace: Workspace, method: str, args: Json, answer: Any) -> str:
    """Return the only person who sees what a call shows; empty if it is for a whole channel."""
    team = workspace.team
    if method == "chat.postEphemeral":
        return str(args.get("user") or "nobody")
    if method == "views.publish":
        return str(args.get("user_id") or "nobody")
    if method.startswith("views."):
        trigger = workspace.callbacks.triggers.get(str(args.get("trigger_id")))
        view = workspace.views.views.get(str((answer or {}).get("view", {}).get("id") or args.get("view_id")))
        return trigger.user if trigger else view.user if view else "nobody"
    place = str(args.get("channel") or args.get("channel_id") or args.get("channels") or "")
    if place in team.users:
        return place
    channel = team.channels.get(place)
    return channel.im_with if channel else ""


def _parsed(value: Any) -> Any:
    with suppress(ValueError):
        return json.loads(value) if isinstance(value, str) else value
    return value
