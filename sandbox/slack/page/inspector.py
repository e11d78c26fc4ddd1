"""Exchanges between Slack and the bot as the inspector shows them: raw, with secrets masked.

Private content is only in the window of its reader; other windows show that it was sent.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from bot.secrets.redact import redact
from bot.secrets.secret import MASK
from sandbox.slack.base import Json
from sandbox.slack.exchanges import Exchange
from sandbox.slack.team import Team

_URL_KEY: Final = re.compile(r"(/(?:response|upload)/|[?&]ticket=)[\w-]+")


def as_shown(exchange: Exchange, team: Team, user: str) -> Json:
    """Return an exchange for the window of a person (a user id)."""
    hidden = bool(exchange.only_for) and exchange.only_for != user
    return {
        "number": exchange.number,
        "at": exchange.at,
        "direction": exchange.direction,
        "kind": exchange.kind,
        "status": exchange.status,
        "tookMs": round(exchange.took_ms, 1),
        "note": exchange.note,
        "onlyFor": exchange.only_for,
        "hidden": hidden,
        "request": None if hidden else masked(exchange.request, team),
        "answer": None if hidden else masked(exchange.answer, team),
    }


def masked(value: Any, team: Team) -> Any:
    """Return JSON with its secrets masked: tokens by their form, the app's own, and keys of URLs."""
    text = redact(json.dumps(value, default=str))
    for secret in (team.app.bot_token, team.app.app_token, team.app.signing_secret, team.app.verification_token):
        text = text.replace(secret, MASK)
    return json.loads(_URL_KEY.sub(rf"\1{MASK}", text))
