"""Handles the bot's answers outside the Web API: acks, missing acks, and posts to response_urls.

The bot need not be a member of the channel.
"""

from __future__ import annotations

from typing import Any

from sandbox.slack.base import Json, SlackError
from sandbox.slack.callbacks import ResponseUrl
from sandbox.slack.delivery import Delivery
from sandbox.slack.messages import Message
from sandbox.slack.validate import inputs_of
from sandbox.slack.views import View
from sandbox.slack.web_api.registry import blocks_arg, is_true
from sandbox.slack.web_api.views import show_view, view_content
from sandbox.slack.workspace import Workspace


def show_ack_body(workspace: Workspace, user: str, channel: str, body: Json | str, *, response_url: str = "") -> None:
    """Show the ack of a command: nothing, plain text, or a message. Raise SlackError if Slack would refuse it."""
    content: Json = {"text": body} if isinstance(body, str) else body
    if content.get("text") or content.get("blocks"):
        _say(workspace, user, channel, content, response_url)


def use_response_url(workspace: Workspace, key: str, body: Any) -> None:
    """Handle a post to a response_url. Raise SlackError if Slack would refuse it; a refused post counts as a use."""
    url = workspace.callbacks.use_url(key)
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    if is_true(body.get("delete_original")):
        workspace.delete(_original(workspace, url))
        return
    if not body.get("text") and not body.get("blocks"):
        raise SlackError("no_text")
    if is_true(body.get("replace_original")) and url.message_ts:
        original = _original(workspace, url)
        workspace.edit(original, str(body.get("text") or ""), blocks_arg(body), response_url=key)
        return
    _say(workspace, url.user, url.channel, body, key)


def _original(workspace: Workspace, url: ResponseUrl) -> Message:
    """Return the message or ephemeral that the person acted on. Raise SlackError if there is none."""
    message = workspace.messages.any(url.message_ts)
    if message is None:
        raise SlackError("message_not_found")
    return message


def _say(workspace: Workspace, user: str, channel: str, content: Json, response_url: str) -> None:
    only_for = "" if content.get("response_type") == "in_channel" else user
    text, blocks = str(content.get("text") or ""), blocks_arg(content)
    bot = workspace.team.app.bot_user
    workspace.post(bot, channel, text, blocks, only_for=only_for, response_url=response_url)


def show_failure(workspace: Workspace, delivery: Delivery, error: str) -> None:
    """Show the person that the app did not answer; a failed event is not shown."""
    delivery.error = error
    if delivery.kind == "event":
        return
    what = workspace.team.app.command if delivery.kind == "command" else delivery.kind
    workspace.note("error", delivery.user, delivery.channel, f"{what} failed with the error: {error}")


def show_ack(workspace: Workspace, delivery: Delivery) -> None:
    """Show the body of the ack. Raise SlackError if Slack would refuse it."""
    if delivery.kind == "command":
        key = delivery.response_url.rpartition("/")[2]
        show_ack_body(workspace, delivery.user, delivery.channel, delivery.body, response_url=key)
    if delivery.kind == "view_submission":
        _submitted(workspace, delivery)


def _submitted(workspace: Workspace, delivery: Delivery) -> None:
    view = workspace.views.views[delivery.view_id]
    body: Json = delivery.body if isinstance(delivery.body, dict) else {}
    action = body.get("response_action")
    if action == "errors":
        _errors(workspace, view, body.get("errors") or {})
    elif action == "update":
        show_view(workspace, workspace.views.update(view, view_content(workspace, body.get("view"))))
    elif action == "push":
        show_view(workspace, workspace.views.open(view.user, view_content(workspace, body.get("view")), push=True))
    elif action == "clear":
        workspace.views.close(view.user)
    elif action is None:
        view.open = False
    else:
        raise SlackError("dispatch_failed")
    if not view.open:
        workspace.note("modal closed", view.user, "", view.content["title"]["text"], view.id)


def _errors(workspace: Workspace, view: View, errors: Json) -> None:
    """Show errors beside inputs. Raise SlackError if one belongs to no input of the view."""
    labels = {block["block_id"]: block["label"]["text"] for block in inputs_of(view.content["blocks"])}
    if not errors or not errors.keys() <= labels.keys():
        raise SlackError("dispatch_failed")
    view.errors = {block_id: str(words) for block_id, words in errors.items()}
    lines = [f"{labels[block_id]}: {words}" for block_id, words in errors.items()]
    workspace.note("error", view.user, "", "\n".join(lines), view.id)
