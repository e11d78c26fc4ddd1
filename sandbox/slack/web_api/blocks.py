"""blocks.validate: Slack's check of blocks without sending them."""

from __future__ import annotations

import re
from typing import Any, Final

from sandbox.slack.base import InvalidBlocks, Json, SlackError
from sandbox.slack.validate import check_message_blocks, check_view
from sandbox.slack.web_api.registry import Args, json_arg, method
from sandbox.slack.workspace import Workspace

_KINDS: Final = ("blocks", "message", "view")
_PROBLEM: Final = re.compile(r"(?P<message>.*) \[json-pointer:(?P<pointer>[^\]]*)\]", re.DOTALL)


@method("blocks.validate")
def blocks_validate(workspace: Workspace, args: Args) -> Json:
    """Check blocks, a message or a view; each of them is JSON in a string."""
    given = [kind for kind in _KINDS if args.get(kind)]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    [kind] = given
    content = json_arg(args, kind, "invalid_arguments")
    try:
        _check(workspace, kind, content)
    except InvalidBlocks as error:
        problems = [_problem(each, "" if kind == "message" else f"/{kind}") for each in error.messages]
        raise SlackError(f"invalid_{kind}", errors=problems) from None
    return {}


def _check(workspace: Workspace, kind: str, content: Any) -> None:
    images = workspace.files.images()
    if kind == "view":
        check_view(content, images)
        return
    blocks = content.get("blocks") if kind == "message" and isinstance(content, dict) else content
    check_message_blocks(blocks, workspace.faults, images)


def _problem(text: str, root: str) -> Json:
    """Return a problem in the form of this method's answer: the pointer begins below ``root``."""
    found = _PROBLEM.fullmatch(text)
    message, pointer = (found["message"], found["pointer"]) if found else (text, root)
    return {"pointer": pointer.removeprefix(root), "code": "failed_constraint", "message": message}
