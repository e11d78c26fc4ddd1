"""auth.test, users, user groups and conversations."""

from __future__ import annotations

from sandbox.slack.errors import SlackError
from sandbox.slack.json_types import Json
from sandbox.slack.methods import Args, channel_arg, is_true, method
from sandbox.slack.workspace import Workspace
from sandbox.slack.world import Channel, Group


@method("api.test")
def api_test(_workspace: Workspace, args: Args) -> Json:
    """Say that Slack is there."""
    return {"args": args}


@method("auth.test")
def auth_test(workspace: Workspace, _args: Args) -> Json:
    """Say whose token this is."""
    world = workspace.world
    return {
        "url": f"https://{world.team_domain}.slack.com/",
        "team": world.team_domain,
        "team_id": world.team_id,
        "user": world.users[world.app.bot_user].name,
        "user_id": world.app.bot_user,
        "bot_id": world.app.bot_id,
        "is_enterprise_install": False,
    }


@method("users.info", "users:read")
def users_info(workspace: Workspace, args: Args) -> Json:
    """Describe a person."""
    user = workspace.world.users.get(str(args.get("user") or ""))
    if user is None:
        raise SlackError("user_not_found")
    return {
        "user": {
            "id": user.id,
            "team_id": workspace.world.team_id,
            "name": user.name,
            "deleted": user.deleted,
            "real_name": user.real_name,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "is_bot": user.is_bot,
            "profile": {"real_name": user.real_name, "display_name": user.name},
        },
    }


@method("usergroups.list", "usergroups:read")
def usergroups_list(workspace: Workspace, args: Args) -> Json:
    """List the user groups, with their members if ``include_users`` is set."""
    with_users = is_true(args.get("include_users"))
    with_disabled = is_true(args.get("include_disabled"))
    groups = [group for group in workspace.world.groups.values() if with_disabled or not group.disabled]
    return {"usergroups": [_group(workspace, group, with_users=with_users) for group in groups]}


@method("usergroups.users.list", "usergroups:read")
def usergroups_users_list(workspace: Workspace, args: Args) -> Json:
    """List a user group's members."""
    group = workspace.world.groups.get(str(args.get("usergroup") or ""))
    if group is None or (group.disabled and not is_true(args.get("include_disabled"))):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


@method("conversations.info", "channels:read")
def conversations_info(workspace: Workspace, args: Args) -> Json:
    """Describe a channel."""
    return {"channel": _channel(workspace, channel_arg(workspace, args, bot_inside=False))}


@method("conversations.members", "channels:read")
def conversations_members(workspace: Workspace, args: Args) -> Json:
    """List a channel's members, all on one page."""
    channel = channel_arg(workspace, args, bot_inside=False)
    return {"members": sorted(channel.members), "response_metadata": {"next_cursor": ""}}


@method("conversations.open", "im:write")
def conversations_open(workspace: Workspace, args: Args) -> Json:
    """Open the direct messages with one person."""
    user = str(args.get("users") or "")
    if user not in workspace.world.users:
        raise SlackError("user_not_found")
    return {"channel": {"id": workspace.world.direct(user).id}}


@method("conversations.history", "channels:history")
def conversations_history(workspace: Workspace, args: Args) -> Json:
    """List a channel's messages, the newest first: no ephemerals."""
    app = workspace.world.app
    channel = channel_arg(workspace, args)
    found = [m.as_slack(app.bot_user, app.bot_id) for m in reversed(workspace.messages.history(channel.id))]
    return {"messages": found, "has_more": False}


def _group(workspace: Workspace, group: Group, *, with_users: bool) -> Json:
    return {
        "id": group.id,
        "team_id": workspace.world.team_id,
        "is_usergroup": True,
        "name": group.handle,
        "handle": group.handle,
        "date_delete": int(group.disabled),
        "user_count": len(group.users),
        **({"users": list(group.users)} if with_users else {}),
    }


def _channel(workspace: Workspace, channel: Channel) -> Json:
    if channel.im_with:
        return {"id": channel.id, "is_im": True, "user": channel.im_with}
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": workspace.world.app.bot_user in channel.members,
        "num_members": len(channel.members),
    }
