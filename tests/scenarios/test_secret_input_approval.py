"""A secret that was typed for a change that needs approval is kept for minutes: a later approval does nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.store import keys
from bot.store.client import connect
from tests.kits.approval_scenario import ApprovalScenario
from tests.kits.autolock import restart
from tests.kits.scenario import Scenario


@pytest.fixture
def frozen_cluster(approvals: ApprovalScenario) -> Iterator[Scenario]:
    """The only manager is locked and the cluster is frozen, so an unlock needs an approval."""
    first = approvals.fleet["host-1"]
    first.docker("swarm", "update", "--autolock=true")
    key = first.docker("swarm", "unlock-key", "-q").strip()
    restart(first)
    scenario = Scenario(approvals.deployment)
    scenario.slack.slash("dan", "prod", 'freeze --until 4h --reason "sale"')
    scenario.see("dan", "is frozen", private=True)
    scenario.form("ada", "unlock host-1")
    after = scenario.now
    scenario.fill("ada", secret=key)
    scenario.see("ada", "is job", after=after, private=True)
    scenario.slack.close_view("ada")
    yield scenario
    scenario.slack.slash("dan", "prod", "thaw")
    scenario.see("eve", "*prod is thawed*")


def test_an_approval_in_time_unlocks(frozen_cluster: Scenario, approvals: ApprovalScenario) -> None:
    """The card says that the key is kept only as long as the request is open, which is minutes."""
    job = _waiting_job(approvals)
    request = approvals.approval(job).request
    assert request.expires < time.time() + TYPED_SECRET_TTL_S
    assert "and the typed secret is deleted" in approvals.card(job).shown
    approvals.press("dan", job, "Approve")
    approvals.ends(job, "succeeded")
    assert frozen_cluster.membership("host-1") == "active"


def test_a_late_approval_does_nothing(frozen_cluster: Scenario, approvals: ApprovalScenario) -> None:
    """The request ends with the key, and says that both are needed again."""
    job = _waiting_job(approvals)
    with connect(Secret(approvals.deployment.redis_url)) as redis:
        redis.zadd(keys.APPROVALS_OPEN, {job: 0})  # as if the minutes had passed
    approvals.ends(job, "expired")
    assert "The secret typed with it was deleted: request it again." in approvals.card(job).shown
    assert frozen_cluster.membership("host-1") == "locked"


def _waiting_job(approvals: ApprovalScenario) -> str:
    """Return the job whose card waits; jobs of others may wait too."""

    def job() -> str:
        waiting = approvals.approvals.waiting("prod")
        return next(
            (found.id for found in waiting if approvals.carded(found.id) and found.request.words == "unlock host-1"), ""
        )

    return str(approvals.until(job))
