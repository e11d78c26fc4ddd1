"""Freezes in a real Redis: set, replaced, expired, thawed; each with its audit entry."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from bot.audit import Audit, Entry
from bot.commands import FreezeCluster, ThawCluster
from bot.config import Config
from bot.errors import NotUnderstood, Refused, Unavailable
from bot.freeze import Freezes, run_freeze_command
from bot.model import Freeze
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import Timeouts, connect

SAID = Entry("froze", "U0CLEO", cluster="prod")
THAWED = Entry("thawed", "U0DAN", cluster="prod")


def _config(*windows: dict[str, Any]) -> Config:
    prod = {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}, "freezes": list(windows)}
    return Config.model_validate({"clusters": {"prod": prod}})


@pytest.fixture
def freezes(client: Redis, audit: Audit) -> Freezes:
    """Return freezes without a scheduled one."""
    return Freezes(client, audit, _config())


def _now(client: Redis) -> float:
    seconds, micros = client.time()
    return float(seconds + micros / 1e6)


def _actions(audit: Audit) -> list[str]:
    assert audit.verify().ok
    return [entry.action for entry in reversed(audit.query())]


def test_freeze_lasts_until_it_is_thawed(freezes: Freezes, audit: Audit, client: Redis) -> None:
    """It concerns this cluster only; the second thaw writes nothing."""
    now = _now(client)
    freezes.freeze("prod", now + 600, "U0CLEO", "sale", [SAID])
    assert freezes.active("prod", now) == Freeze("prod", now + 600, "U0CLEO", "sale")
    assert freezes.active("lab", now) is None
    assert freezes.thaw("prod", [THAWED], now) is True
    assert freezes.active("prod", now) is None
    assert freezes.thaw("prod", [THAWED], now) is False
    assert _actions(audit) == ["froze", "thawed"]


def test_a_freeze_replaces_only_the_one_that_was_seen(freezes: Freezes, audit: Audit, client: Redis) -> None:
    """A shorter freeze may replace a longer one. If another one has begun meanwhile, nothing is written."""
    now = _now(client)
    assert freezes.freeze("prod", now + 600, "U0CLEO", "sale", [SAID])
    assert not freezes.freeze("prod", now + 60, "U0DAN", "nearly done", [SAID])
    assert freezes.freeze("prod", now + 60, "U0DAN", "nearly done", [SAID], replaces=freezes.kept("prod"))
    assert freezes.active("prod", now) == Freeze("prod", now + 60, "U0DAN", "nearly done")
    assert _actions(audit) == ["froze", "froze"]


def test_a_freeze_that_is_over_is_kept_until_it_was_told(freezes: Freezes, audit: Audit, client: Redis) -> None:
    """For readers it has ended, and nobody can thaw it; after a week nobody is notified any more."""
    until = _now(client) + 600
    freezes.freeze("prod", until, "U0CLEO", "sale", [SAID])
    assert freezes.active("prod", until - 0.01) is not None
    assert freezes.active("prod", until) is None
    assert freezes.thaw("prod", [THAWED], until) is False
    assert freezes.kept("prod") == Freeze("prod", until, "U0CLEO", "sale")
    week_s = 7 * 24 * 3600
    assert week_s < client.ttl(keys.freeze("prod")) <= week_s + 601
    assert _actions(audit) == ["froze"]


def test_retried_freeze_is_written_once(freezes: Freezes, audit: Audit, client: Redis) -> None:
    """After a lost reply the client retries with the same entries."""
    until = _now(client) + 600
    sent: list[list[str]] = []
    original = freezes._freeze

    def twice(places: list[str], args: list[str]) -> list[Any]:
        sent.append(args)
        original(places, args)
        return original(places, args)

    freezes._freeze = twice  # type: ignore[assignment] # stands for a connection that lost the first answer
    freezes.freeze("prod", until, "U0CLEO", "sale", [SAID])
    assert len(sent) == 1
    assert _actions(audit) == ["froze"]


def test_secret_in_the_reason_is_masked(freezes: Freezes, client: Redis) -> None:
    """A reason is shown to everybody."""
    token = "SWMTKN-1-" + "a" * 50 + "-" + "b" * 25
    freezes.freeze("prod", _now(client) + 600, "U0CLEO", f"leaked {token}", [SAID])
    assert token not in str(client.get(keys.freeze("prod")))


def test_without_redis_the_state_is_unknown(redis_url: str) -> None:
    """No answer does not mean "not frozen"."""
    gone = connect(Secret(f"{redis_url}.gone"), Timeouts(reply_s=1, connect_s=1, retries=0))
    with pytest.raises(Unavailable):
        Freezes(gone, Audit(gone), _config()).active("prod", 0.0)


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
SATURDAY = datetime(2099, 11, 14, 12, tzinfo=UTC).timestamp()  # to come, by the clock of Redis too
WEEKEND = {"from": "sat 00:00", "until": "mon 08:00", "reason": "weekend"}


def test_longer_of_two_freezes_is_shown(client: Redis, audit: Audit) -> None:
    """A scheduled freeze and one set by hand are in effect together."""
    freezes = Freezes(client, audit, _config(WEEKEND))
    monday = datetime(2099, 11, 16, 8, tzinfo=UTC).timestamp()
    planned = Freeze("prod", monday, "", "weekend", scheduled=True)
    assert freezes.active("prod", SATURDAY) == planned
    freezes.freeze("prod", monday + 60, "U0CLEO", "sale", [])
    assert freezes.active("prod", SATURDAY) == Freeze("prod", monday + 60, "U0CLEO", "sale")
    freezes.freeze("prod", monday - 60, "U0CLEO", "sale", [], replaces=freezes.kept("prod"))
    assert freezes.active("prod", SATURDAY) == planned
    assert freezes.active("elsewhere", SATURDAY) is None


def _order(freezes: Freezes, order: FreezeCluster | ThawCluster, now: float) -> str:
    entry = Entry("asked", "U0CLEO", cluster="prod", command="freeze", words="freeze")
    return run_freeze_command(freezes, order, "prod", entry, now).reply.text


def test_end_is_shown_in_the_readers_time_zone(freezes: Freezes, audit: Audit, client: Redis) -> None:
    """Slack shows the time in the reader's time zone, once."""
    now = _now(client)
    told = _order(freezes, FreezeCluster("4h", "sale <of> the year"), now)
    until = int(now + 4 * 3600)
    assert f"<!date^{until}^" in told
    assert told.count(" UTC") == 1
    assert "sale &lt;of&gt; the year" in told
    [entry] = audit.query()
    assert (entry.action, entry.by, entry.words) == ("froze", "U0CLEO", "freeze")
    assert "sale <of> the year" in entry.detail


def test_same_freeze_twice_needs_no_change(freezes: Freezes, audit: Audit, client: Redis) -> None:
    """The same end and reason by anybody; another end or reason is another freeze."""
    now = _now(client)
    written = f"{datetime.fromtimestamp(now + 7200, UTC):%Y-%m-%dT%H:%M}"
    order = FreezeCluster(written, "sale")
    assert _order(freezes, order, now).startswith("*prod is frozen*")
    again = _order(freezes, order, now + 1)
    assert again.startswith("✓ No change needed: prod is frozen until <!date^")
    assert again.endswith('by <@U0CLEO>: "sale". Nothing was changed.')
    assert _announced(freezes, order, now + 1) == ""
    assert _actions(audit) == ["froze"]
    assert _order(freezes, FreezeCluster(written, "stocktaking"), now).startswith("*prod is frozen*")
    assert _order(freezes, FreezeCluster("3h", "stocktaking"), now).startswith("*prod is frozen*")


@pytest.mark.parametrize(("hours", "ends"), [(2, "earlier"), (4, "at the same time"), (6, "later")])
def test_a_second_freeze_says_which_one_it_replaces(
    freezes: Freezes, audit: Audit, client: Redis, hours: int, ends: str
) -> None:
    """The requester, the channel and the audit log learn whose freeze ended, when it would have ended, and why."""
    now = _now(client)
    freezes.freeze("prod", now + 4 * 3600, "U0DAN", "sale", [replace(SAID, by="U0DAN")])
    entry = Entry("asked", "U0CLEO", cluster="prod", command="freeze", words="freeze")
    result = run_freeze_command(freezes, FreezeCluster(f"{hours}h", "stocktaking"), "prod", entry, now)
    replaced = 'replaces the one that <@U0DAN> set until then ("sale").'
    assert result.announcement is not None
    for message in (result.reply, result.announcement):
        head, line = re.sub(r"<!date[^>]*>", "then", message.text).split("\n")
        assert "*prod is frozen*" in head
        assert line == f"{'! *The freeze is shorter now*: it' if ends == 'earlier' else 'It'} {replaced}"
        assert "<@U0DAN>" in str(message.blocks)
    assert _actions(audit) == ["froze", "replaced freeze", "froze"]
    detail = audit.query()[1].detail
    assert detail.startswith("it was set by U0DAN until 20")
    assert detail.endswith(f"the new one ends {ends}")


def test_two_freezes_at_the_same_moment_are_both_told(freezes: Freezes, client: Redis) -> None:
    """Somebody else freezes between the look and the write: the reply names that freeze."""
    now, original = _now(client), freezes._freeze

    def after_another(places: list[str], args: list[str]) -> list[Any]:
        freezes._freeze = original
        freezes.freeze("prod", now + 600, "U0DAN", "sale", [SAID])
        return original(places, args)

    freezes._freeze = after_another  # type: ignore[assignment] # stands for another process
    assert "it replaces the one that <@U0DAN> set" in _order(freezes, FreezeCluster("5m", "test"), now)


def test_a_thaw_ends_the_freeze_that_has_just_begun(freezes: Freezes, audit: Audit, client: Redis) -> None:
    """Somebody else freezes between the look and the write: what is thawed is thawed."""
    now, original = _now(client), freezes._thaw
    freezes.freeze("prod", now + 600, "U0DAN", "sale", [SAID])

    def after_another(places: list[str], args: list[str]) -> list[Any]:
        freezes._thaw = original
        freezes.freeze("prod", now + 900, "U0DAN", "sale", [SAID], replaces=freezes.kept("prod"))
        return original(places, args)

    freezes._thaw = after_another  # type: ignore[assignment] # stands for another process
    assert freezes.thaw("prod", [THAWED], now)
    assert freezes.kept("prod") is None
    assert _actions(audit) == ["froze", "froze", "thawed"]


@pytest.mark.parametrize("until", ["2020-01-01", "0001-01-01T00:00+14:00", "0s", "9999-12-31T23:59-12:00", "53w"])
def test_past_or_distant_end_is_not_understood(freezes: Freezes, audit: Audit, client: Redis, until: str) -> None:
    """Nothing is written."""
    with pytest.raises(NotUnderstood):
        _order(freezes, FreezeCluster(until, "sale"), _now(client))
    assert _actions(audit) == []


def test_thaw_says_the_state_now(client: Redis, audit: Audit) -> None:
    """Thawed, not frozen before, or still frozen by swarmbot.yml."""
    free, planned = Freezes(client, audit, _config()), Freezes(client, audit, _config(WEEKEND))
    assert _order(free, ThawCluster(), SATURDAY) == "prod is not frozen. Nothing was changed."
    free.freeze("prod", SATURDAY + 600, "U0CLEO", "sale", [])
    assert _order(free, ThawCluster(), SATURDAY) == "*prod is thawed*."
    with pytest.raises(Refused, match="cannot end a scheduled freeze"):
        _order(planned, ThawCluster(), SATURDAY)
    free.freeze("prod", SATURDAY + 600, "U0CLEO", "sale", [])
    assert "The freeze set by `/swarm freeze` has ended, but swarmbot.yml" in _order(planned, ThawCluster(), SATURDAY)
    assert _actions(audit) == ["thawed", "thawed"]


def test_what_still_waits_is_told_once_no_freeze_is_left(client: Redis, audit: Audit) -> None:
    """While swarmbot.yml freezes the cluster, what waits needs its approvals."""
    free, planned = Freezes(client, audit, _config()), Freezes(client, audit, _config(WEEKEND))
    entry = Entry("asked", "U0CLEO", cluster="prod", command="thaw", words="thaw")
    for freezes, told in ((free, True), (planned, False)):
        free.freeze("prod", SATURDAY + 600, "U0CLEO", "sale", [])
        result = run_freeze_command(freezes, ThawCluster(), "prod", entry, SATURDAY, waiting=["! 1 order still waits"])
        assert result.announcement is not None
        for message in (result.reply, result.announcement):
            assert ("! 1 order still waits" in message.text) is told
            assert ("! 1 order still waits" in str(message.blocks)) is told


def test_announcement(client: Redis, audit: Audit) -> None:
    """Who froze or thawed, and the state now; nothing if nothing changed."""
    free, planned = Freezes(client, audit, _config()), Freezes(client, audit, _config(WEEKEND))
    assert _announced(free, ThawCluster(), SATURDAY) == ""
    frozen = _announced(free, FreezeCluster("4h", "sale"), _now(client))
    assert frozen.startswith("! *prod is frozen* by <@U0CLEO> until <!date^")
    assert _announced(free, ThawCluster(), _now(client)) == "✓ *prod is thawed* by <@U0CLEO>."
    free.freeze("prod", SATURDAY + 600, "U0CLEO", "sale", [])
    held = _announced(planned, ThawCluster(), SATURDAY)
    assert held.startswith("! <@U0CLEO> ended the freeze set by `/swarm freeze`, but swarmbot.yml freezes prod until")


def _announced(freezes: Freezes, order: FreezeCluster | ThawCluster, now: float) -> str:
    entry = Entry("asked", "U0CLEO", cluster="prod", command="freeze", words="freeze")
    announcement = run_freeze_command(freezes, order, "prod", entry, now).announcement
    return announcement.text if announcement else ""
