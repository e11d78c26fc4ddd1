"""`/swarm token … --once` on real engines: what is shown lets one node in, and then nobody."""

from __future__ import annotations

import pytest

from bot.audit import Audit
from bot.errors import Failed
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.fleet.shell import until
from tests.kits.scenario import Play
from tests.kits.secret_search import shown

REFUSED = "A valid join token is necessary"


def rotations(play: Play) -> list[Job]:
    """The jobs that kept a promise."""
    with connect(Secret(play.stage.redis_url)) as redis:
        return [job for job in Queue(redis, Audit(redis)).recent(None, 100) if job.order.pending_rotation]


def await_kept(play: Play) -> None:
    """Wait until no promise is open: everybody was told."""

    def kept() -> bool:
        with connect(Secret(play.stage.redis_url)) as redis:
            return not redis.exists(keys.PENDING_ROTATIONS)

    until(kept, "every promise is kept", timeout=60)


def join(play: Play, host: str, line: tuple[str, str]) -> None:
    """Run the line on a host, as its person would; Failed with the engine's words."""
    play[host].docker("swarm", "join", "--token", *line)


@pytest.mark.parametrize(("who", "role"), [("ada", "worker"), ("cleo", "manager")])
def test_the_first_node_that_joins_is_the_last(play: Play, who: str, role: str) -> None:
    """Its join rotates the token: the second host is refused in the engine's words; the asker and the channel know."""
    play.cluster()
    line = shown(play.ask(who, f"token {role} --once"))
    after = play.now
    join(play, "host-2", line)
    told = play.see(who, "token of prod was rotated", after=after, private=True)
    assert f"`host-2` joined; the {role} token of prod was rotated." in told.text
    assert "The join command that you were shown no longer works." in told.text
    assert play.inspect()["JoinTokens"][role.title()] != line[0]
    with pytest.raises(Failed, match=REFUSED):
        join(play, "host-3", line)
    (job,) = rotations(play)
    card = play.end(job.id)
    assert card.text.startswith(f"✓ *The {role} token of prod is rotated*"), card.text
    assert "` joined; nodes that are in stay in" in card.text  # by its id where it had no name yet
    await_kept(play)
    assert len(rotations(play)) == 1
    assert "SWMTKN" not in play.public()


def test_the_line_says_how_long_it_is_good(play: Play) -> None:
    """For one node, and until when; who is shown the same token without --once is told as well."""
    play.cluster()
    assert "For one node, until " in play.ask("ada", "token worker --once")
    assert "For one node, until " in play.ask("ben", "token worker")
    assert "For one node, until " not in play.ask("cleo", "token manager")


def test_two_who_ask_have_the_same_token_and_learn_the_same_end(play: Play) -> None:
    """One rotation serves both, and each is told who joined."""
    play.cluster()
    first, second = (shown(play.ask(who, "token worker --once")) for who in ("ada", "ben"))
    assert first == second
    after = play.now
    join(play, "host-2", second)
    for who in ("ada", "ben"):
        assert (
            "`host-2` joined; the worker token"
            in play.see(who, "token of prod was rotated", after=after, private=True).text
        )
    await_kept(play)
    assert len(rotations(play)) == 1


def test_a_rotation_in_between_keeps_the_promise(play: Play) -> None:
    """Who rotates by hand has done it: nothing is rotated again, and the asker is told."""
    play.cluster()
    line = shown(play.ask("ada", "token worker --once"))
    after = play.now
    play.change("cleo", "token worker --rotate")
    now = play.inspect()["JoinTokens"]["Worker"]
    told = play.see("ada", "was already rotated by somebody", after=after, private=True)
    assert "no longer works" in told.text
    await_kept(play)
    assert rotations(play) == []
    assert play.inspect()["JoinTokens"]["Worker"] == now != line[0]


def test_a_fresh_token_for_one_node(play: Play) -> None:
    """`--rotate --once` rotates first, as an admin may, shows the new token, and rotates it after the first join."""
    play.cluster()
    before = play.inspect()["JoinTokens"]["Worker"]
    play.change("cleo", "token worker --rotate --once")
    seen = play.see("cleo", "docker swarm join", private=True)
    line = shown(seen.text)
    assert line[0] != before
    assert "For one node, until " in seen.text
    after = play.now
    join(play, "host-2", line)
    assert (
        "`host-2` joined; the worker token"
        in play.see("cleo", "token of prod was rotated", after=after, private=True).text
    )
    assert play.inspect()["JoinTokens"]["Worker"] not in {before, line[0]}


def test_a_frozen_cluster_rotates_all_the_same(play: Play) -> None:
    """The yes that a freeze asks of changes is not asked for what ends a risk, and was promised."""
    play.cluster()
    line = shown(play.ask("ada", "token worker --once"))
    assert "rozen" in play.ask("cleo", "freeze --until 2h --reason sale")
    after = play.now
    join(play, "host-2", line)
    play.see("ada", "`host-2` joined; the worker token", after=after, private=True)
    assert play.inspect()["JoinTokens"]["Worker"] != line[0]


def test_operators_show_no_line_for_a_manager(play: Play) -> None:
    """For one node or for many: it is for admins; no promise is made of what was not shown."""
    play.stand()
    told = play.ask("ada", "token manager --once")
    assert "@admins" in told
    assert "SWMTKN" not in told
    await_kept(play)
