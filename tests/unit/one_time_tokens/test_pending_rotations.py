"""Promises on a real Redis: made before a token is shown, kept once, never forgotten, and told to all who asked."""

from __future__ import annotations

import pytest

from bot.errors import Failed, Unavailable
from bot.model import Role
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.slack.outbound.notifier import Undelivered
from bot.store import keys
from tests.kits.rotations import Bot, end

NEW = "the worker token of prod was rotated."
BY_OTHERS = "The worker token of prod was already rotated by somebody else."


def test_a_join_is_followed_by_one_rotation(bot: Bot) -> None:
    """Nothing happens while nobody joins; then the token is another, and the asker knows."""
    until = bot.ask().good_until
    assert until > float(bot.redis.time()[0])
    first = bot.swarm.token
    bot.turn()
    assert bot.queue.recent("prod", 5) == []
    bot.swarm.nodes.append("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-9` joined; {NEW}"]
    assert bot.swarm.rotations == {first: 1}
    (job,) = bot.queue.recent("prod", 5)
    assert job.order.requester == "U0ADA"
    assert job.state == "succeeded"
    assert not [key for key in bot.redis.scan_iter() if "rotation" in key and "request" not in key]


def test_when_nobody_joins_its_time_ends(bot: Bot) -> None:
    """At the deadline it is rotated all the same."""
    bot.ask()
    bot.pass_deadline()
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"No worker joined in time; {NEW}"]


def test_a_node_that_was_in_already_is_no_join(bot: Bot) -> None:
    """What counts is who was in when the token was shown."""
    bot.swarm.nodes.append("host-2")
    bot.ask()
    bot.turn()
    assert bot.queue.recent("prod", 5) == []


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_a_change_of_roles_is_no_join(bot: Bot, role: Role) -> None:
    """Who is demoted, or promoted, was in already; so was a worker that joined while a manager's line was out."""
    bot.swarm.nodes += ["host-2", "host-3"]
    bot.swarm.managers.add("host-2")
    bot.ask(role=role)
    if role == "manager":
        bot.swarm.nodes.append("host-9")
        bot.turn()
    bot.swarm.managers = {"host-3", "host-9"}
    bot.turn()
    assert bot.queue.recent("prod", 5) == []


def test_who_is_promoted_at_once_has_joined_all_the_same(bot: Bot) -> None:
    """Between two looks a worker may join and become a manager."""
    bot.ask()
    bot.swarm.nodes.append("host-9")
    bot.swarm.managers.add("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-9` joined; {NEW}"]


def test_a_node_without_a_name_yet_is_told_by_its_name_later(bot: Bot) -> None:
    """In the first moment an engine knows a node's id alone; the rotation waits for no name, the asker is told it."""
    bot.ask()
    bot.swarm.nodes.append("host-9")
    bot.swarm.nameless = True
    bot.turn()
    (job,) = bot.queue.recent("prod", 5)
    assert job.order.reason == "`id-host-9` joined"
    bot.swarm.nameless = False
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-9` joined; {NEW}"]


def test_two_that_join_at_once_are_both_named(bot: Bot) -> None:
    """A line that let two in was passed on: the asker is told to look."""
    bot.ask()
    bot.swarm.nodes += ["host-8", "host-9"]
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-8` and `host-9` joined; {NEW}"]


def test_two_askers_have_one_token_one_deadline_and_one_end(bot: Bot) -> None:
    """The second has no more time than the first: it is the same token."""
    first = bot.ask("U0ADA").good_until
    assert bot.ask("U0BEN").good_until == first
    bot.swarm.nodes.append("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == bot.told("U0BEN") == [f"`host-9` joined; {NEW}"]
    assert bot.swarm.rotations.total() == 1


def test_a_job_that_is_run_again_promises_once(bot: Bot) -> None:
    """A worker that died before it showed the token is followed by one that shows it: one asker, one deadline."""
    first = bot.ask(job="k7f3").good_until
    assert bot.ask(job="k7f3").good_until == first
    bot.swarm.nodes.append("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert len(bot.told("U0ADA")) == 1


def test_somebodys_rotation_keeps_it(bot: Bot) -> None:
    """Then nothing more is rotated; a token that is shown afterwards has a promise of its own."""
    bot.ask("U0ADA")
    bot.swarm.rotate()
    bot.ask("U0BEN")
    bot.turn()
    assert bot.told("U0ADA") == [BY_OTHERS]
    assert bot.told("U0BEN") == []
    assert bot.swarm.rotations.total() == 0
    assert len(bot.pending_rotations.open()) == 1


def test_what_is_due_is_shown_to_nobody(bot: Bot) -> None:
    """Between the join and the rotation no line is given out that would be worthless in a moment."""
    bot.ask("U0ADA")
    bot.swarm.nodes.append("host-9")
    bot.turn()
    with pytest.raises(Failed, match="is being rotated"):
        bot.ask("U0BEN")
    end(bot, lambda: not bot.pending_rotations.open())
    bot.ask("U0BEN")


def test_one_worker_looks_at_a_time(bot: Bot) -> None:
    """A promise that one has claimed is nobody else's for a while, and not looked at before its time."""
    bot.ask()
    (rotation_id,) = bot.pending_rotations.open()
    claimed = bot.pending_rotations.claim(rotation_id)
    assert claimed is not None
    assert bot.pending_rotations.claim(rotation_id) is None
    bot.pending_rotations.update(claimed[0], 60)
    assert bot.pending_rotations.claim(rotation_id) is None
    bot.pass_time()
    assert bot.pending_rotations.claim(rotation_id) is not None


def test_without_a_quorum_it_is_put_off_and_told_once(bot: Bot) -> None:
    """The deadline passes: the asker is told, it is tried ever less often, and it is done when it can be."""
    bot.ask()
    bot.swarm.readable = False
    bot.turn()
    assert bot.told("U0ADA") == [], "before its time nothing is late"
    bot.pass_deadline()
    for _ in range(8):
        bot.turn()
    (late,) = bot.told("U0ADA")
    assert "the join command that you were shown still works. No manager of prod with a quorum could be read." in late
    assert bot.queue.recent("prod", 5) == []
    (rotation_id,) = bot.pending_rotations.open()
    due = bot.redis.zscore(keys.PENDING_ROTATIONS, rotation_id)
    assert due is not None
    assert due - bot.redis.time()[0] * 1000 > 30_000
    bot.swarm.readable = True
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA")[1:] == [f"No worker joined in time; {NEW}"]


def test_a_rotation_that_fails_is_ordered_again(bot: Bot) -> None:
    """Each attempt is a job of its own; the asker is told of the first failure and of the end."""
    bot.ask()
    bot.swarm.broken = True
    bot.swarm.nodes.append("host-9")
    bot.turn()
    bot.work()
    bot.turn()
    assert len(bot.told("U0ADA")) == 1
    assert "did not rotate the token" in bot.told("U0ADA")[0]
    bot.swarm.broken = False
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA")[1:] == [f"`host-9` joined; {NEW}"]
    assert sorted(job.state for job in bot.queue.recent("prod", 5)) == ["failed", "succeeded"]


def test_who_cancels_the_rotation_only_puts_it_off(bot: Bot) -> None:
    """It was promised, so it comes again."""
    bot.ask()
    bot.pass_deadline()
    bot.turn()
    (job,) = bot.queue.recent("prod", 5)
    assert bot.queue.cancel(job.id, "U0EVE", []) == "cancelled"
    end(bot, lambda: not bot.pending_rotations.open())
    assert "was cancelled" in bot.told("U0ADA")[0]
    assert bot.told("U0ADA")[1:] == [f"No worker joined in time; {NEW}"]


def test_a_cluster_that_is_no_more_ends_it(bot: Bot) -> None:
    """Where every host answers and none is in a swarm, no token joins anything."""
    bot.ask()
    bot.swarm.member = False
    bot.turn()
    (told,) = bot.told("U0ADA")
    assert told.startswith("`prod` is no longer a cluster")
    assert bot.pending_rotations.open() == []


def test_who_cannot_be_told_is_told_later(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack down: the token is rotated, and its asker hears of it when Slack is back."""
    bot.ask()
    bot.swarm.rotate()

    def down(*_: object, **__: object) -> None:
        raise Undelivered("no answer", "its asker")

    with monkeypatch.context() as patched:
        patched.setattr(bot.mail, "respond", down)
        bot.turn()
    assert bot.pending_rotations.open()
    bot.turn()
    assert bot.told("U0ADA") == [BY_OTHERS]
    assert bot.pending_rotations.open() == []


def test_no_promise_no_token(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promise that cannot be stored raises, so that nothing is shown."""

    def down(*_: object) -> None:
        raise Unavailable("Redis does not answer.")

    monkeypatch.setattr(bot.pending_rotations, "_create", down)
    with pytest.raises(Unavailable):
        bot.ask()


def test_the_token_itself_is_nowhere(bot: Bot) -> None:
    """Redis holds a fingerprint."""
    bot.ask()
    (rotation_id,) = bot.pending_rotations.open()
    stored = f"{rotation_id} {bot.redis.hgetall(keys.pending_rotation(rotation_id))} {bot.audit.query()}"
    assert bot.swarm.token not in stored
    assert "promised" in stored


def test_a_promise_outlives_every_worker(bot: Bot) -> None:
    """What watches is new each time: nothing that matters is in a process."""
    until = bot.ask().good_until
    assert PendingRotations(bot.redis, bot.audit, 1.0).open() == bot.pending_rotations.open()
    assert bot.redis.ttl(keys.pending_rotation(bot.pending_rotations.open()[0])) == -1
    assert until
