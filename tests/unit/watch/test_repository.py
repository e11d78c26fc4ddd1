"""What watch stores on a real Redis: by the leader alone, with its messages, and beside what people say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from bot.audit import Audit, Entry
from bot.blocks import text_message
from bot.model.incident import Acknowledgement, LastReading, Silence, WatchState
from bot.outbox.outgoing import Outgoing
from bot.store import keys
from bot.store.leader_lease import LeadershipLost
from bot.swarm.health.health import Health
from bot.swarm.health.issues import Issue
from bot.swarm.health.summary import Summary
from bot.watch.messages import incident_entry
from bot.watch.repository import WatchRepository
from tests.kits.incidents import AT, incident
from tests.kits.watch_lease import NOTHING_SAID, led

LAST_READING = LastReading("one", AT)
SILENCE = Silence("aaaa", "prod", "host-4", AT + 3600, "U0ADA", "new disks", AT)
SUMMARY = Summary("✓ *prod is healthy*", Health("healthy", ()), ("Leader `host-1`",))
BY_ADA = Entry("acknowledged", "U0ADA", cluster="prod")


@pytest.fixture
def repository(client: Redis, audit: Audit) -> WatchRepository:
    """Nothing is stored."""
    return WatchRepository(client, audit)


def told() -> Outgoing:
    """The message of an incident."""
    entry = incident_entry("3f2a", "prod", "C0PROD", "", "")
    return Outgoing(
        id="incident:prod:3f2a:1",
        target="channel",
        message=text_message("host-4 is down"),
        about=entry,
        made_at=AT,
        channel="C0PROD",
        user="",
    )


def test_a_turn_is_stored_with_its_message_and_entry(client: Redis, audit: Audit, repository: WatchRepository) -> None:
    """All in one step; the state is read as it was."""
    state = WatchState(incidents=(incident(),), leader="n1", read_at=AT)
    opened = incident_entry("3f2a", "prod", "C0PROD", "incident opened", "host-4 is down")
    repository.store(led(client), "prod", state, LAST_READING, NOTHING_SAID, messages=[told()], entries=[opened])
    assert repository.state("prod") == state
    assert repository.last_reading("prod") == LAST_READING
    assert repository.leader("prod") == "one"
    assert client.zcard(keys.OUTBOX) == 1
    assert [(entry.action, entry.words) for entry in audit.query()] == [("incident opened", "incidents 3f2a")]
    assert repository.find("3f2a", ["lab", "prod"]) == incident()
    assert repository.find("9999", ["lab", "prod"]) is None


def test_whatever_an_old_leader_writes_is_void(client: Redis, audit: Audit, repository: WatchRepository) -> None:
    """Neither state nor message nor entry: the new leader's stay."""
    old = led(client)
    client.delete(keys.watch_lease("prod"))  # it expired while the process stood still
    repository.store(
        led(client, "two"), "prod", WatchState(read_at=2.0), replace(LAST_READING, leader="two"), NOTHING_SAID
    )
    opened = incident_entry("3f2a", "prod", "C0PROD", "incident opened", "host-4 is down")
    with pytest.raises(LeadershipLost):
        repository.store(
            old, "prod", WatchState(read_at=1.0), LAST_READING, NOTHING_SAID, messages=[told()], entries=[opened]
        )
    assert repository.state("prod").read_at == 2.0
    assert client.zcard(keys.OUTBOX) == 0
    assert audit.query() == []


def test_a_summary_is_kept_as_long_as_its_reading_is_fresh(client: Redis, repository: WatchRepository) -> None:
    """Its age counts from the beginning of the reading; the next reading that finds no manager takes it away."""
    lease = led(client)
    repository.store(lease, "prod", WatchState(), LAST_READING, NOTHING_SAID, summary=SUMMARY, age_s=3.0)
    kept = repository.summary("prod")
    assert kept is not None
    assert kept[0] == SUMMARY
    assert 3.0 <= kept[1] < keys.SUMMARY_TTL_S
    assert 0 < client.pttl(keys.watch_summary("prod")) <= (keys.SUMMARY_TTL_S - 3) * 1000
    assert repository.summary("lab") is None
    for lacking in ({"summary": None}, {"summary": SUMMARY, "age_s": keys.SUMMARY_TTL_S}, {"summary": _long()}):
        repository.store(lease, "prod", WatchState(), LAST_READING, NOTHING_SAID, summary=SUMMARY)
        assert repository.summary("prod")
        repository.store(lease, "prod", WatchState(), LAST_READING, NOTHING_SAID, **lacking)
        assert repository.summary("prod") is None


def _long() -> Summary:
    """The summary of a cluster whose hundreds of nodes are down."""
    return replace(SUMMARY, health=Health("degraded", (Issue(critical=True, text="`host` is down"),) * 3000))


def test_nothing_is_told_of_a_cluster_that_nobody_watches(client: Redis, repository: WatchRepository) -> None:
    """Neither what was read last nor its incidents, whose ends nobody would have seen."""
    quiet = replace(incident("4b4b"), told_at=0.0)
    silenced = replace(incident("5c5c"), told_at=0.0, silenced_by="aaaa")
    state = WatchState(incidents=(incident(), quiet, silenced, incident("6d6d", resolved_at=AT)))
    repository.store(led(client), "prod", state, LAST_READING, NOTHING_SAID, summary=SUMMARY)
    assert repository.open_incidents("prod") == (incident(), silenced)
    assert repository.summary("prod")
    assert repository.unwatched_since("prod", LAST_READING.at + 3600) == 0
    client.delete(keys.watch_lease("prod"))
    assert repository.unwatched_since("prod", LAST_READING.at + 3600) == LAST_READING.at
    assert repository.unwatched_since("prod", LAST_READING.at + 5) == 0, "another process may take over"
    assert repository.unwatched_since("lab", LAST_READING.at + 3600) == 0
    assert repository.open_incidents("prod") == ()
    assert repository.summary("prod") is None


def test_the_first_acknowledgement_counts_until_the_leader_takes_it_in(
    client: Redis, audit: Audit, repository: WatchRepository
) -> None:
    """The second one learns whose it is; after a reading it is part of the state and nowhere else."""
    ada = Acknowledgement("3f2a", "U0ADA", AT)
    assert repository.acknowledge("prod", ada, [BY_ADA]) is None
    assert repository.acknowledge("prod", replace(ada, by="U0BEN"), [replace(BY_ADA, by="U0BEN")]) == ada
    assert [entry.by for entry in audit.query()] == ["U0ADA"]
    said = repository.said("prod", AT)
    assert said.acknowledged == (ada,)
    later = Acknowledgement("4b4b", "U0BEN", AT)
    repository.acknowledge("prod", later, [])
    repository.store(led(client), "prod", WatchState(), LAST_READING, said)
    assert repository.said("prod", AT).acknowledged == (later,), "what came during the reading is kept"


def test_silences_end_by_time_and_by_order(client: Redis, repository: WatchRepository) -> None:
    """The leader deletes those whose time is over."""
    assert repository.silence(SILENCE, [])
    assert not repository.silence(replace(SILENCE, subject="host-5"), []), "the id is taken"
    assert repository.said("prod", AT).silences == (SILENCE,)
    over = repository.said("prod", SILENCE.until)
    assert (over.silences, over.ended) == ((), ("aaaa",))
    repository.store(led(client), "prod", WatchState(), LAST_READING, over)
    assert not client.exists(keys.silences("prod"))
    repository.silence(SILENCE, [])
    assert repository.unsilence("prod", "aaaa", [])
    assert not repository.unsilence("prod", "aaaa", [])


def test_a_state_of_another_version_is_no_obstacle(client: Redis, repository: WatchRepository) -> None:
    """It is logged, and watch begins with an empty one."""
    client.set(keys.watch_state("prod"), '{"incidents": [{"nonsense": 1}]}')
    assert repository.state("prod") == WatchState()
