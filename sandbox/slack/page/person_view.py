"""What one person sees, as JSON for their window: nobody else's private messages, forms or files are in it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Final, TypeVar

from sandbox.slack.base import Json
from sandbox.slack.messages import Message
from sandbox.slack.transcript import TranscriptEntry
from sandbox.slack.workspace import Workspace, sees_message

Shown = TypeVar("Shown", Message, TranscriptEntry)
MAX_ITEMS: Final = 400
"""How many of the newest messages of each channel a window shows."""


def items(workspace: Workspace, user: str) -> Iterator[tuple[str, str, Callable[[], Json]]]:
    """Return the messages and notes that a person sees: key, version and what makes the content, oldest first.

    Hold ``workspace.changed``. A message whose version is the same is the same.
    """
    for message in _newest(m for m in workspace.messages.everything if sees_message(workspace, user, m)):
        version = f"{message.edited_ts}/{len(message.revisions)}/{len(message.files)}"
        yield message.ts, version, partial(_message, workspace, message)
    for entry in _newest(e for e in workspace.transcript.entries if _is_note(e, user)):
        yield f"n{entry.number}", "", partial(_note, entry)


def _newest(entries: Iterable[Shown]) -> Iterator[Shown]:
    kept: defaultdict[str, deque[Shown]] = defaultdict(lambda: deque(maxlen=MAX_ITEMS))
    for each in entries:
        kept[each.channel].append(each)
    return chain.from_iterable(kept.values())


def team(workspace: Workspace, user: str) -> Json:
    """Return the people, the groups, the channels that a person is in, and the app."""
    found = workspace.team
    bot = found.users[found.app.bot_user]
    mine = [c for c in found.channels.values() if user in c.members]
    return {
        "people": [
            {"id": u.id, "name": u.name, "realName": u.real_name, "isBot": u.is_bot} for u in found.users.values()
        ],
        "groups": [{"id": g.id, "handle": g.handle, "users": g.users} for g in found.groups.values()],
        "channels": [
            {
                "id": c.id,
                "name": c.name,
                "isPrivate": c.is_private,
                "isDirect": bool(c.im_with),
                "members": sorted(c.members - {bot.id}),
                "hasBot": bot.id in c.members,
            }
            for c in mine
        ],
        "bot": {"id": bot.id, "name": bot.name, "realName": bot.real_name, "command": found.app.command},
        "shortcuts": [{"id": key, "name": name} for key, name in found.app.shortcuts.items()],
    }


def modals(workspace: Workspace, user: str) -> list[Json]:
    """Return a person's open modals; the last one is on top."""
    return [
        {"id": view.id, "hash": view.hash, "content": view.content, "errors": view.errors}
        for view in workspace.views.stack(user)
    ]


def home(workspace: Workspace, user: str) -> Json | None:
    """Return a person's Home tab; None if the bot has published none."""
    view = workspace.views.homes.get(user)
    return {"id": view.id, "hash": view.hash, "blocks": view.content["blocks"]} if view else None


def _message(workspace: Workspace, message: Message) -> Json:
    images = workspace.files.images()
    return {
        "kind": "message",
        "key": message.ts,
        "channel": message.channel,
        "user": message.user,
        "at": float(message.ts),
        "text": message.text,
        "blocks": message.blocks,
        "private": bool(message.only_for),
        "edited": bool(message.edited_ts),
        "thread": message.thread_ts,
        "edits": [{"text": text, "blocks": blocks} for text, blocks in message.revisions],
        "files": [
            {"id": file.id, "name": file.name, "size": file.size, "isImage": file.id in images}
            for file in message.files
        ],
    }


def _is_note(entry: TranscriptEntry, user: str) -> bool:
    """Return whether an entry is a command that the person typed, or an error that Slack shows them in a channel."""
    return entry.kind in {"typed", "error"} and entry.who == user and not entry.ts


def _note(entry: TranscriptEntry) -> Json:
    return {
        "kind": entry.kind,
        "key": f"n{entry.number}",
        "channel": entry.channel,
        "user": entry.who,
        "at": entry.at,
        "text": entry.text,
        "private": True,
    }
