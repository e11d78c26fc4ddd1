"""Pending rotations in a real Redis: created before a token is shown, carried out once, and told to all requesters."""

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
    """Nothing happens while no node joins. Then the token is rotated, and the requester is told."""
    until = bot.ask().token_valid_until
    assert until > float(bot.redis.time()[0])
    first = bot.swarm.token
    bot.run_once()
    assert bot.queue.recent("prod", 5) == []
    bot.swarm.nodes.append("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-9` joined; {NEW}"]
    assert bot.swarm.rotations == {first: 1}
    (job,) = bot.queue.recent("prod", 5)
    assert job.order.requester == "U0ADA"
    assert job.state == "succeeded"
    assert not [key for key in bot.redis.scan_iter() if "rotation" in key and "request" not in key]


def test_without_a_join_the_token_is_rotated_at_the_deadline(bot: Bot) -> None:
    """The requester sees that no node joined in time."""
    bot.ask()
    bot.pass_deadline()
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"No worker joined in time; {NEW}"]


def test_a_node_of_the_cluster_is_no_join(bot: Bot) -> None:
    """Only nodes that were not part of the cluster when the token was shown count."""
    bot.swarm.nodes.append("host-2")
    bot.ask()
    bot.run_once()
    assert bot.queue.recent("prod", 5) == []


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_a_change_of_roles_is_no_join(bot: Bot, role: Role) -> None:
    """A node that is demoted or promoted was part of the cluster, and so was a worker that joined meanwhile."""
    bot.swarm.nodes += ["host-2", "host-3"]
    bot.swarm.managers.add("host-2")
    bot.ask(role=role)
    if role == "manager":
        bot.swarm.nodes.append("host-9")
        bot.run_once()
    bot.swarm.managers = {"host-3", "host-9"}
    bot.run_once()
    assert bot.queue.recent("prod", 5) == []


def test_a_node_that_is_promoted_at_once_has_joined(bot: Bot) -> None:
    """Between two checks a worker may join and become a manager."""
    bot.ask()
    bot.swarm.nodes.append("host-9")
    bot.swarm.managers.add("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-9` joined; {NEW}"]


def test_a_node_without_a_name_is_named_later(bot: Bot) -> None:
    """At first an engine knows only the id of a new node. The rotation does not wait for its name."""
    bot.ask()
    bot.swarm.nodes.append("host-9")
    bot.swarm.nameless = True
    bot.run_once()
    (job,) = bot.queue.recent("prod", 5)
    assert job.order.reason == "`id-host-9` joined"
    bot.swarm.nameless = False
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-9` joined; {NEW}"]


def test_two_nodes_that_join_at_once_are_both_named(bot: Bot) -> None:
    """A token that two nodes used was passed on: the requester is told to check them."""
    bot.ask()
    bot.swarm.nodes += ["host-8", "host-9"]
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == [f"`host-8` and `host-9` joined; {NEW}"]


def test_two_requesters_share_the_token_its_deadline_and_its_rotation(bot: Bot) -> None:
    """The second gets no later deadline: it is the same token."""
    first = bot.ask("U0ADA").token_valid_until
    assert bot.ask("U0BEN").token_valid_until == first
    bot.swarm.nodes.append("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA") == bot.told("U0BEN") == [f"`host-9` joined; {NEW}"]
    assert bot.swarm.rotations.total() == 1


def test_a_job_that_is_run_again_creates_one_rotation(bot: Bot) -> None:
    """A worker dies before it shows the token, and another one shows it: one requester, one deadline."""
    first = bot.ask(job="k7f3").token_valid_until
    assert bot.ask(job="k7f3").token_valid_until == first
    bot.swarm.nodes.append("host-9")
    end(bot, lambda: not bot.pending_rotations.open())
    assert len(bot.told("U0ADA")) == 1


def test_a_rotation_by_somebody_else_counts(bot: Bot) -> None:
    """Then the bot rotates nothing. A token that is shown later has its own pending rotation."""
    bot.ask("U0ADA")
    bot.swarm.rotate()
    bot.ask("U0BEN")
    bot.run_once()
    assert bot.told("U0ADA") == [BY_OTHERS]
    assert bot.told("U0BEN") == []
    assert bot.swarm.rotations.total() == 0
    assert len(bot.pending_rotations.open()) == 1


def test_a_token_whose_rotation_is_due_is_not_shown(bot: Bot) -> None:
    """Between the join and the rotation the token would be valid for a moment only."""
    bot.ask("U0ADA")
    bot.swarm.nodes.append("host-9")
    bot.run_once()
    with pytest.raises(Failed, match="is being rotated"):
        bot.ask("U0BEN")
    end(bot, lambda: not bot.pending_rotations.open())
    bot.ask("U0BEN")


def test_one_worker_checks_at_a_time(bot: Bot) -> None:
    """A claimed rotation cannot be claimed by others for a while, nor before its next check."""
    bot.ask()
    (rotation_id,) = bot.pending_rotations.open()
    claimed = bot.pending_rotations.claim(rotation_id)
    assert claimed is not None
    assert bot.pending_rotations.claim(rotation_id) is None
    bot.pending_rotations.update(claimed[0], 60)
    assert bot.pending_rotations.claim(rotation_id) is None
    bot.pass_time()
    assert bot.pending_rotations.claim(rotation_id) is not None


def test_without_quorum_it_is_delayed_and_told_once(bot: Bot) -> None:
    """After the deadline the requester is told, retries back off, and the token is rotated when quorum is back."""
    bot.ask()
    bot.swarm.readable = False
    bot.run_once()
    assert bot.told("U0ADA") == [], "before its time nothing is late"
    bot.pass_deadline()
    for _ in range(8):
        bot.run_once()
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
    """Each attempt is a job. The requester is told about the first failure and about the end."""
    bot.ask()
    bot.swarm.broken = True
    bot.swarm.nodes.append("host-9")
    bot.run_once()
    bot.work()
    bot.run_once()
    assert len(bot.told("U0ADA")) == 1
    assert "did not rotate the token" in bot.told("U0ADA")[0]
    bot.swarm.broken = False
    end(bot, lambda: not bot.pending_rotations.open())
    assert bot.told("U0ADA")[1:] == [f"`host-9` joined; {NEW}"]
    assert sorted(job.state for job in bot.queue.recent("prod", 5)) == ["failed", "succeeded"]


def test_cancelling_the_rotation_only_delays_it(bot: Bot) -> None:
    """It is ordered again."""
    bot.ask()
    bot.pass_deadline()
    bot.run_once()
    (job,) = bot.queue.recent("prod", 5)
    assert bot.queue.cancel(job.id, "U0EVE", []) == "cancelled"
    end(bot, lambda: not bot.pending_rotations.open())
    assert "was cancelled" in bot.told("U0ADA")[0]
    assert bot.told("U0ADA")[1:] == [f"No worker joined in time; {NEW}"]


def test_a_cluster_that_is_gone_ends_it(bot: Bot) -> None:
    """If every host responds and none is part of a cluster, no token joins anything."""
    bot.ask()
    bot.swarm.member = False
    bot.run_once()
    (told,) = bot.told("U0ADA")
    assert told.startswith("`prod` is no longer a cluster")
    assert bot.pending_rotations.open() == []


def test_a_requester_who_cannot_be_told_is_told_later(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Slack is down the token is rotated; the requester is told when Slack is back."""
    bot.ask()
    bot.swarm.rotate()

    def down(*_: object, **__: object) -> None:
        raise Undelivered("no answer", "its requester")

    with monkeypatch.context() as patched:
        patched.setattr(bot.mail, "respond", down)
        bot.run_once()
    assert bot.pending_rotations.open()
    bot.run_once()
    assert bot.told("U0ADA") == [BY_OTHERS]
    assert bot.pending_rotations.open() == []


def test_without_a_stored_rotation_no_token_is_shown(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the rotation cannot be stored, an error is raised and nothing is shown."""

    def down(*_: object) -> None:
        raise Unavailable("Redis does not answer.")

    monkeypatch.setattr(bot.pending_rotations, "_create", down)
    with pytest.raises(Unavailable):
        bot.ask()


def test_the_token_itself_is_not_stored(bot: Bot) -> None:
    """Redis has only its fingerprint."""
    bot.ask()
    (rotation_id,) = bot.pending_rotations.open()
    stored = f"{rotation_id} {bot.redis.hgetall(keys.pending_rotation(rotation_id))} {bot.audit.query()}"
    assert bot.swarm.token not in stored
    assert "promised" in stored


def test_a_pending_rotation_outlives_every_worker(bot: Bot) -> None:
    """Each check uses a new watcher: nothing is kept in a process."""
    until = bot.ask().token_valid_until
    assert PendingRotations(bot.redis, bot.audit, 1.0).open() == bot.pending_rotations.open()
    assert bot.redis.ttl(keys.pending_rotation(bot.pending_rotations.open()[0])) == -1
    assert until
