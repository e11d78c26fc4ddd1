"""The audit maintenance: a day's anchor is posted once, whichever worker does it, and old entries are moved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from bot.audit import Archive, Audit, Entry, Head
from bot.audit.maintenance import LEASE_S, AuditMaintenance
from bot.audit.verify import read_anchors
from bot.config import AuditLog
from bot.periodic import PeriodicTask
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.store import keys
from bot.store.leader_lease import LeaderLeases
from sandbox.slack import LocalSlack
from tests.kits.audit_log import DAY, NOVEMBER, put, stored, write


class Workers:
    """The audit maintenance of any number of workers before one Slack, with a clock of the test's."""

    def __init__(self, client: Redis, slack: LocalSlack) -> None:
        self.now = NOVEMBER
        self._client = client
        self._notifier = Notifier(web_client(Settings.from_environment(slack.environment())))

    def one(self, name: str = "worker-1", archive: Path | None = None) -> AuditMaintenance:
        """Return the maintenance of a worker of this name."""
        settings = AuditLog(anchor_channel="C0PROD", archive=archive, **({"keep": "10d"} if archive else {}))
        return AuditMaintenance(
            redis=self._client,
            audit=Audit(self._client),
            notifier=self._notifier,
            settings=settings,
            leases=LeaderLeases(self._client, name),
            now=lambda: self.now,
        )


@pytest.fixture
def workers(client: Redis, slack: LocalSlack) -> Workers:
    """No worker yet."""
    return Workers(client, slack)


def anchors(slack: LocalSlack) -> list[tuple[Head, ...]]:
    """The anchors that stand in the channel, as a person copies them."""
    return [read_anchors(text.split("`")[1]) for text in posted(slack)]


def posted(slack: LocalSlack) -> list[str]:
    """What stands in the channel, blocks and all."""
    return [str(message.blocks) for message in slack.messages("prod")]


def test_once_a_day(client: Redis, slack: LocalSlack, workers: Workers) -> None:
    """If ten workers try at once, one posts. The next day there is another anchor, and verify accepts each."""
    heads = write(client, 3)
    crowd = [workers.one(f"worker-{number}") for number in range(10)]
    for day in range(2):
        threads = [threading.Thread(target=maintenance.post_anchor) for maintenance in crowd]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(posted(slack)) == day + 1
        workers.now += DAY
    assert anchors(slack) == [(heads[-1],), (heads[-1],)]


def test_the_posted_line_is_taken(slack: LocalSlack, client: Redis, workers: Workers) -> None:
    """The posted line holds against a log whose end is cut off afterwards."""
    heads = write(client, 5)
    workers.one().post_anchor()
    put(client, stored(client)[:3])
    client.set(keys.AUDIT_HEAD, str(heads[2]))
    assert Audit(client).verify().ok
    assert Audit(client).verify(anchors=anchors(slack)[0]).first_bad == 4


def test_what_slack_did_not_take_is_posted_later(client: Redis, slack: LocalSlack, workers: Workers) -> None:
    """The lease expires by itself: neither a refusal nor a worker's death loses the day's anchor."""
    write(client, 1)
    slack.fault("error", "chat.postMessage", times=1)
    with pytest.raises(Undelivered):
        workers.one().post_anchor()
    workers.one("worker-2").post_anchor()
    assert posted(slack) == []
    (lease,) = client.keys(keys.anchor_lease("*"))
    assert 0 < int(client.ttl(lease)) <= LEASE_S
    client.delete(lease)
    workers.one("worker-2").post_anchor()
    assert len(posted(slack)) == 1


def test_a_log_that_does_not_hold_is_said_aloud(client: Redis, slack: LocalSlack, workers: Workers) -> None:
    """Instead of an anchor the channel reads which entry is bad."""
    write(client, 5)
    client.xdel(keys.AUDIT_LOG, "3-0")
    workers.one().post_anchor()
    (text,) = posted(slack)
    assert "First bad entry: 3, missing" in text
    assert "There is no anchor today" in text


def test_without_a_channel(client: Redis, slack: LocalSlack, workers: Workers) -> None:
    """Nothing is posted where nobody said where."""
    write(client, 1)
    silent = workers.one()
    silent._channel = None
    silent.post_anchor()
    assert posted(slack) == []


def test_both_duties_side_by_side(client: Redis, slack: LocalSlack, workers: Workers, tmp_path: Path) -> None:
    """From the start of a worker on both are done; an archive that fails keeps no anchor from being posted."""
    write(client, 30)
    workers.now = NOVEMBER + 30 * DAY
    with ticking(workers.one(archive=tmp_path)):
        slack.wait_for(lambda slack: slack.messages("prod"), timeout=30)
    assert stored(client)[0][0] == "21-0"
    assert Audit(client).verify(Archive(tmp_path)).count == 30

    (tmp_path / "file").touch()
    workers.now += DAY
    Audit(client).append([Entry("asked", "U1")])
    with ticking(workers.one(archive=tmp_path / "file" / "archive")):
        slack.wait_for(lambda slack: len(slack.messages("prod")) == 2, timeout=30)


@contextmanager
def ticking(maintenance: AuditMaintenance) -> Iterator[None]:
    """Run the maintenance as a worker does."""
    tickers = [
        PeriodicTask(turn.__name__, turn, interval_s=600) for turn in (maintenance.retain, maintenance.post_anchor)
    ]
    for ticker in tickers:
        ticker.start()
    try:
        yield
    finally:
        for ticker in tickers:
            ticker.stop()
