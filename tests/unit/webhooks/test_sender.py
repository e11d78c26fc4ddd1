"""What a webhook's receiver gets: everything, in order, and again if it was not seen to accept it."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterator

import pytest
from redis import Redis

from bot.audit import Audit
from bot.config.models import Severity
from bot.model.incident import LastReading, WatchState
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.store.leader_lease import LeaderLeases, LeadershipLost
from bot.watch.repository import WatchRepository
from bot.webhooks.deliveries import Deliveries, Delivery
from bot.webhooks.sender import MAX_AGE_S, MAX_PAUSE_S, WebhookSender
from bot.webhooks.targets import Target
from sandbox.fleet.shell import until
from tests.kits.incidents import AT
from tests.kits.watch_lease import NOTHING_SAID, led
from tests.kits.webhook_receiver import Receiver, receiving


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> float:
        """Return unix seconds."""
        return self.now


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that runs."""
    with receiving() as receiver:
        yield receiver


def sender(client: Redis, url: str, clock: Clock, key: str = "") -> WebhookSender:
    """What sends for a webhook named pager."""
    audit = Audit(client)
    secret = Secret(key) if key else None
    severities: tuple[Severity, ...] = ("critical",)
    target = Target("pager", "pagerduty" if key else "json", Secret(url), secret, severities, ("prod",))
    return WebhookSender(target, Deliveries(client, audit), LeaderLeases(client, "one"), clock)


def promise(client: Redis, *numbers: int) -> None:
    """Promise requests as a turn of watch does."""
    lease = led(client)
    deliveries = [Delivery("pager", "prod", "3f2a", AT, {"number": number}) for number in numbers]
    repository = WatchRepository(client, Audit(client))
    repository.store(lease, "prod", WatchState(), LastReading("one", AT), NOTHING_SAID, deliveries=deliveries)
    lease.release()


def waiting(client: Redis) -> int:
    """How many requests wait."""
    return Deliveries(client, Audit(client)).waiting(["pager"])["pager"]


def test_they_arrive_in_order_although_the_receiver_fails(client: Redis, receiver: Receiver) -> None:
    """A request that fails is sent again before the next one, later each time, with the same id."""
    clock = Clock()
    sending = sender(client, receiver.url, clock)
    promise(client, 1, 2, 3)
    receiver.statuses = [202, 503, 429]
    sending.run_once()
    sending.run_once()  # it is not due yet
    assert [body["number"] for body in receiver.bodies] == [1, 2]
    clock.now += 1.0
    sending.run_once()
    clock.now += 1.0
    sending.run_once()
    assert [body["number"] for body in receiver.bodies] == [1, 2, 2]
    clock.now += 1.0
    sending.run_once()
    assert [body["number"] for body in receiver.bodies] == [1, 2, 2, 2, 3]
    assert len(set(receiver.ids)) == 3
    assert waiting(client) == 0


def test_the_routing_key_is_sent_and_never_stored(client: Redis, receiver: Receiver) -> None:
    """It is added at the last moment."""
    promise(client, 1)
    stored = client.lindex(keys.webhook_line("pager"), 0)
    sender(client, receiver.url, Clock(), key="rk-secret").run_once()
    assert receiver.bodies == [{"number": 1, "routing_key": "rk-secret"}]
    assert "rk-secret" not in str(stored)


def test_what_is_not_valid_is_given_up_and_does_not_hold_up_others(
    client: Redis, audit: Audit, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """The audit log says so; neither it nor the log has the URL."""
    caplog.set_level(logging.DEBUG)
    promise(client, 1, 2)
    receiver.statuses = [400]
    sender(client, receiver.url, Clock()).run_once()
    assert [body["number"] for body in receiver.bodies] == [1, 2]
    [entry] = audit.query()
    assert (entry.action, entry.cluster, entry.words) == ("webhook not delivered", "prod", "incidents 3f2a")
    assert entry.detail == "webhook pager: HTTP status 400, attempt 1"
    assert "top-secret" not in " ".join(each.getMessage() for each in caplog.records if each.name.startswith("bot."))


def test_a_receiver_that_is_gone_for_a_day_is_given_up(
    client: Redis, audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried less and less often, at least each 15 minutes; no message names the URL."""
    clock = Clock()
    sending = sender(client, "http://127.0.0.1:1/top-secret", clock)
    promise(client, 1)
    attempts = 0
    while waiting(client):
        attempts += 1
        sending.run_once()
        clock.now += MAX_PAUSE_S
    assert MAX_AGE_S / MAX_PAUSE_S <= attempts <= MAX_AGE_S / MAX_PAUSE_S + 3
    assert [entry.action for entry in audit.query()] == ["webhook not delivered"]
    said = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert said
    assert "top-secret" not in " ".join(said)


def _send(redis_url: str, url: str) -> None:
    sender(connect(Secret(redis_url)), url, Clock()).run_once()


def test_a_process_that_is_killed_before_it_notes_the_answer_has_it_sent_again(
    client: Redis, redis_url: str, receiver: Receiver
) -> None:
    """At least once, with the same id; no other process sends while its lease lasts."""
    promise(client, 1, 2)
    receiver.may_answer.clear()
    process = multiprocessing.get_context("spawn").Process(target=_send, args=(redis_url, receiver.url))
    process.start()
    until(lambda: len(receiver.bodies) == 1, "the request arrives", timeout=30)
    process.kill()
    process.join(10)
    receiver.may_answer.set()
    after = sender(client, receiver.url, Clock())
    after.run_once()
    assert len(receiver.bodies) == 1
    client.delete(keys.webhook_lease("pager"))  # it expires
    after.run_once()
    assert [body["number"] for body in receiver.bodies] == [1, 1, 2]
    assert receiver.ids[0] == receiver.ids[1]
    assert waiting(client) == 0


def test_what_an_old_leader_promises_is_void(client: Redis) -> None:
    """It is promised in the script that stores the state."""
    old = led(client)
    client.delete(keys.watch_lease("prod"))
    repository = WatchRepository(client, Audit(client))
    delivery = Delivery("pager", "prod", "3f2a", AT, {})
    with pytest.raises(LeadershipLost):
        repository.store(old, "prod", WatchState(), LastReading("one", AT), NOTHING_SAID, deliveries=[delivery])
    assert waiting(client) == 0
