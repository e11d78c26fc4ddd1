"""The webhooks of swarmbot.yml with the environment variables in them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bot.config import Config
from bot.config.models import Severity, WebhookKind
from bot.errors import Misconfigured
from bot.secrets.secret import Secret

PAGERDUTY_URL: Final = "https://events.pagerduty.com/v2/enqueue"
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Target:
    """The address of a webhook, and what is sent to it."""

    name: str
    """Its key in swarmbot.yml."""
    kind: WebhookKind
    url: Secret
    key: Secret | None
    """PagerDuty's routing key."""
    severities: Collection[Severity]
    clusters: Collection[str]


def targets(config: Config, environment: Mapping[str, str] = os.environ) -> tuple[Target, ...]:
    """Return the webhooks. Raise Misconfigured, without values, if a variable is not set or a URL is not valid."""
    return tuple(
        Target(
            name,
            each.kind,
            _url(name, _expanded(name, each.url, environment) if each.url else PAGERDUTY_URL),
            Secret(_expanded(name, each.key, environment)) if each.key else None,
            each.severities,
            each.clusters or tuple(config.clusters),
        )
        for name, each in config.watch.webhooks.items()
    )


def _url(name: str, text: str) -> Secret:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise Misconfigured(
            f"The URL of the webhook `{name}` is not valid.",
            next_step="Set `url` in swarmbot.yml, or the variable in it, to a URL that begins with `https://`.",
        )
    return Secret(text)


def _expanded(name: str, text: Secret, environment: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if not (set_to := environment.get(found[1], "").strip()):
            raise Misconfigured(
                f"{found[1]} is not set, which the webhook `{name}` of swarmbot.yml needs.",
                next_step="Set it in the environment of `watch`.",
            )
        return set_to

    return _VARIABLE.sub(value, text.reveal())
