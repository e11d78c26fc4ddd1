"""When the daily digest is posted, and that it is posted once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from types import MappingProxyType
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import pytest
from redis import Redis

from bot.audit import Audit
from bot.errors import Refused
from bot.model import Engines, Facts, HostFacts, HostFailure
from bot.model.history import SAMPLE_S
from bot.outbox.deliverer import Deliverer
from bot.outbox.outgoing import Outgoing, restored
from bot.pictures.message_pictures import Pictures
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.slack.outbound.files import BlockFiles, FileRefused
from bot.store import keys
from bot.store.leader_lease import LeaderLease, LeadershipLost
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.digest import LATE_S, Digests, DigestTime, Watched, day_changes, due_day
from bot.watch.history import WatchHistory
from bot.watch.repository import WatchRepository
from bot.watch.samples import slot_of
from tests.kits.histories import sample
from tests.kits.jobs import order
from tests.kits.watch_lease import led

BERLIN = ZoneInfo("Europe/Berlin")
AT_8 = DigestTime(time(8, 0), BERLIN)
AT_HALF_PAST_2 = DigestTime(time(2, 30), BERLIN)


def berlin(text: str, fold: int = 0) -> float:
    """A local time as unix seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


@pytest.mark.parametrize(
    ("digest", "now", "day"),
    [
        (AT_8, berlin("2027-01-15T07:59:59"), ""),
        (AT_8, berlin("2027-01-15T08:00"), "2027-01-15"),
        (AT_8, berlin("2027-01-15T13:59"), "2027-01-15"),
        (AT_8, berlin("2027-01-15T14:01"), ""),
        (AT_8, berlin("2027-07-15T08:00"), "2027-07-15"),
        (DigestTime(time(23, 0), BERLIN), berlin("2027-01-16T01:00"), "2027-01-15"),
        # Daylight saving repeats half past two on 31 October 2027, and skips it on 28 March.
        (AT_HALF_PAST_2, berlin("2027-10-31T02:29"), ""),
        (AT_HALF_PAST_2, berlin("2027-10-31T02:31"), "2027-10-31"),
        (AT_HALF_PAST_2, berlin("2027-10-31T02:29", fold=1), "2027-10-31"),
        (AT_HALF_PAST_2, berlin("2027-03-28T01:29"), ""),
        (AT_HALF_PAST_2, berlin("2027-03-28T01:31"), "2027-03-28"),
        (AT_HALF_PAST_2, berlin("2027-03-28T03:31"), "2027-03-28"),
    ],
)
def test_when_it_is_due(digest: DigestTime, now: float, day: str) -> None:
    """From its time on for some hours, in its time zone; each day once with any changes of the clock."""
    found = due_day(digest, now)
    assert (found.isoformat() if found else "") == day


class Reader:
    """Reads a cluster of one host that does not respond."""

    def __init__(self) -> None:
        self.readings = 0

    def read(self, name: str, *_: Any) -> Facts:
        """Return the facts."""
        self.readings += 1
        host = HostFacts("host-1", "192.0.2.1", HostFailure("timed out", "host-1 timed out."))
        return Facts(name, berlin("2027-01-15T08:00"), MappingProxyType({"host-1": host}))


class NoBackups:
    """Engines without a folder for backups."""

    @property
    def backup_store(self) -> NoBackups:
        """The store itself."""
        return self

    def list_backups(self) -> None:
        """Refuse."""
        raise Refused("There is no folder.")


class Nobody:
    """Sends nothing: what is promised stays in the outbox."""

    def send(self, _: Any) -> None:
        """Do nothing."""


class Files(BlockFiles):
    """Slack's files: takes each, or none."""

    def __init__(self, *, takes: bool) -> None:
        self._takes = takes
        self.taken: list[str] = []

    def upload(self, name: str, content: bytes, *, begun: Callable[[str], None]) -> str:
        """Keep its name."""
        del begun
        if not self._takes:
            raise FileRefused("accept it", "internal_error")
        assert content.startswith(b"\x89PNG")
        self.taken.append(name)
        return "F0HISTORY"


NO_FILES: Final = Files(takes=False)


def digests(
    client: Redis, reader: Reader, lease: LeaderLease | None, now: float, files: Files | None = None
) -> Digests:
    """A process that has this lease, or none."""
    audit = Audit(client)
    return Digests(
        AT_8,
        [Watched("prod", "C0PROD", cast("Engines", NoBackups()), lambda: lease)],
        repository=WatchRepository(client, audit),
        history=WatchHistory(client),
        pictures=Pictures(files or NO_FILES),
        queue=Queue(client, audit),
        reader=cast("FactsReader", reader),
        deliverer=cast("Deliverer", Nobody()),
        backup_days=7.0,
        now=lambda: now,
    )


def promised(client: Redis) -> list[Any]:
    """The ids of the messages in the outbox."""
    return list(client.zrange(keys.OUTBOX, 0, -1))


def test_it_is_told_once_a_day_whoever_leads(client: Redis) -> None:
    """By the leader alone; a restart or another leader repeats neither message nor reading, the next day does."""
    reader, morning = Reader(), berlin("2027-01-15T08:00")
    digests(client, reader, None, morning).run_once()
    digests(client, reader, led(client), morning - 60).run_once()
    assert (promised(client), reader.readings) == ([], 0)
    client.delete(keys.watch_lease("prod"))
    digests(client, reader, led(client), morning).run_once()
    client.delete(keys.watch_lease("prod"))
    later = led(client)
    digests(client, reader, later, morning + LATE_S - 60).run_once()
    assert (promised(client), reader.readings) == (["digest:prod:2027-01-15"], 1)
    digests(client, reader, later, berlin("2027-01-16T08:00")).run_once()
    assert promised(client) == ["digest:prod:2027-01-15", "digest:prod:2027-01-16"]


def test_an_old_leader_promises_nothing(client: Redis) -> None:
    """Its lease was taken while it read the cluster: then the new leader posts the day's digest."""
    reader, morning = Reader(), berlin("2027-01-15T08:00")
    old = led(client)
    client.delete(keys.watch_lease("prod"))
    new = led(client)
    digests(client, reader, old, morning).run_once()
    assert promised(client) == []
    assert WatchRepository(client, Audit(client)).last_digest("prod") == ""
    digests(client, reader, new, morning).run_once()
    assert promised(client) == ["digest:prod:2027-01-15"]


def test_two_that_both_read_promise_one_message(client: Redis) -> None:
    """The day is compared in the script that promises the message."""
    repository, lease = WatchRepository(client, Audit(client)), led(client)
    digests(client, Reader(), lease, berlin("2027-01-15T08:00")).run_once()
    message = replace(_first(client), id="digest:prod:again")
    assert not repository.promise_digest(lease, "prod", "2027-01-15", message)
    assert not repository.promise_digest(lease, "prod", "2027-01-14", message)
    assert promised(client) == ["digest:prod:2027-01-15"]
    client.delete(keys.watch_lease("prod"))
    with pytest.raises(LeadershipLost):
        repository.promise_digest(lease, "prod", "2027-01-16", message)


def recorded(client: Redis, lease: LeaderLease, until: float) -> None:
    """Record an hour before ``until`` in which a node was down for ten minutes."""
    for place in range(30):
        at = slot_of(until) - (30 - place) * SAMPLE_S
        WatchHistory(client).record(lease, "prod", sample(at, ready=4 if 10 <= place < 15 else 5))


def test_it_shows_the_day_as_a_picture(client: Redis) -> None:
    """Between its words and its note; the description says what the picture shows."""
    morning, files = berlin("2027-01-15T08:00"), Files(takes=True)
    lease = led(client)
    recorded(client, lease, morning)
    digests(client, Reader(), lease, morning, files).run_once()
    *_, picture, note = _first(client).message.blocks
    assert (picture["type"], picture["slack_file"], files.taken) == ("image", {"id": "F0HISTORY"}, ["history-prod.png"])
    assert "Nodes: 5 of 5 ready now; lowest 4 at 06:20 · highest 5." in picture["alt_text"]
    assert "Daily digest of prod" in str(note)


def test_it_says_the_same_in_words_if_slack_takes_no_picture(client: Redis) -> None:
    """Nothing is lost."""
    morning, lease = berlin("2027-01-15T08:00"), led(client)
    recorded(client, lease, morning)
    digests(client, Reader(), lease, morning).run_once()
    said = str(_first(client).message.blocks)
    assert "Nodes: 5 of 5 ready now; lowest 4 at 06:20 · highest 5." in said
    assert "Slack did not take the picture" in said
    assert "image" not in [block["type"] for block in _first(client).message.blocks]


def _first(client: Redis) -> Outgoing:
    return restored(str(client.hget(keys.outgoing("digest:prod:2027-01-15"), "body")))


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"state": "running", "begun": "1"}, "running"),
        ({"state": "running"}, None),
        ({"state": "queued"}, None),
        ({"state": "awaiting_approval"}, "waits"),
        ({"state": "awaiting_confirmation"}, "waits"),
        ({"state": "succeeded", "begun": "1", "finished_at": 99_000.0}, "succeeded"),
        ({"state": "failed", "begun": "1", "finished_at": 99_000.0}, "failed"),
        ({"state": "cancelled", "begun": "1", "finished_at": 99_000.0}, "cancelled"),
        ({"state": "succeeded", "finished_at": 99_000.0}, None),
        ({"state": "succeeded", "begun": "1", "finished_at": 9_000.0}, None),
    ],
)
def test_which_jobs_are_changes_of_the_day(fields: dict[str, Any], outcome: str | None) -> None:
    """Those that changed something or wait for a decision; not questions and plans that were only shown."""
    what = order()
    found = [each.outcome for each in day_changes([Job(what, **fields)], 100_000.0)]
    assert found == ([outcome] if outcome else [])
    for other in (replace(what, lane="concurrent"), replace(what, only_plan=True)):
        assert day_changes([Job(other, **fields)], 100_000.0) == ()
