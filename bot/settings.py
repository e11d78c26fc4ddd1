"""Settings from environment variables: addresses, ports and secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Misconfigured
from bot.secrets.secret import Secret

SLACK_API_URL = "https://slack.com/api/"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MAX_PORT = 65535
MIN_SECRET_KEY_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a process listens."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a process. A secret that is not set is ``None``; :meth:`need` requires one."""

    slack_bot_token: Secret | None
    slack_signing_secret: Secret | None
    slack_app_token: Secret | None
    swarmbot_secret_key: Secret | None
    slack_api_url: str
    redis_url: Secret
    config_path: Path
    port: int
    web_metrics: Listen | bool
    """Where the web process shows /metrics: at an address of its own, with its other pages (True), or nowhere."""
    watch_metrics: Listen | None
    """Where watch shows /metrics; None: nowhere."""
    log_level: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read ``environment`` (default: ``os.environ``). Raise :class:`Misconfigured` with the variable's name."""
        env = os.environ if environment is None else environment
        level = (env.get("LOG_LEVEL") or "INFO").upper()
        if level not in LOG_LEVELS:
            raise Misconfigured(
                f"LOG_LEVEL is `{level}`, which is not valid.", next_step=f"Set it to one of {', '.join(LOG_LEVELS)}."
            )
        web, watch = env.get("WEB_METRICS") or "on", env.get("WATCH_METRICS") or "off"
        api_url = env.get("SLACK_API_URL") or SLACK_API_URL
        return cls(
            slack_bot_token=_secret(env, "SLACK_BOT_TOKEN"),
            slack_signing_secret=_secret(env, "SLACK_SIGNING_SECRET"),
            slack_app_token=_secret(env, "SLACK_APP_TOKEN"),
            swarmbot_secret_key=_secret_key(env),
            slack_api_url=api_url if api_url.endswith("/") else api_url + "/",
            redis_url=Secret(env.get("REDIS_URL") or "redis://127.0.0.1:6379/0"),
            config_path=Path(env.get("SWARMBOT_CONFIG") or "swarmbot.yml"),
            port=_port(env.get("PORT") or "3000"),
            web_metrics=web == "on" if web in {"on", "off"} else _listen("WEB_METRICS", web, ", `on` or `off`"),
            watch_metrics=None if watch == "off" else _listen("WATCH_METRICS", watch, " or `off`"),
            log_level=level,
        )

    def need(self, name: str) -> Secret:
        """Return the secret in the environment variable ``name``. Raise :class:`Misconfigured` if it is not set."""
        value: Secret | None = getattr(self, name.lower())
        if value is None:
            raise Misconfigured(
                f"{name} is not set.",
                next_step='Set it in the environment. README.md, "Install", says where to find it.',
            )
        return value


def _secret(env: Mapping[str, str], name: str) -> Secret | None:
    text = env.get(name, "").strip()
    return Secret(text) if text else None


def _secret_key(env: Mapping[str, str]) -> Secret | None:
    key = _secret(env, "SWARMBOT_SECRET_KEY")
    if key is not None and len(key.reveal()) < MIN_SECRET_KEY_CHARACTERS:
        raise Misconfigured(
            f"SWARMBOT_SECRET_KEY has fewer than {MIN_SECRET_KEY_CHARACTERS} characters.",
            next_step="Create one with `openssl rand -base64 32`.",
        )
    return key


def _listen(name: str, text: str, others: str) -> Listen:
    address, _, port = text.rpartition(":")
    if not address or not _is_port(port):
        raise Misconfigured(
            f"{name} is `{text}`, which is not valid.",
            next_step=f"Set it to an address and a port like `127.0.0.1:9464`{others}.",
        )
    return Listen(address.strip("[]"), int(port))


def _port(text: str) -> int:
    if not _is_port(text):
        raise Misconfigured(
            f"PORT is `{text}`, which is not valid.", next_step=f"Set it to a number from 1 to {MAX_PORT}."
        )
    return int(text)


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) <= MAX_PORT
