"""What the bot says without the Web API: the body of an ack, and posts to a response_url. Membership plays no part."""

from __future__ import annotations

from typing import Any

from sandbox.slack.callbacks import ResponseUrl
from sandbox.slack.errors import SlackError
from sandbox.slack.json_types import Json
from sandbox.slack.messages import Message
from sandbox.slack.methods import blocks_arg, is_true
from sandbox.slack.workspace import Workspace


def ack_body(workspace: Workspace, user: str, channel: str, body: Json | str) -> None:
    """Show what an ack of a command says: nothing, plain text, or a message. Raises SlackError."""
    content: Json = {"text": body} if isinstance(body, str) else body
    if content.get("text") or content.get("blocks"):
        _say(workspace, user, channel, content)


def use_response_url(workspace: Workspace, key: str, body: Any) -> None:
    """Do what a post to a response_url asks. Raises SlackError; a refused post has used the URL all the same."""
    url = workspace.callbacks.use_url(key)
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    if is_true(body.get("delete_original")):
        workspace.delete(_original(workspace, url))
        return
    if not body.get("text") and not body.get("blocks"):
        raise SlackError("no_text")
    if is_true(body.get("replace_original")) and url.message_ts:
        workspace.edit(_original(workspace, url), str(body.get("text") or ""), blocks_arg(body))
        return
    _say(workspace, url.user, url.channel, body)


def _original(workspace: Workspace, url: ResponseUrl) -> Message:
    """Return the message that the person acted on, an ephemeral too. A command comes from none."""
    message = workspace.messages.any(url.message_ts)
    if message is None:
        raise SlackError("message_not_found")
    return message


def _say(workspace: Workspace, user: str, channel: str, content: Json) -> None:
    only_for = "" if content.get("response_type") == "in_channel" else user
    text, blocks = str(content.get("text") or ""), blocks_arg(content)
    workspace.post(workspace.world.app.bot_user, channel, text, blocks, only_for=only_for)
