"""Plans, their digests and shown secrets are based on all hosts, not on those that respond first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis

from bot.commands import Vocabulary
from bot.execution.changes import Changes
from bot.execution.cluster_reader import ClusterReader
from bot.execution.questions import Questions
from bot.execution.services import WorkerServices
from bot.model import Facts, FactsQuery
from bot.model.history import History
from bot.queue.job import Job
from bot.watch.history import WatchHistory
from tests.kits.commands import COMMANDS
from tests.kits.histories import LAST, sample
from tests.kits.jobs import order
from tests.kits.watch_lease import led
from tests.plans.outcome import read_words


class Looked(Exception):
    """The job has read the cluster."""


class _Sight(ClusterReader):
    """Reads nothing, and ends the job with the query."""

    def read(self, cluster: str, query: FactsQuery) -> Facts:
        """Raise it."""
        del cluster
        raise Looked(query)


def _query(words: str) -> FactsQuery:
    """Return the first query of a job for ``words`` that needs no approval."""
    command, arguments = read_words(words, Vocabulary("prod", ("host-1", "host-2")))
    lease: Any = SimpleNamespace(job=Job(order(words=words), "running"), worker="one")
    unused: Any = None
    approvals: Any = SimpleNamespace(get=lambda _: None)
    approval_step: Any = SimpleNamespace(rule=lambda *_: SimpleNamespace(count=0))
    pending_rotations: Any = SimpleNamespace(ensure_rotation=None)
    services = WorkerServices(
        config=unused,
        commands=COMMANDS,
        queue=unused,
        notifier=unused,
        replies=unused,
        secret_messages=unused,
        outbox=unused,
        cluster_reader=_Sight(unused, unused, last_read=unused, good_specs=unused, revisions=unused, history=unused),
        approvals=approvals,
        approval_step=approval_step,
        watch=unused,
        pending_rotations=pending_rotations,
        secret_inbox=unused,
        enrolment_message=unused,
        uploads=unused,
        pictures=unused,
        exporter=unused,
    )
    begin = Changes(services).run if command.is_change(arguments) else Questions(services).run
    with pytest.raises(Looked) as looked:
        begin(lease, command, arguments)
    query: FactsQuery = looked.value.args[0]
    return query


@pytest.mark.parametrize(
    "words", ["drain host-2", "label host-2 a=b", "update --task-history-limit 3", "token worker --rotate"]
)
def test_a_plan_waits_for_every_host(words: str) -> None:
    """Otherwise its digest, and what a name means, could differ with each read."""
    assert _query(words).all_hosts


@pytest.mark.parametrize("words", ["token worker", "unlock-key"])
def test_a_secret_waits_for_every_host(words: str) -> None:
    """It is that of the cluster that most hosts are part of."""
    assert _query(words).all_hosts


def test_the_history_of_a_cluster_asks_no_host(client: Redis) -> None:
    """What watch recorded is shown at once, in any state of the cluster."""
    assert _query("map --history") == FactsQuery(history=True)
    lease, history = led(client), WatchHistory(client)
    history.record(lease, "prod", sample(LAST))
    unused: Any = None
    reader = ClusterReader(unused, unused, last_read=unused, good_specs=unused, revisions=unused, history=history)
    facts = reader.read("prod", FactsQuery(history=True))
    assert facts.history == History((sample(LAST),), watched=True)
    assert (facts.swarm, dict(facts.hosts)) == (None, {})
