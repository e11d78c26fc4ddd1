"""Who has what before their eyes now."""

from __future__ import annotations

from sandbox.slack.messages import Message
from sandbox.slack.pictures import pictures_in
from sandbox.slack.workspace import Workspace


def sees_message(workspace: Workspace, user: str, message: Message) -> bool:
    """Say whether a person (an id) sees a message or an ephemeral that is not gone."""
    if message.gone:
        return False
    if message.only_for:
        return message.only_for == user
    return user in workspace.world.channels[message.channel].members


def sees_file(workspace: Workspace, user: str, file_id: str) -> bool:
    """Say whether a person sees a file: in a message that carries it, or as a picture in a message, modal or Home."""
    views = [*workspace.views.stack(user), *filter(None, [workspace.views.homes.get(user)])]
    messages = [m for m in workspace.messages.everything if sees_message(workspace, user, m)]
    shown = {file.id for message in messages for file in message.files}
    for blocks in [*(m.blocks for m in messages), *(v.content["blocks"] for v in views)]:
        shown |= {picture for _, picture in pictures_in(blocks)}
    return file_id in shown
