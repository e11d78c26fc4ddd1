"""Environment variables and swarmbot.yml: there, and well-formed. Values that may be secret are never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.doctor.finding import Finding, look_here, well, wrong
from bot.doctor.resources import Resources
from bot.secrets.secret import Secret
from bot.text.suggest import listed

WHERE: Final = "Slack shows it at https://api.slack.com/apps → your app → "
BOT_TOKEN_PAGE: Final = f"{WHERE}OAuth & Permissions → Bot User OAuth Token (xoxb-…)."
APP_TOKEN_PAGE: Final = f"{WHERE}Basic Information → App-Level Tokens (xapp-…, scope connections:write)."
SECRET_PAGE: Final = f"{WHERE}Basic Information → Signing Secret (32 letters and digits)."
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def bot_token(resources: Resources) -> Iterator[Finding]:
    """SLACK_BOT_TOKEN, which every process needs."""
    token = resources.settings.slack_bot_token
    if token is None:
        yield wrong("SLACK_BOT_TOKEN is not set.", BOT_TOKEN_PAGE)
    else:
        yield _formed("SLACK_BOT_TOKEN", token, r"xoxb-[A-Za-z0-9-]{8,}", BOT_TOKEN_PAGE)


def way_in(resources: Resources) -> Iterator[Finding]:
    """The signing secret (HTTP), the app token (Socket Mode), or both."""
    secret, token = resources.settings.slack_signing_secret, resources.settings.slack_app_token
    if secret is None and token is None:
        yield wrong(
            "Neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set, so no command can come in.",
            f"For `web` set the first, for `socket` the second. {SECRET_PAGE} {APP_TOKEN_PAGE}",
        )
    if secret is not None:
        yield _formed("SLACK_SIGNING_SECRET", secret, r"[0-9a-f]{32}", SECRET_PAGE)
    if token is not None:
        yield _formed("SLACK_APP_TOKEN", token, r"xapp-[A-Za-z0-9-]{8,}", APP_TOKEN_PAGE)


def api_url(resources: Resources) -> Iterator[Finding]:
    """SLACK_API_URL, to which the token is sent."""
    parts = urlsplit(resources.settings.slack_api_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield wrong("SLACK_API_URL is no http(s) address.", "Unset it: the default is Slack's own.")
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield look_here(
            f"SLACK_API_URL sends the bot's token unencrypted to {parts.hostname}.", "Use https, or unset it."
        )


def second_factor(resources: Resources) -> Iterator[Finding]:
    """SWARMBOT_SECRET_KEY, where a rule asks for a second factor."""
    config = resources.config
    rules = {f"rules.approvals.{subject}": rule for subject, rule in config.rules.approvals.items()}
    for name, cluster in config.clusters.items():
        rules |= {f"clusters.{name}.approvals.{subject}": rule for subject, rule in cluster.approvals.items()}
    asking = [place for place, rule in rules.items() if rule.second_factor == "totp"]
    if not asking:
        return
    if resources.settings.swarmbot_secret_key is None:
        yield wrong(
            f"SWARMBOT_SECRET_KEY is not set, so nobody has the second factor that is asked for by {listed(asking)}.",
            "Make one with `openssl rand -base64 32` and set it for `web` and `worker` alike; keep a copy.",
        )
    else:
        yield well("SWARMBOT_SECRET_KEY is set, and approvals ask for a second factor.")


def config(resources: Resources) -> Iterator[Finding]:
    """swarmbot.yml."""
    clusters = resources.config.clusters
    hosts = sum(len(cluster.hosts) for cluster in clusters.values())
    yield well(f"{resources.settings.config_path} loads. Clusters: {listed(clusters)}. Hosts: {hosts}.")


def _formed(name: str, value: Secret, pattern: str, page: str) -> Finding:
    text = value.reveal()
    if re.fullmatch(pattern, text):
        return well(f"{name} is set.")
    if text.strip("\"'") != text:
        return wrong(f"{name} has quotes in it.", "Set it without them.")
    return wrong(f"{name} does not look like what Slack gives out.", page)
