"""What a person sees of a delivery once the bot acknowledged it, or did not."""

from __future__ import annotations

from sandbox.slack.delivery import Delivery
from sandbox.slack.errors import SlackError
from sandbox.slack.json_types import Json
from sandbox.slack.methods_views import show_view, view_content
from sandbox.slack.respond import ack_body
from sandbox.slack.views import View
from sandbox.slack.workspace import Workspace


def take_failure(workspace: Workspace, delivery: Delivery, error: str) -> None:
    """Show the person that the app did not answer; nobody is shown a failed event."""
    delivery.error = error
    if delivery.kind == "event":
        return
    what = workspace.world.app.command if delivery.kind == "command" else delivery.kind
    workspace.note("error", delivery.user, delivery.channel, f"{what} failed with the error “{error}”")


def take_ack(workspace: Workspace, delivery: Delivery) -> None:
    """Show what the body of the ack says. Raises SlackError when it says what Slack would not show."""
    if delivery.kind == "command":
        ack_body(workspace, delivery.user, delivery.channel, delivery.body)
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
    """Show errors beside inputs. Raises SlackError when one names a block that is no input of the view."""
    inputs = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
    if not errors or not set(errors) <= inputs:
        raise SlackError("dispatch_failed")
    lines = [f"{block_id}: {words}" for block_id, words in errors.items()]
    workspace.note("error", view.user, "", "\n".join(lines), view.id)
