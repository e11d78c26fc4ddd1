"""Autolock on real engines: who sees the key, and how a locked manager is unlocked from Slack."""

from __future__ import annotations

import re

from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.fleet.shell import until
from tests.kits.autolock import autolocked, key_of, restart
from tests.kits.scenario import Play

KEY = re.compile(r"SWMKEY-1-[\w+/]+")
MANAGERS = ("host-1", "host-2", "host-3")


def test_a_locked_manager_is_named_and_unlocked_from_slack(play: Play) -> None:
    """Status names it and the command; a wrong or malformed key changes nothing, the right one unlocks it."""
    key = autolocked(play, *MANAGERS)
    restart(play["host-2"])
    assert play.membership("host-2") == "locked"
    status = play.await_status("`host-2` is locked")
    assert "`/swarm unlock host-2`" in status
    assert "`/swarm unlock host-2`" in play.ask("ada", "hosts")
    assert "`/swarm unlock host-2`" in play.ask("ada", "node host-2")
    other = play.unlock("ada", "host-2", f"SWMKEY-1-{'A' * 43}")
    assert "This key does not unlock host-2. host-2 is still locked. Nothing was changed." in other.text, other.text
    malformed = play.unlock("ada", "host-2", "SWMKEY-1-?")
    assert "This is not an unlock key. host-2 is still locked." in malformed.text, malformed.text
    assert play.membership("host-2") == "locked"
    card = play.unlock("ada", "host-2", key)
    assert card.text.startswith("✓ *`host-2` is unlocked*"), card.text
    assert play.membership("host-2") == "active"
    assert play.nodes()["host-2"] == "Ready Active Reachable"
    again = play.now
    play.slack.slash("ada", "prod", "unlock host-2")
    play.fill("ada", secret=key)
    assert (
        "*No change needed*: `host-2` is not locked"
        in play.see("ada", "No change needed", after=again, private=True).text
    )


def test_a_malformed_key_keeps_the_form_open(play: Play) -> None:
    """Text that is not a key creates no job; an empty field cannot be submitted."""
    autolocked(play, "host-1")
    restart(play["host-1"])
    play.slack.slash("ada", "prod", "unlock host-1")
    typed = "SWMTKN-1-no-key"
    play.fill("ada", secret=typed)
    assert play.slack.workspace.views.stack("U0ADA")
    assert "unlock" not in play.ask("ben", "jobs")


def test_a_waiting_key_is_encrypted_and_expires(play: Play) -> None:
    """It waits while no worker runs; a late worker says that the key is needed again, and nothing was changed."""
    key = autolocked(play, "host-1")
    restart(play["host-1"])
    after = play.now
    play.stage.stop("worker.1")
    try:
        play.slack.slash("ada", "prod", "unlock host-1")
        play.fill("ada", secret=key)
        with connect(Secret(play.stage.redis_url)) as redis:
            (place,) = redis.scan_iter(keys.secret("*"))
            assert 0 < redis.ttl(place) <= TYPED_SECRET_TTL_S
            assert key.removeprefix("SWMKEY-1-") not in str(redis.get(place))
            redis.pexpire(place, 1)
    finally:
        play.stage.start("worker.1")
    card = play.see("ben", "was not unlocked", after=after)
    assert "kept for 15 minutes and used once. host-1 is still locked. Nothing was changed." in card.text, card.text
    assert play.membership("host-1") == "locked"
    play.slack.close_view("ada")
    assert play.unlock("ada", "host-1", key).text.startswith("✓")


def test_retry_asks_for_the_key_again(play: Play) -> None:
    """The Retry button opens the form, because the key is not stored."""
    key = autolocked(play, "host-1")
    restart(play["host-1"])
    card = play.unlock("ada", "host-1", f"SWMKEY-1-{'A' * 43}")
    after = play.now
    play.slack.click("ada", card.seen, "Retry")
    play.fill("ada", secret=key)
    play.see("ada", "is unlocked*", after=after)
    assert play.membership("host-1") == "active"
    assert play.nodes() == {"host-1": "Ready Active Leader"}


def test_all_managers_are_unlocked_after_a_power_cut(play: Play) -> None:
    """After the first unlock there is no quorum yet, which is not a failure; after the second there is one."""
    key = autolocked(play, *MANAGERS)
    for name in MANAGERS:
        play[name].stop_docker()
    for name in MANAGERS:
        play[name].start_docker()
    status = play.ask("ada", "status")
    assert "no quorum" in status
    for name in MANAGERS:
        assert f"`/swarm unlock {name}`" in status
    first = play.unlock("ada", "host-1", key)
    assert first.text.startswith("✓ *`host-1` is unlocked*"), first.text
    assert "`host-2` and `host-3` are locked too" in first.text, first.text
    status = play.ask("ada", "status")
    assert "no quorum" in status
    assert "`/swarm unlock host-1`" not in status
    second = play.unlock("ada", "host-2", key)
    assert "a reachable manager of prod" in second.text, second.text
    last = play.unlock("ada", "host-3", key)
    assert last.text.startswith("✓ *`host-3` is unlocked*"), last.text
    sound = {"Ready Active Leader", "Ready Active Reachable"}
    until(lambda: set(play.nodes().values()) == sound, "every manager is ready")


def test_the_key_is_shown_after_approval_and_rotated(play: Play) -> None:
    """Only the requester sees it after an approval; a rotated key applies from the next restart on."""
    old = autolocked(play, *MANAGERS)
    after = play.now
    play.slack.slash("cleo", "prod", "unlock-key")
    play.approve("dan", after)
    shown = play.see("cleo", old, after=after, private=True)
    assert shown.to == ("U0CLEO",)
    after = play.now
    play.slack.slash("cleo", "prod", "unlock-key --rotate")
    play.approve("dan", after)
    new = KEY.search(play.see("cleo", "SWMKEY-1-", after=after, private=True).text)
    assert new
    assert new[0] == key_of(play) != old
    assert "SWMKEY" not in play.public()
    restart(play["host-3"])
    wrong = play.unlock("ada", "host-3", old)
    assert "a rotated key is valid from the next restart" in wrong.text
    assert play.unlock("ada", "host-3", new[0]).text.startswith("✓")


def test_without_autolock_there_is_no_key(play: Play) -> None:
    """The answer says how to enable it, which shows the key to the requester; disabling it needs confirmation."""
    play.stand()
    answer = play.ask("cleo", "unlock-key")
    assert "autolock is off" in answer
    assert "`/swarm update --autolock true`" in answer
    assert "autolock is off" in play.ask("cleo", "unlock-key --rotate")
    play.reset()
    play.cluster()
    after = play.now
    play.slack.slash("cleo", "prod", "update --autolock true")
    play.approve("dan", after)
    assert key_of(play) in play.see("cleo", "SWMKEY-1-", after=after, private=True).text
    after = play.now
    play.slack.slash("cleo", "prod", "update --autolock true")
    play.see("cleo", "*No change needed*: prod has autolock true", after=after, private=True)
    after = play.now
    play.slack.slash("cleo", "prod", "update --autolock false")
    assert "lies on each manager's disk" in play.approve("dan", after).text
    assert key_of(play) == ""
