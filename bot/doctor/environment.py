"""Environment variables and swarmbot.yml: set and well-formed. Values that may be secret are never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.doctor.finding import DoctorFinding, ok, problem, warning
from bot.doctor.resources import Resources
from bot.pictures.fonts import FOLDER
from bot.secrets.secret import Secret
from bot.text.suggest import listed

PLACE: Final = "Slack shows it at https://api.slack.com/apps → your app → "
BOT_TOKEN_PAGE: Final = f"{PLACE}OAuth & Permissions → Bot User OAuth Token (xoxb-…)."
APP_TOKEN_PAGE: Final = f"{PLACE}Basic Information → App-Level Tokens (xapp-…, scope connections:write)."
SECRET_PAGE: Final = f"{PLACE}Basic Information → Signing Secret (32 hexadecimal digits)."
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def bot_token(resources: Resources) -> Iterator[DoctorFinding]:
    """SLACK_BOT_TOKEN, which every process needs."""
    token = resources.settings.slack_bot_token
    if token is None:
        yield problem("SLACK_BOT_TOKEN is not set.", BOT_TOKEN_PAGE)
    else:
        yield _formed("SLACK_BOT_TOKEN", token, r"xoxb-[A-Za-z0-9-]{8,}", BOT_TOKEN_PAGE)


def request_source(resources: Resources) -> Iterator[DoctorFinding]:
    """The signing secret (HTTP), the app token (Socket Mode), or both."""
    secret, token = resources.settings.slack_signing_secret, resources.settings.slack_app_token
    if secret is None and token is None:
        yield problem(
            "Neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set: Swarmbot can receive no command.",
            f"Set the first for `web`, the second for `socket`. {SECRET_PAGE} {APP_TOKEN_PAGE}",
        )
    if secret is not None:
        yield _formed("SLACK_SIGNING_SECRET", secret, r"[0-9a-f]{32}", SECRET_PAGE)
    if token is not None:
        yield _formed("SLACK_APP_TOKEN", token, r"xapp-[A-Za-z0-9-]{8,}", APP_TOKEN_PAGE)


def api_url(resources: Resources) -> Iterator[DoctorFinding]:
    """SLACK_API_URL, to which the token is sent."""
    parts = urlsplit(resources.settings.slack_api_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield problem("SLACK_API_URL is not an http(s) URL.", "Unset it: the default is Slack's own API.")
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield warning(f"SLACK_API_URL sends the bot token unencrypted to {parts.hostname}.", "Use https, or unset it.")


def second_factor(resources: Resources) -> Iterator[DoctorFinding]:
    """SWARMBOT_SECRET_KEY, if a rule requires a second factor."""
    config = resources.config
    rules = {f"rules.approvals.{subject}": rule for subject, rule in config.rules.approvals.items()}
    for name, cluster in config.clusters.items():
        rules |= {f"clusters.{name}.approvals.{subject}": rule for subject, rule in cluster.approvals.items()}
    requiring = [place for place, rule in rules.items() if rule.second_factor == "totp"]
    if not requiring:
        return
    if resources.settings.swarmbot_secret_key is None:
        yield problem(
            f"SWARMBOT_SECRET_KEY is not set, so nobody can have the second factor that {listed(requiring)} requires.",
            "Create one with `openssl rand -base64 32` and set the same one for `web` and `worker`; keep a copy.",
        )
    else:
        yield ok("SWARMBOT_SECRET_KEY is set, and approvals require a second factor.")


def config(resources: Resources) -> Iterator[DoctorFinding]:
    """swarmbot.yml."""
    clusters = resources.config.clusters
    hosts = sum(len(cluster.hosts) for cluster in clusters.values())
    yield ok(f"{resources.settings.config_path} loads. Clusters: {listed(clusters)}. Hosts: {hosts}.")


def fonts(_: Resources) -> Iterator[DoctorFinding]:
    """The fonts of pictures, if they are missing on this machine."""
    if not FOLDER.is_dir():
        yield warning(
            "Debian's package fonts-dejavu-core is not installed: `/swarm map` shows ? for letters such as ü.",
            "Where workers run: `apt install fonts-dejavu-core`.",
        )


def _formed(name: str, value: Secret, pattern: str, page: str) -> DoctorFinding:
    text = value.reveal()
    if re.fullmatch(pattern, text):
        return ok(f"{name} is set.")
    if text.strip("\"'") != text:
        return problem(f"{name} contains quotes.", "Set it without them.")
    return problem(f"{name} does not look like a value from Slack.", page)
