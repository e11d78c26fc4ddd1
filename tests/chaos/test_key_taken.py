"""A worker takes an unlock key out of Redis and dies before using it: the requester is asked for it again."""

from __future__ import annotations

import pytest

from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.fleet.shell import until
from tests.kits.autolock import autolocked, key_of, restart
from tests.kits.killed_workers import kill_who_runs
from tests.kits.scenario import JOB, Scenario


@pytest.mark.long
def test_the_next_worker_has_no_key_and_says_so(scenario: Scenario) -> None:
    """Nothing was changed, the job ends, and Retry takes the key again.

    A manager that is powered off makes each reading last for seconds; meanwhile only the first worker has the key.
    """
    key = autolocked(scenario, "host-1", "host-2")
    scenario["host-2"].power_off()
    restart(scenario["host-1"])
    scenario.form("cleo", "recover --gone host-2 --unlock")
    after = scenario.now
    scenario.fill("cleo", secret=key)
    found = JOB.search(scenario.see("cleo", "is job", after=after, private=True).text)
    assert found
    job = found[1]
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        until(lambda: redis.hget(keys.job(job), "plan"), "the job has its turn", timeout=60)
        until(lambda: not [*redis.scan_iter(keys.secret("*"))], "a worker has taken the key")
    kill_who_runs(scenario, job)
    card = scenario.end(job)
    assert "The key that you typed is not stored any more: it is kept for 15 minutes and used once." in card.text, (
        card.text
    )
    assert "host-1 is locked. Nothing was changed." in card.text, card.text
    assert scenario.membership("host-1") == "locked"
    scenario.slack.close_view("cleo")
    after = scenario.now
    scenario.slack.click("cleo", card.seen, "Retry")
    scenario.slack.click("cleo", scenario.see("cleo", "[Enter unlock key]", after=after), "Enter unlock key")
    scenario.fill("cleo", secret=key)
    scenario.see("cleo", "prod has quorum again", after=after)
    assert key_of(scenario) == key
