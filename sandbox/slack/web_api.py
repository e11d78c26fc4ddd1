"""One call of the Web API, apart from HTTP: token, scope, rate limit, method. Everything that Slack would refuse is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sandbox.slack import methods_chat, methods_files, methods_read, methods_views
from sandbox.slack.errors import SlackError
from sandbox.slack.json_types import Json
from sandbox.slack.methods import METHODS, Args, Method
from sandbox.slack.workspace import Call, Workspace

REGISTERED: Final = (methods_chat, methods_files, methods_read, methods_views)
"""Importing them fills METHODS."""

TOO_MANY: Final = 429


@dataclass
class Answer:
    """An HTTP answer; ``body`` is JSON."""

    body: Json
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def call(workspace: Workspace, name: str, token: str, args: Args) -> Answer:
    """Answer one call. Never raises for what the caller sent."""
    with workspace.changed:
        try:
            answer = _call(workspace, name, token, args)
        except SlackError as error:
            answer = Answer(error.body())
        answer.headers["x-oauth-scopes"] = ",".join(sorted(workspace.world.app.scopes))
        if name in METHODS:
            answer.headers["x-accepted-oauth-scopes"] = METHODS[name].scope
        workspace.calls.append(Call(name, args, answer.status, answer.body))
        workspace.tell()
        return answer


def _call(workspace: Workspace, name: str, token: str, args: Args) -> Answer:
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    _authorise(workspace, method, token)
    storm = workspace.faults.take("rate_limited", name)
    channel = str(args.get("channel") or "")
    seconds = max(1, round(storm.seconds)) if storm else 0
    seconds = seconds or workspace.limits.retry_after(name, channel, workspace.clock.now())
    if seconds:
        return Answer({"ok": False, "error": "ratelimited"}, TOO_MANY, {"Retry-After": str(seconds)})
    fault = workspace.faults.take("error", name)
    if fault is not None:
        raise SlackError(fault.code)
    return Answer({"ok": True, **method.function(workspace, args)})


def _authorise(workspace: Workspace, method: Method, token: str) -> None:
    app = workspace.world.app
    if not token:
        raise SlackError("not_authed")
    if token not in {app.bot_token, app.app_token}:
        raise SlackError("invalid_auth")
    if (token == app.app_token) != method.app_token:
        raise SlackError("not_allowed_token_type")
    if method.scope and method.scope not in app.scopes:
        raise SlackError("missing_scope", needed=method.scope, provided=",".join(sorted(app.scopes)))
