"""A job that is cancelled just as its question is asked is not carried out by a later yes."""

from __future__ import annotations

import pytest

from bot.audit import Entry
from bot.errors import Refused
from tests.unit.approvals.reckoning import Reckoning


def test_no_yes_revives_a_cancelled_job(redis_url: str) -> None:
    """Its approval seems open, for the cancelling looked before there was one; its job has ended all the same."""
    reckoning = Reckoning(redis_url, 1, {"U0ADA", "U0BEN"})
    reckoning.ask(0, "U0ADA", "node-1")
    assert not reckoning.processes[0].desk.cancel("job-0", "U0ADA")
    reckoning.work(0, "question", 0, crash=False)
    assert reckoning.processes[0].queue.cancel("job-0", "U0ADA", [Entry("cancelled", "U0ADA")]) == "cancelled"
    with pytest.raises(Refused, match="ended meanwhile"):
        reckoning.processes[1].desk.approve("job-0", "U0BEN", "")
    reckoning.work(1, "change", 0, crash=False)
    assert reckoning.cluster.records["node-1"].role == "worker"
