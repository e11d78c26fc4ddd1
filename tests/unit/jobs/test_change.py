"""A change whose job went to another worker leaves nothing running here."""

from __future__ import annotations

import threading

import pytest

from bot.config import Config
from bot.engine.pool import EnginePool
from bot.jobs.change import Change
from bot.jobs.lease import LeaseLost
from bot.jobs.queue import Queue
from bot.plan import Facts, Look, Plan, Step
from bot.sandbox.slack import LocalSlack
from bot.settings import Settings
from bot.slack.client import web_client
from bot.slack.notifier import Notifier
from bot.swarm.operations import Label
from tests.unit.jobs.kit import admitted, taken, until

PLAN = Plan(title="labels", deed="label", ended="done", failed="failed", steps=(Step(Label("host-3", ()), "host-3"),))


def read(_: Look) -> Facts:
    """No step comes so far as to look at anything."""
    raise AssertionError


def test_a_lease_that_is_lost_ends_the_message_s_thread(queue: Queue) -> None:
    """Whoever took the job over shows its states: nothing of this run waits to show one of its own."""
    admitted(queue)
    lease = taken(queue)
    engines = EnginePool(Config(clusters={"prod": {"channel": "C0PROD", "hosts": {"host-3": "192.0.2.3"}}}))
    with LocalSlack(rate_limits=False) as slack:
        notifier = Notifier(web_client(Settings.from_environment(slack.environment())))
        change = Change(lease, PLAN, queue, notifier, "C0LOST")
        assert queue.reclaim("two", "change").lease is not None
        with pytest.raises(LeaseLost):
            change.run(engines.cluster("prod"), read)
        until(
            lambda: all(thread.name != "live-C0LOST" for thread in threading.enumerate()),
            "the thread of the message has ended",
        )
