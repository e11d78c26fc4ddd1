"""Builds the task that publishes Homes, in `watch` and in workers, so that Homes are also published without `watch`."""

from __future__ import annotations

from redis import Redis

from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.config import Config
from bot.freeze import Freezes
from bot.home.homes import Homes
from bot.home.publisher import INTERVAL_S, HomePublisher
from bot.home.reader import HomeReader
from bot.periodic import PeriodicTask
from bot.queue.queue import Queue
from bot.settings import Settings
from bot.slack.outbound.notifier import Notifier
from bot.totp import SeedVault, Totp
from bot.usergroups import UserGroups, short_timeout_client
from bot.watch.repository import WatchRepository


def home_reader(settings: Settings, config: Config, redis: Redis, audit: Audit) -> HomeReader:
    """Return the reader of the stored facts that Homes show."""
    return HomeReader(
        config=config,
        queue=Queue(redis, audit),
        approvals=ApprovalRepository(redis, audit),
        watch=WatchRepository(redis, audit),
        freezes=Freezes(redis, audit, config),
        user_groups=UserGroups(short_timeout_client(settings), redis),
        enrolled=Totp(redis, audit, SeedVault(settings.swarmbot_secret_key)).enrolled,
    )


def home_task(settings: Settings, config: Config, redis: Redis, audit: Audit, notifier: Notifier) -> PeriodicTask:
    """Return the task. ``notifier`` must not retry by itself."""
    publisher = HomePublisher(Homes(redis), home_reader(settings, config, redis, audit), notifier)
    return PeriodicTask("Homes", publisher.run_once, interval_s=INTERVAL_S)
