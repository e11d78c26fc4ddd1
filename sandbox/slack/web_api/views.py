"""views.*: modals and the Home tab."""

from __future__ import annotations

from sandbox.slack.base import Json, SlackError
from sandbox.slack.render import shown
from sandbox.slack.validate import check_view
from sandbox.slack.views import View
from sandbox.slack.web_api.registry import Args, json_arg, method, need
from sandbox.slack.workspace import Workspace, with_ids


@method("views.open")
def views_open(workspace: Workspace, args: Args) -> Json:
    """Open a modal for the person with this trigger id, which is valid once and for three seconds."""
    return _open(workspace, args, push=False)


@method("views.push")
def views_push(workspace: Workspace, args: Args) -> Json:
    """Open a modal on top of the open one."""
    return _open(workspace, args, push=True)


@method("views.update")
def views_update(workspace: Workspace, args: Args) -> Json:
    """Replace an open modal, if ``hash`` is empty or matches."""
    content = view_content(workspace, json_arg(args, "view", "invalid_arguments"))
    view = workspace.views.find(str(args.get("view_id") or ""), str(args.get("external_id") or ""))
    workspace.views.update(view, content, str(args.get("hash") or ""))
    return show_view(workspace, view)


@method("views.publish")
def views_publish(workspace: Workspace, args: Args) -> Json:
    """Set a person's Home tab."""
    need(args, "user_id")
    if str(args["user_id"]) not in workspace.team.users:
        raise SlackError("user_not_found")
    content = view_content(workspace, json_arg(args, "view", "invalid_arguments"))
    view = workspace.views.publish(str(args["user_id"]), content, str(args.get("hash") or ""))
    return show_view(workspace, view)


def view_content(workspace: Workspace, view: Json | None) -> Json:
    """Return a view as Slack stores it. Raise SlackError if Slack would refuse it."""
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments")
    check_view(view, workspace.files.images())
    return {**view, "blocks": with_ids(view["blocks"])}


def show_view(workspace: Workspace, view: View) -> Json:
    """Record in the transcript that the person sees the view; return Slack's answer."""
    content, blocks = view.content, view.content["blocks"]
    if content["type"] == "home":
        workspace.note("home", view.user, "", shown("", blocks), view.id, blocks=blocks)
    else:
        words = f"{content['title']['text']}\n{shown('', blocks)}"
        workspace.note("modal", view.user, "", words, view.id, blocks=blocks)
    team = workspace.team
    return {"view": view.as_slack(team.team_id, team.app.id)}


def _open(workspace: Workspace, args: Args, *, push: bool) -> Json:
    content = view_content(workspace, json_arg(args, "view", "invalid_arguments"))
    need(args, "trigger_id")
    trigger = workspace.callbacks.use_trigger(str(args["trigger_id"]))
    return show_view(workspace, workspace.views.open(trigger.user, content, push=push))
