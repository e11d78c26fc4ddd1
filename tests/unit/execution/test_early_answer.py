"""A question with a silent host: answered with what is known, then completely. And a question that takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final

import pytest

from bot.blocks import Message
from bot.commands import Command, Vocabulary
from bot.errors import Failed, SwarmbotError
from bot.execution import questions, still_working
from bot.execution.questions import Questions
from bot.model import Facts, FactsQuery, HostFacts, HostFailure, Membership
from bot.queue.job import Job, Order
from bot.swarm.health.health import Health
from bot.swarm.health.summary import AgedSummary, Summary
from bot.swarm.reading.node_lookup import require_cluster
from tests.kits.jobs import order
from tests.plans.outcome import read_words

SILENT = HostFailure("slow", "`host-2` (10.0.0.2) did not respond within 2 s.")
OFF = HostFailure("timed out", "`host-2` (10.0.0.2) did not respond in time.")


class _Replies:
    """Keeps what the requester was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.shared: list[bool] = []
        self.came = Event()

    def meanwhile(self, _lease: object, message: Message) -> None:
        """Keep it."""
        self._keep(message)
        self.came.set()

    def answer(self, _lease: object, message: Message, *_: object) -> None:
        """Keep the end too."""
        self._keep(message)

    def _keep(self, message: Message) -> None:
        self.told.append(message.text)
        self.shared.append(any(block["type"] == "actions" for block in message.blocks))

    def record_shown_secrets(self, *_: object, **__: object) -> None:
        """Nothing is secret."""

    def refuse(self, _lease: object, error: Failed) -> None:
        """Keep it too."""
        self.told.append(error.happened)


def _shown(host: HostFacts) -> str:
    return f"{host.name} (not yet)" if host.awaited else host.name


def _told(words: str, read: Callable[[FactsQuery, _Replies], Facts]) -> list[str]:
    """Return the messages about a question whose facts ``read`` returns, or that it refuses."""
    command, arguments = read_words(words, Vocabulary("prod", ("host-1", "host-2")))
    command = replace(command, answer=lambda facts, _: Message(" ".join(map(_shown, facts.hosts.values())), ()))
    return _run(command, arguments, order(words=words), lambda _cluster, query, replies: read(query, replies))


def _run(
    command: Command,
    arguments: Any,
    asked: Order,
    read: Callable[[str, FactsQuery, _Replies], Facts],
    watched: tuple[Summary, float] | None = None,
) -> list[str]:
    """Return the messages about a question, which is to all clusters if the order names none."""
    return _replies(command, arguments, asked, read, watched).told


def _replies(
    command: Command,
    arguments: Any,
    asked: Order,
    read: Callable[[str, FactsQuery, _Replies], Facts],
    watched: tuple[Summary, float] | None,
) -> _Replies:
    replies = _Replies()
    lease: Any = SimpleNamespace(job=Job(asked, "running"), worker="one", lost=Event())
    services: Any = SimpleNamespace(
        config=SimpleNamespace(clusters=dict.fromkeys(("prod", "lab", "dev", "new"), SimpleNamespace(channel="C0"))),
        replies=replies,
        outbox=SimpleNamespace(channel_problem=lambda _: None),
        queue=SimpleNamespace(in_line=lambda _: [], jobs=lambda _: []),
        watch=SimpleNamespace(summary=lambda _: watched, open_incidents=lambda _: (), unwatched_since=lambda *_: 0.0),
        cluster_reader=SimpleNamespace(read=lambda cluster, query: read(cluster, query, replies)),
        approvals=SimpleNamespace(get=lambda _: None, waiting=lambda _: []),
        approval_step=SimpleNamespace(rule=lambda *_: SimpleNamespace(count=0), freeze=lambda _: None),
        pending_rotations=SimpleNamespace(ensure_rotation=lambda _order, _worker, _query, facts: facts),
        uploads=None,
        pictures=None,
    )
    Questions(services).run(lease, command, arguments)
    return replies


def _facts(failure: HostFailure | None, *, cluster: bool = True) -> Facts:
    hosts = {"host-1": HostFacts("host-1", "10.0.0.1"), "host-2": HostFacts("host-2", "10.0.0.2", failure)}
    swarm: Any = SimpleNamespace() if cluster else None
    return Facts("prod", 0.0, MappingProxyType(hosts), swarm)


def _silent_at_first(query: FactsQuery, _: _Replies) -> Facts:
    return _facts(SILENT if query.timeout_s == 2.0 else OFF)


def test_a_silent_host_is_named_first_and_the_answer_completed() -> None:
    """What is known comes with that host as one that has not responded yet."""
    early, complete = _told("hosts", _silent_at_first)
    assert (
        early == "host-1 host-2 (not yet) · *`host-2` has not responded yet*. The complete answer follows within 15 s."
    )
    assert complete == "host-1 host-2"


def test_an_overview_names_the_silent_hosts_and_clusters_first() -> None:
    """The clusters that were read whole, or do not exist, are not read again."""
    command, arguments = read_words("status", Vocabulary("prod", ()))
    command = replace(
        command,
        query=lambda _: FactsQuery(all_hosts=True, timeout_s=5.0),
        overview=lambda found: Message(" ".join(f"{name}: {_hosts(facts)}." for name, facts in found.items()), ()),
    )
    reads: list[tuple[str, float]] = []

    def read(cluster: str, query: FactsQuery, _: _Replies) -> Facts:
        reads.append((cluster, query.timeout_s))
        early = query.timeout_s == 2.0
        return {
            "prod": _facts(SILENT if early else OFF),
            "lab": _alone("lab", "pending") if early else _facts(None),
            "dev": _facts(None),
            "new": _alone("new", "inactive"),
        }[cluster]

    early, complete = _run(command, arguments, order(words="status --cluster all", cluster=""), read)
    assert early == (
        "prod: host-1 host-2 (not yet). dev: host-1 host-2. new: host-1. · *`host-2` of prod has not responded yet, "
        "lab has not been read yet*. The complete answer follows within 5 s."
    )
    assert complete == "prod: host-1 host-2. lab: host-1 host-2. dev: host-1 host-2. new: host-1."
    assert sorted(reads) == [("dev", 2.0), ("lab", 2.0), ("lab", 5.0), ("new", 2.0), ("prod", 2.0), ("prod", 5.0)]


def _alone(cluster: str, membership: Membership) -> Facts:
    """Return the facts of a cluster that cannot be read, with one host."""
    return Facts(cluster, 0.0, {"host-1": HostFacts("host-1", "10.0.0.1", membership=membership)}, None)


def _hosts(facts: Facts | AgedSummary | SwarmbotError) -> str:
    assert isinstance(facts, Facts)
    return " ".join(map(_shown, facts.hosts.values()))


def test_hosts_that_all_respond_are_read_once() -> None:
    """There is one answer."""
    timeouts: list[float] = []

    def read(query: FactsQuery, _: _Replies) -> Facts:
        timeouts.append(query.timeout_s)
        return _facts(None)

    assert _told("hosts", read) == ["host-1 host-2"]
    assert timeouts == [2.0]


@pytest.mark.parametrize("words", ["hosts", "check host-2"])
def test_nothing_is_said_early_if_nothing_is_known(words: str) -> None:
    """No cluster could be read yet, or the silent host is the one that is asked about."""
    cluster = words != "hosts"

    def read(query: FactsQuery, _: _Replies) -> Facts:
        return _facts(SILENT if query.timeout_s == 2.0 else OFF, cluster=cluster)

    assert _told(words, read) == ["host-1 host-2"]


@pytest.mark.parametrize("elected", [True, False])
def test_a_cluster_without_a_leader_is_read_again(monkeypatch: pytest.MonkeyPatch, *, elected: bool) -> None:
    """An election takes seconds: it is called a failure only if there is no leader at its end."""
    monkeypatch.setattr(questions, "ELECTION_PAUSE_S", 0.01)
    monkeypatch.setattr(questions, "ELECTION_TIMEOUT_S", 60.0 if elected else 0.05)
    command, arguments = read_words("hosts", Vocabulary("prod", ("host-1", "host-2")))

    def answer(facts: Facts, _: object) -> Message:
        require_cluster(facts)
        return Message("read", ())

    reads: list[float] = []

    def read(_cluster: str, query: FactsQuery, _: _Replies) -> Facts:
        reads.append(query.timeout_s)
        if elected and len(reads) == 4:
            return _facts(None)
        manager = HostFacts("host-1", "10.0.0.1", membership="active", is_manager=True)
        return replace(_facts(None, cluster=False), hosts=MappingProxyType({"host-1": manager}))

    waiting, end = _run(replace(command, answer=answer), arguments, order(words="hosts"), read)
    assert "could be read yet*: they may be electing a leader" in waiting
    assert end == ("read" if elected else "No manager of prod that has a quorum could be read.")
    assert len(reads) > 2


WATCHED: Final = (Summary("· *prod is healthy as far as read*", Health("healthy", ()), ("Leader `host-1`",)), 2.2)


def _status(
    monkeypatch: pytest.MonkeyPatch,
    watched: tuple[Summary, float] | None,
    *,
    slow: bool = True,
    refresh: bool = False,
) -> _Replies:
    """Return the answers of a status whose reading takes until the first answer, or no time."""
    monkeypatch.setattr(questions, "AT_ONCE_S", 0.05 if slow else 60.0)
    monkeypatch.setattr(still_working, "STILL_WORKING_S", 0.05 if refresh or not watched else 60.0)
    command, arguments = read_words("status", Vocabulary("prod", ()))
    command = replace(command, answer=lambda *_: Message("complete"))

    def read(_cluster: str, _query: FactsQuery, replies: _Replies) -> Facts:
        assert not slow or replies.came.wait(10)
        return _facts(None)

    return _replies(command, arguments, replace(order(words="status"), replace=refresh), read, watched)


def test_a_status_is_answered_at_once_from_what_watch_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its age, and without buttons: what is shared or refreshed is the complete answer."""
    replies = _status(monkeypatch, WATCHED)
    assert replies.told == ["· prod is healthy as far as read · as of 3 s ago", "complete"]
    assert replies.shared == [False, True]


def test_an_overview_is_answered_at_once_from_what_watch_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The complete answer follows."""
    monkeypatch.setattr(questions, "AT_ONCE_S", 0.05)
    command, arguments = read_words("status", Vocabulary("prod", ()))
    command = replace(command, overview=lambda found: Message(" ".join(map(_told_of, found.values())), ()))

    def read(cluster: str, _query: FactsQuery, replies: _Replies) -> Facts:
        assert replies.came.wait(10)
        return _alone(cluster, "inactive")

    asked = order(words="status --cluster all", cluster="")
    early, complete = _replies(command, arguments, asked, read, WATCHED).told
    assert early == "2.2 2.2 2.2 2.2 · The complete answer follows within 5 s."
    assert complete == "read read read read"


def _told_of(found: Facts | AgedSummary | SwarmbotError) -> str:
    return str(found.age_s) if isinstance(found, AgedSummary) else "read"


@pytest.mark.parametrize(
    ("watched", "refresh"), [(None, False), (WATCHED, True)], ids=["nothing fresh is known", "it is a refresh"]
)
def test_a_status_waits_for_the_facts(
    monkeypatch: pytest.MonkeyPatch, watched: tuple[Summary, float] | None, *, refresh: bool
) -> None:
    """What a Refresh replaces may be newer than what watch read."""
    working, answer = _status(monkeypatch, watched, refresh=refresh).told
    assert working.startswith("▸ *Still working on it*")
    assert answer == "complete"


def test_a_status_that_is_read_quickly_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack lets nobody edit the private answer to a typed command."""
    assert _status(monkeypatch, WATCHED, slow=False).told == ["complete"]


def test_a_question_that_takes_long_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, and before its answer."""
    monkeypatch.setattr(still_working, "STILL_WORKING_S", 0.05)

    def read(_query: FactsQuery, replies: _Replies) -> Facts:
        assert replies.came.wait(10)
        return _facts(None)

    working, answer = _told("check host-2", read)
    assert working.startswith("▸ *Still working on it*: `/swarm check host-2`")
    assert answer == "host-1 host-2"


def test_a_refused_question_is_not_said_to_go_on() -> None:
    """Its refusal is the last message."""

    def read(_query: FactsQuery, _: _Replies) -> Facts:
        raise Failed("Nothing can be read.")

    assert _told("check host-2", read) == ["Nothing can be read."]
