"""`/swarm token … --once` on real engines: the shown token admits one node."""

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
from tests.kits.scenario import Scenario
from tests.kits.secret_search import shown

REFUSED = "A valid join token is necessary"


def rotations(scenario: Scenario) -> list[Job]:
    """Return the jobs of pending rotations."""
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        return [job for job in Queue(redis, Audit(redis)).recent(None, 100) if job.order.pending_rotation]


def await_rotations(scenario: Scenario) -> None:
    """Wait until no rotation is pending and all requesters are told."""

    def kept() -> bool:
        with connect(Secret(scenario.deployment.redis_url)) as redis:
            return not redis.exists(keys.PENDING_ROTATIONS)

    until(kept, "every promise is kept", timeout=60)


def join(scenario: Scenario, host: str, line: tuple[str, str]) -> None:
    """Run the join command on a host; raise Failed with the engine's message."""
    scenario[host].docker("swarm", "join", "--token", *line)


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("ada", "worker"),
        # The same wait for a node's certificate, with the other of the two tokens.
        pytest.param("cleo", "manager", marks=pytest.mark.long),
    ],
)
def test_the_first_join_rotates_the_token(scenario: Scenario, who: str, role: str) -> None:
    """The engine refuses a second host; requester and channel are told."""
    scenario.cluster()
    line = shown(scenario.ask(who, f"token {role} --once"))
    after = scenario.now
    join(scenario, "host-2", line)
    told = scenario.see(who, "token of prod was rotated", after=after, private=True)
    assert f"`host-2` joined; the {role} token of prod was rotated." in told.text
    assert "The join command that you were shown no longer works." in told.text
    assert scenario.inspect()["JoinTokens"][role.title()] != line[0]
    with pytest.raises(Failed, match=REFUSED):
        join(scenario, "host-3", line)
    (job,) = rotations(scenario)
    card = scenario.end(job.id)
    assert card.text.startswith(f"✓ *The {role} token of prod is rotated*"), card.text
    assert "` joined; existing nodes stay in the cluster" in card.text  # by its id where it had no name yet
    await_rotations(scenario)
    assert len(rotations(scenario)) == 1
    assert "SWMTKN" not in scenario.public()


def test_the_message_says_how_long_the_token_is_valid(scenario: Scenario) -> None:
    """It says for one node and until when; a person who is shown the token without --once is told too."""
    scenario.cluster()
    assert "For one node, until " in scenario.ask("ada", "token worker --once")
    assert "For one node, until " in scenario.ask("ben", "token worker")
    assert "For one node, until " not in scenario.ask("cleo", "token manager")


def test_two_requesters_share_one_rotation(scenario: Scenario) -> None:
    """Both have the same token, and both are told which node joined."""
    scenario.cluster()
    first, second = (shown(scenario.ask(who, "token worker --once")) for who in ("ada", "ben"))
    assert first == second
    after = scenario.now
    join(scenario, "host-2", second)
    for who in ("ada", "ben"):
        assert (
            "`host-2` joined; the worker token"
            in scenario.see(who, "token of prod was rotated", after=after, private=True).text
        )
    await_rotations(scenario)
    assert len(rotations(scenario)) == 1


def test_a_manual_rotation_replaces_the_pending_one(scenario: Scenario) -> None:
    """After a manual rotation there is no second one, and the requester is told."""
    scenario.cluster()
    line = shown(scenario.ask("ada", "token worker --once"))
    after = scenario.now
    scenario.change("cleo", "token worker --rotate")
    now = scenario.inspect()["JoinTokens"]["Worker"]
    told = scenario.see("ada", "was already rotated by somebody", after=after, private=True)
    assert "no longer works" in told.text
    await_rotations(scenario)
    assert rotations(scenario) == []
    assert scenario.inspect()["JoinTokens"]["Worker"] == now != line[0]


def test_rotate_once_shows_a_new_token(scenario: Scenario) -> None:
    """It needs an administrator, rotates, shows the new token, and rotates again after the first join."""
    scenario.cluster()
    before = scenario.inspect()["JoinTokens"]["Worker"]
    scenario.change("cleo", "token worker --rotate --once")
    seen = scenario.see("cleo", "docker swarm join", private=True)
    line = shown(seen.text)
    assert line[0] != before
    assert "For one node, until " in seen.text
    after = scenario.now
    join(scenario, "host-2", line)
    assert (
        "`host-2` joined; the worker token"
        in scenario.see("cleo", "token of prod was rotated", after=after, private=True).text
    )
    assert scenario.inspect()["JoinTokens"]["Worker"] not in {before, line[0]}


def test_a_freeze_does_not_stop_the_rotation(scenario: Scenario) -> None:
    """The pending rotation reduces a risk, so it does not need the approval of a freeze."""
    scenario.cluster()
    line = shown(scenario.ask("ada", "token worker --once"))
    assert "rozen" in scenario.ask("cleo", "freeze --until 2h --reason sale")
    after = scenario.now
    join(scenario, "host-2", line)
    scenario.see("ada", "`host-2` joined; the worker token", after=after, private=True)
    assert scenario.inspect()["JoinTokens"]["Worker"] != line[0]


def test_operators_cannot_show_a_manager_token(scenario: Scenario) -> None:
    """Only administrators may, with or without --once; without a shown token there is no pending rotation."""
    scenario.cluster()
    told = scenario.ask("ada", "token manager --once")
    assert "@admins" in told
    assert "SWMTKN" not in told
    await_rotations(scenario)
