"""files.*: upload in three steps, describe and delete files.

Sources: docs.slack.dev/reference/methods. ``channel_id`` accepts no user id: slackapi/bolt-js issue 2115. Slack does
not document the error for a file that is completed twice or before its upload: here it is file_not_found.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sandbox.slack.base import Json, SlackError
from sandbox.slack.files import MAX_FILE_BYTES, File
from sandbox.slack.team import Channel
from sandbox.slack.web_api.registry import Args, blocks_arg, channel_arg, json_arg, method, need
from sandbox.slack.workspace import Workspace

MAX_ALT_TEXT_CHARACTERS: Final = 1_000
MAX_CHANNELS: Final = 100


@method("files.getUploadURLExternal", "files:write")
def get_upload_url(workspace: Workspace, args: Args) -> Json:
    """Return the upload path (the server adds its URL) and the file's id."""
    need(args, "filename")
    length = str(args.get("length") or "0")
    if not length.isdecimal():
        raise _invalid("input must be an integer [json-pointer:/length]")
    if int(length) == 0:
        raise SlackError("missing_argument")
    if int(length) > MAX_FILE_BYTES:
        raise SlackError("file_upload_size_restricted")
    if len(str(args.get("alt_txt") or "")) > MAX_ALT_TEXT_CHARACTERS:
        raise SlackError("alt_txt_too_large")
    file = workspace.files.ask(str(args["filename"]), int(length))
    return {"upload_url": f"/upload/{file.key}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write")
def complete_upload(workspace: Workspace, args: Args) -> Json:
    """Share uploaded files in one message in each channel; without a channel only the bot has them."""
    titles = _titles(args)
    files = [workspace.files.uploaded(file_id) for file_id in titles]
    channels = _channels(workspace, args)
    comment = str(args.get("initial_comment") or "")
    blocks = None if comment else blocks_arg(args)
    thread = str(args.get("thread_ts") or "")
    if thread and len(channels) != 1:
        raise SlackError("invalid_thread_ts")
    attached = [file.attached for file in files]
    for channel in channels:
        author = workspace.team.app.bot_user
        workspace.post(author, channel.id, comment, blocks, thread_ts=thread, files=attached)
    for file in files:
        file.title, file.completed = titles[file.id] or file.name, workspace.clock.now()
    return {"files": [_as_slack(workspace, file) for file in files]}


@method("files.info", "files:read")
def info(workspace: Workspace, args: Args) -> Json:
    """Describe a file; mimetype, filetype and shares are empty until it is ready."""
    need(args, "file")
    file = _as_slack(workspace, workspace.files.find(str(args["file"])))
    return {"file": file, "comments": [], "response_metadata": {"next_cursor": ""}}


@method("files.delete", "files:write")
def delete(workspace: Workspace, args: Args) -> Json:
    """Delete a file from all messages, and the messages that had no other content."""
    need(args, "file")
    file = workspace.files.find(str(args["file"]))
    file.deleted, file.content = True, b""
    workspace.drop_file(file.id)
    return {}


def _invalid(message: str) -> SlackError:
    return SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})


def _titles(args: Args) -> dict[str, str]:
    """Return the titles by file id, empty by default."""
    entries: Any = json_arg(args, "files", "invalid_arguments")
    if not (isinstance(entries, list) and entries and all(isinstance(e, dict) and e.get("id") for e in entries)):
        raise _invalid("missing required field: files")
    return {str(entry["id"]): str(entry.get("title") or "") for entry in entries}


def _channels(workspace: Workspace, args: Args) -> list[Channel]:
    """Return the channels to share in; ``channels`` accepts user ids too, ``channel_id`` does not."""
    channel_id = str(args.get("channel_id") or "")
    if channel_id and not re.fullmatch("[CGDZ][A-Z0-9]+", channel_id):
        raise _invalid("input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]")
    wanted = dict.fromkeys(filter(None, [channel_id, *str(args.get("channels") or "").split(",")]))
    if len(wanted) > MAX_CHANNELS:
        raise SlackError("channels_limit_exceeded")
    return [channel_arg(workspace, {"channel": one}) for one in wanted]


def _as_slack(workspace: Workspace, file: File) -> Json:
    team, ready = workspace.team, workspace.files.ready(file)
    shown = [m for m in workspace.messages.everything if ready and not m.gone and file.attached in m.files]
    places = {m.channel: team.channels[m.channel] for m in shown}
    public = {c.id for c in places.values() if not (c.is_private or c.im_with)}
    return {
        "id": file.id,
        "created": int(file.completed or 0),
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype if ready else "",
        "filetype": file.filetype if ready else "",
        "user": team.app.bot_user,
        "mode": "hosted",
        "size": file.length,
        "is_public": bool(public),
        "url_private": f"https://files.slack.com/files-pri/{team.team_id}-{file.id}/{file.name}",
        "permalink": f"https://{team.team_domain}.slack.com/files/{team.app.bot_user}/{file.id}/{file.name}",
        "channels": sorted(public),
        "groups": sorted(c.id for c in places.values() if c.is_private),
        "ims": sorted(c.id for c in places.values() if c.im_with),
        "shares": {
            kind: {m.channel: [{"ts": m.ts}] for m in shown if (m.channel in public) is (kind == "public")}
            for kind in ("public", "private")
            if any((m.channel in public) is (kind == "public") for m in shown)
        },
    }
