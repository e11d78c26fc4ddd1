"""Puts together what takes requests in: the gate over Redis and Slack's user groups. No way to a host in it."""

from __future__ import annotations

from bot.audit import Audit
from bot.config import load
from bot.freeze import Freezes
from bot.gate import Gate
from bot.jobs.queue import Queue
from bot.people import Directory, patient_client
from bot.settings import Settings
from bot.slack.notifier import Notifier
from bot.store.client import QUICK, connect


def open_gate(settings: Settings, _: Notifier) -> Gate:
    """The gate, with connections of its own; raises Misconfigured."""
    redis = connect(settings.redis_url, QUICK)
    audit = Audit(redis)
    directory = Directory(patient_client(settings), redis)
    config = load(settings.config_path)
    return Gate(config, Queue(redis, audit), audit, directory, Freezes(redis, audit, config))
