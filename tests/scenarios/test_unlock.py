"""Autolock on real engines: who sees the key, and how a locked manager is unlocked from Slack."""

from __future__ import annotations

import re

import pytest

from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.fleet.shell import until
from tests.kits.autolock import autolocked, key_of, restart
from tests.kits.scenario import Scenario

KEY = re.compile(r"SWMKEY-1-[\w+/]+")
MANAGERS = ("host-1", "host-2", "host-3")


def test_a_locked_manager_is_named_and_unlocked_from_slack(scenario: Scenario) -> None:
    """Status names it and the command; a wrong or malformed key changes nothing, the right one unlocks it."""
    key = autolocked(scenario, *MANAGERS)
    restart(scenario["host-2"])
    assert scenario.membership("host-2") == "locked"
    status = scenario.await_status("`host-2` is locked")
    assert "`/swarm unlock host-2`" in status
    assert "`/swarm unlock host-2`" in scenario.ask("ada", "hosts")
    assert "`/swarm unlock host-2`" in scenario.ask("ada", "node host-2")
    other = scenario.unlock("ada", "host-2", f"SWMKEY-1-{'A' * 43}")
    assert "This key does not unlock host-2. host-2 is still locked. Nothing was changed." in other.text, other.text
    malformed = scenario.unlock("ada", "host-2", "SWMKEY-1-?")
    assert "This is not an unlock key. host-2 is still locked." in malformed.text, malformed.text
    assert scenario.membership("host-2") == "locked"
    card = scenario.unlock("ada", "host-2", key)
    assert card.text.startswith("✓ *`host-2` is unlocked*"), card.text
    assert scenario.membership("host-2") == "active"
    assert scenario.nodes()["host-2"] == "Ready Active Reachable"
    assert "*No change needed*: `host-2` is not locked" in scenario.ask("ada", "unlock host-2")
    assert not scenario.slack.workspace.views.stack("U0ADA"), "no form opens for a key that is not needed"


def test_a_malformed_key_keeps_the_form_open(scenario: Scenario) -> None:
    """Text that is not a key creates no job; an empty field cannot be submitted."""
    autolocked(scenario, "host-1")
    restart(scenario["host-1"])
    scenario.form("ada", "unlock host-1")
    typed = "SWMTKN-1-no-key"
    scenario.fill("ada", secret=typed)
    assert scenario.slack.workspace.views.stack("U0ADA")
    assert scenario.ask("ben", "jobs").count("unlock host-1") == 1


def test_a_waiting_key_is_encrypted_and_expires(scenario: Scenario) -> None:
    """It waits while no worker runs; a late worker says that the key is needed again, and nothing was changed."""
    key = autolocked(scenario, "host-1")
    restart(scenario["host-1"])
    after = scenario.now
    scenario.form("ada", "unlock host-1")
    scenario.deployment.stop("worker.1")
    try:
        scenario.fill("ada", secret=key)
        with connect(Secret(scenario.deployment.redis_url)) as redis:
            (place,) = redis.scan_iter(keys.secret("*"))
            assert 0 < redis.ttl(place) <= TYPED_SECRET_TTL_S
            assert key.removeprefix("SWMKEY-1-") not in str(redis.get(place))
            redis.pexpire(place, 1)
    finally:
        scenario.deployment.start("worker.1")
    card = scenario.see("ben", "was not unlocked", after=after)
    assert "kept for 15 minutes and used once. host-1 is still locked. Nothing was changed." in card.text, card.text
    assert scenario.membership("host-1") == "locked"
    scenario.slack.close_view("ada")
    assert scenario.unlock("ada", "host-1", key).text.startswith("✓")


def test_retry_asks_for_the_key_again(scenario: Scenario) -> None:
    """The Retry button leads to the form, because the key is not stored."""
    key = autolocked(scenario, "host-1")
    restart(scenario["host-1"])
    card = scenario.unlock("ada", "host-1", f"SWMKEY-1-{'A' * 43}")
    after = scenario.now
    scenario.slack.click("ada", card.seen, "Retry")
    scenario.slack.click("ada", scenario.see("ada", "[Enter unlock key]", after=after), "Enter unlock key")
    scenario.fill("ada", secret=key)
    scenario.see("ada", "is unlocked*", after=after)
    assert scenario.membership("host-1") == "active"
    assert scenario.nodes() == {"host-1": "Ready Active Leader"}


@pytest.mark.long
def test_all_managers_are_unlocked_after_a_power_cut(scenario: Scenario) -> None:
    """After the first unlock there is no quorum yet, which is not a failure; after the second there is one."""
    key = autolocked(scenario, *MANAGERS)
    for name in MANAGERS:
        scenario[name].stop_docker()
    for name in MANAGERS:
        scenario[name].start_docker()
    status = scenario.ask("ada", "status")
    assert "no quorum" in status
    for name in MANAGERS:
        assert f"`/swarm unlock {name}`" in status
    first = scenario.unlock("ada", "host-1", key)
    assert first.text.startswith("✓ *`host-1` is unlocked*"), first.text
    assert "`host-2` and `host-3` are also locked" in first.text, first.text
    status = scenario.ask("ada", "status")
    assert "no quorum" in status
    assert "`/swarm unlock host-1`" not in status
    second = scenario.unlock("ada", "host-2", key)
    assert "a reachable manager of prod" in second.text, second.text
    last = scenario.unlock("ada", "host-3", key)
    assert last.text.startswith("✓ *`host-3` is unlocked*"), last.text
    sound = {"Ready Active Leader", "Ready Active Reachable"}
    until(lambda: set(scenario.nodes().values()) == sound, "every manager is ready")


def test_the_key_is_shown_after_approval_and_rotated(scenario: Scenario) -> None:
    """Only the requester sees it after an approval; a rotated key applies from the next restart on."""
    old = autolocked(scenario, *MANAGERS)
    after = scenario.now
    scenario.slack.slash("cleo", "prod", "unlock-key")
    scenario.approve("dan", after)
    shown = scenario.see("cleo", old, after=after, private=True)
    assert shown.to == ("U0CLEO",)
    after = scenario.now
    scenario.slack.slash("cleo", "prod", "unlock-key --rotate")
    scenario.approve("dan", after)
    new = KEY.search(scenario.see("cleo", "SWMKEY-1-", after=after, private=True).text)
    assert new
    assert new[0] == key_of(scenario) != old
    assert "SWMKEY" not in scenario.public()
    restart(scenario["host-3"])
    wrong = scenario.unlock("ada", "host-3", old)
    assert "a rotated key is valid from the next restart" in wrong.text
    assert scenario.unlock("ada", "host-3", new[0]).text.startswith("✓")


def test_without_autolock_there_is_no_key(scenario: Scenario) -> None:
    """The answer says how to enable it, which shows the key to the requester; disabling it needs confirmation."""
    scenario.cluster()
    answer = scenario.ask("cleo", "unlock-key")
    assert "autolock is off" in answer
    assert "`/swarm update --autolock true`" in answer
    assert "autolock is off" in scenario.ask("cleo", "unlock-key --rotate")
    after = scenario.now
    scenario.slack.slash("cleo", "prod", "update --autolock true")
    scenario.approve("dan", after)
    assert key_of(scenario) in scenario.see("cleo", "SWMKEY-1-", after=after, private=True).text
    after = scenario.now
    scenario.slack.slash("cleo", "prod", "update --autolock true")
    scenario.see("cleo", "*No change needed*: prod has autolock true", after=after, private=True)
    after = scenario.now
    scenario.slack.slash("cleo", "prod", "update --autolock false")
    assert "is stored unencrypted on each manager's disk" in scenario.approve("dan", after).text
    assert key_of(scenario) == ""
