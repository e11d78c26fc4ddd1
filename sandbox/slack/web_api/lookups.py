"""Methods that read: auth.test, users, user groups and conversations."""

from __future__ import annotations

from sandbox.slack.base import Json, SlackError
from sandbox.slack.team import Channel, Group
from sandbox.slack.web_api.registry import Args, channel_arg, is_true, method
from sandbox.slack.workspace import Workspace


@method("api.test")
def api_test(_workspace: Workspace, args: Args) -> Json:
    """Return the arguments."""
    return {"args": args}


@method("auth.test")
def auth_test(workspace: Workspace, _args: Args) -> Json:
    """Return the bot that the token belongs to."""
    team = workspace.team
    return {
        "url": f"https://{team.team_domain}.slack.com/",
        "team": team.team_domain,
        "team_id": team.team_id,
        "user": team.users[team.app.bot_user].name,
        "user_id": team.app.bot_user,
        "bot_id": team.app.bot_id,
        "is_enterprise_install": False,
    }


@method("users.info", "users:read")
def users_info(workspace: Workspace, args: Args) -> Json:
    """Describe a person."""
    user = workspace.team.users.get(str(args.get("user") or ""))
    if user is None:
        raise SlackError("user_not_found")
    return {
        "user": {
            "id": user.id,
            "team_id": workspace.team.team_id,
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
    """List the user groups, with members if ``include_users`` is true."""
    with_users = is_true(args.get("include_users"))
    with_disabled = is_true(args.get("include_disabled"))
    groups = [group for group in workspace.team.groups.values() if with_disabled or not group.disabled]
    return {"usergroups": [_group(workspace, group, with_users=with_users) for group in groups]}


@method("usergroups.users.list", "usergroups:read")
def usergroups_users_list(workspace: Workspace, args: Args) -> Json:
    """List the members of a user group."""
    group = workspace.team.groups.get(str(args.get("usergroup") or ""))
    if group is None or (group.disabled and not is_true(args.get("include_disabled"))):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


@method("conversations.info", "channels:read")
def conversations_info(workspace: Workspace, args: Args) -> Json:
    """Describe a channel."""
    return {"channel": _channel(workspace, channel_arg(workspace, args, bot_inside=False))}


@method("conversations.members", "channels:read")
def conversations_members(workspace: Workspace, args: Args) -> Json:
    """List the members of a channel, all on one page."""
    channel = channel_arg(workspace, args, bot_inside=False)
    return {"members": sorted(channel.members), "response_metadata": {"next_cursor": ""}}


@method("conversations.open", "im:write")
def conversations_open(workspace: Workspace, args: Args) -> Json:
    """Open the direct messages with one person."""
    user = str(args.get("users") or "")
    if user not in workspace.team.users:
        raise SlackError("user_not_found")
    return {"channel": {"id": workspace.team.direct(user).id}}


@method("conversations.history", "channels:history")
def conversations_history(workspace: Workspace, args: Args) -> Json:
    """List a channel's messages without ephemerals, newest first."""
    app = workspace.team.app
    channel = channel_arg(workspace, args)
    found = [m.as_slack(app.bot_user, app.bot_id) for m in reversed(workspace.messages.history(channel.id))]
    return {"messages": found, "has_more": False}


def _group(workspace: Workspace, group: Group, *, with_users: bool) -> Json:
    return {
        "id": group.id,
        "team_id": workspace.team.team_id,
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
        "is_member": workspace.team.app.bot_user in channel.members,
        "num_members": len(channel.members),
    }
