"""What plans, their digests and shown secrets rest on: all hosts, not those that happened to answer first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.commands import Vocabulary
from bot.execution.changes import Changes
from bot.execution.cluster_reader import ClusterReader
from bot.execution.questions import Questions
from bot.execution.services import WorkerServices
from bot.model import Facts, FactsQuery
from bot.queue.job import Job
from tests.kits.commands import COMMANDS
from tests.kits.jobs import order
from tests.plans.outcome import read_words


class Looked(Exception):
    """The job has looked at the cluster."""


class _Sight(ClusterReader):
    """Shows nothing, and ends the job with what it wanted to see."""

    def read(self, cluster: str, query: FactsQuery) -> Facts:
        """Raise it."""
        del cluster
        raise Looked(query)


def _query(words: str) -> FactsQuery:
    """What is looked at first for ``words``, which nobody needs to agree to."""
    command, arguments = read_words(words, Vocabulary("prod", ("host-1", "host-2")))
    lease: Any = SimpleNamespace(job=Job(order(words=words), "running"))
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
        cluster_reader=_Sight(unused, unused),
        approvals=approvals,
        approval_step=approval_step,
        pending_rotations=pending_rotations,
        secret_inbox=unused,
        enrolment_message=unused,
        exporter=unused,
    )
    begin = Changes(services).ask if command.is_change(arguments) else Questions(services).run
    with pytest.raises(Looked) as looked:
        begin(lease, command, arguments)
    query: FactsQuery = looked.value.args[0]
    return query


@pytest.mark.parametrize(
    "words", ["drain host-2", "label host-2 a=b", "update --task-history-limit 3", "token worker --rotate"]
)
def test_a_plan_waits_for_every_host(words: str) -> None:
    """Else its digest, and what a name means, would be others at each reading."""
    assert _query(words).all_hosts


@pytest.mark.parametrize("words", ["token worker", "unlock-key"])
def test_a_secret_waits_for_every_host(words: str) -> None:
    """It is that of the cluster which most hosts are in."""
    assert _query(words).all_hosts
