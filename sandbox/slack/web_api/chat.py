"""chat.*: post, update and delete messages and ephemerals."""

from __future__ import annotations

from typing import Final

from sandbox.slack.base import Json, SlackError
from sandbox.slack.messages import Message
from sandbox.slack.web_api.registry import Args, blocks_arg, channel_arg, method, need
from sandbox.slack.workspace import Workspace

MAX_UPDATE_CHARACTERS: Final = 4_000
MAX_POST_CHARACTERS: Final = 40_000
NO_FALLBACK: Final = "This content can't be displayed."


@method("chat.postMessage", "chat:write")
def post_message(workspace: Workspace, args: Args) -> Json:
    """Post to a channel. Text beyond 40,000 characters is cut off."""
    channel = channel_arg(workspace, args)
    text, blocks = _content(args)
    thread = str(args.get("thread_ts") or "")
    author = workspace.team.app.bot_user
    message = workspace.post(author, channel.id, text[:MAX_POST_CHARACTERS], blocks, thread_ts=thread)
    return {"channel": channel.id, "ts": message.ts, "message": _as_slack(workspace, message)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(workspace: Workspace, args: Args) -> Json:
    """Post an ephemeral to one member of a channel."""
    channel = channel_arg(workspace, args)
    user = str(args.get("user") or "")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(args)
    message = workspace.post(workspace.team.app.bot_user, channel.id, text[:MAX_POST_CHARACTERS], blocks, only_for=user)
    return {"message_ts": message.ts}


@method("chat.update", "chat:write")
def update(workspace: Workspace, args: Args) -> Json:
    """Replace one of the bot's messages; ``text`` without ``blocks`` deletes the blocks."""
    message = _own_message(workspace, args, "cant_update_message")
    text, blocks = _content(args)
    if len(text) > MAX_UPDATE_CHARACTERS:
        raise SlackError("msg_too_long")
    workspace.edit(message, text, blocks)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": _as_slack(workspace, message),
    }


@method("chat.delete", "chat:write")
def delete(workspace: Workspace, args: Args) -> Json:
    """Delete one of the bot's messages."""
    message = _own_message(workspace, args, "cant_delete_message")
    workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def _own_message(workspace: Workspace, args: Args, error: str) -> Message:
    need(args, "channel", "ts")
    channel = workspace.team.channels.get(str(args["channel"]))
    if channel is None:
        raise SlackError("channel_not_found")
    message = workspace.messages.public(channel.id, str(args["ts"]))
    if message is None:
        raise SlackError("message_not_found")
    if message.user != workspace.team.app.bot_user:
        raise SlackError(error)
    return message


def _content(args: Args) -> tuple[str, list[Json] | None]:
    text, blocks = str(args.get("text") or ""), blocks_arg(args)
    if not text and not blocks:
        raise SlackError("no_text")
    return text or NO_FALLBACK, blocks


def _as_slack(workspace: Workspace, message: Message) -> Json:
    app = workspace.team.app
    return message.as_slack(app.bot_user, app.bot_id)
