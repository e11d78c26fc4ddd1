"""One call of the Web API without HTTP: check token, scope and rate limit, then run the method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sandbox.slack.base import Json, SlackError
from sandbox.slack.web_api import blocks, chat, files, lookups, views
from sandbox.slack.web_api.registry import METHODS, Args, Method
from sandbox.slack.workspace import Call, Workspace

REGISTERED: Final = (blocks, chat, files, lookups, views)
"""Importing these modules fills METHODS."""

HTTP_TOO_MANY_REQUESTS: Final = 429


@dataclass
class Answer:
    """An HTTP answer with a JSON body."""

    body: Json
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def call(workspace: Workspace, name: str, token: str, args: Args) -> Answer:
    """Answer one call; wrong arguments become an error in the answer."""
    with workspace.changed:
        try:
            answer = _call(workspace, name, token, args)
        except SlackError as error:
            answer = Answer(error.body())
        answer.headers["x-oauth-scopes"] = ",".join(sorted(workspace.team.app.scopes))
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
    rate_limited = workspace.faults.take("rate_limited", name)
    channel = str(args.get("channel") or "")
    seconds = max(1, round(rate_limited.seconds)) if rate_limited else 0
    seconds = seconds or workspace.limits.retry_after(name, channel, workspace.clock.now())
    if seconds:
        return Answer({"ok": False, "error": "ratelimited"}, HTTP_TOO_MANY_REQUESTS, {"Retry-After": str(seconds)})
    fault = workspace.faults.take("error", name)
    if fault is not None:
        raise SlackError(fault.code)
    return Answer({"ok": True, **method.function(workspace, args)})


def _authorise(workspace: Workspace, method: Method, token: str) -> None:
    app = workspace.team.app
    if not token:
        raise SlackError("not_authed")
    if token not in {app.bot_token, app.app_token}:
        raise SlackError("invalid_auth")
    if (token == app.app_token) != method.app_token:
        raise SlackError("not_allowed_token_type")
    if method.scope and method.scope not in app.scopes:
        raise SlackError("missing_scope", needed=method.scope, provided=",".join(sorted(app.scopes)))
