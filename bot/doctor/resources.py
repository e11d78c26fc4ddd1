"""What checks use: the settings, and clients made from them at first use."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from redis import Redis
from slack_sdk import WebClient

from bot.commands import CommandRegistry
from bot.config import Config, load
from bot.engine.pool import EnginePool
from bot.secrets.secret import Secret
from bot.settings import Settings
from bot.slack.outbound.client import quiet_logger
from bot.store.client import Timeouts, connect

SLACK_TIMEOUT_S: Final = 10
NO_RETRIES: Final = Timeouts(reply_s=10, connect_s=3, retries=0)


class Resources:
    """The settings and clients of one doctor run.

    Each property raises :class:`~bot.errors.Misconfigured` if a setting that it needs is wrong.
    """

    def __init__(self, settings: Settings, commands: CommandRegistry) -> None:
        self.settings = settings
        self.commands = commands

    @cached_property
    def config(self) -> Config:
        """The swarmbot.yml of the settings."""
        return load(self.settings.config_path)

    @cached_property
    def slack(self) -> WebClient:
        """Slack with the bot's token."""
        return self.slack_with(self.settings.need("SLACK_BOT_TOKEN"))

    def slack_with(self, token: Secret) -> WebClient:
        """Slack with another token."""
        return WebClient(
            token.reveal(),
            base_url=self.settings.slack_api_url,
            timeout=SLACK_TIMEOUT_S,
            logger=quiet_logger("doctor"),
        )

    @cached_property
    def redis(self) -> Redis:
        """The Redis of the settings."""
        return connect(self.settings.redis_url, NO_RETRIES)

    @cached_property
    def engines(self) -> EnginePool:
        """The hosts of swarmbot.yml."""
        return EnginePool(self.config)

    def close(self) -> None:
        """Close what was opened."""
        opened = self.__dict__
        if "engines" in opened:
            self.engines.close()
        if "redis" in opened:
            self.redis.close()
