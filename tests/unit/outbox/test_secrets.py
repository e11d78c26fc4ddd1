"""Messages with secrets: what is stored, and what is sent after an outage."""

from __future__ import annotations

import pytest

from bot.blocks import code
from bot.outbox.deliverer import MAX_PAUSE_S, SECRET_MAX_AGE_S
from bot.queue.job import Order
from bot.secrets.secret import Secret
from tests.unit.outbox.world import AWAY, TOKEN, World, token_answer


def test_a_secret_is_not_stored_and_is_read_again(world: World, asked: Order) -> None:
    """After an outage the requester gets the token as it is now."""
    world.slack.failing = AWAY
    world.promise(*token_answer(world, asked))
    dumped = str([world.redis.hgetall(key) for key in world.redis.scan_iter("swarmbot:*:outgoing:*")])
    assert "Nothing was shown." in dumped
    assert TOKEN not in dumped
    world.token = Secret("SWMTKN-1-new-one")
    world.pass_time(30)
    world.slack.failing = None
    world.pass_time(MAX_PAUSE_S + 1)
    assert [each.blocks for each in world.slack.messages] == [(code(Secret("SWMTKN-1-new-one")),)]


@pytest.mark.parametrize("why", ["too late", "unreadable"])
def test_a_secret_that_cannot_be_shown_any_more(world: World, asked: Order, why: str) -> None:
    """The requester sees that nothing was shown."""
    world.slack.failing = AWAY
    world.promise(*token_answer(world, asked))
    world.pass_time(SECRET_MAX_AGE_S + 1 if why == "too late" else 20, step=5)
    world.readable = why == "too late"
    world.slack.failing = None
    world.pass_time(2 * MAX_PAUSE_S + 2)
    assert [text for _, text in world.slack.seen] == ["Nothing was shown."]


def test_a_secret_never_goes_where_it_is_kept(world: World, asked: Order) -> None:
    """Slack refuses the private message for good: the requester is told, without the secret."""
    world.slack.no_hook = True
    world.slack.during = lambda: setattr(world.slack, "closed", {"U0ASKER": "user_not_in_channel"})
    world.promise(*token_answer(world, asked))
    world.slack.closed = {}
    world.pass_time(5)
    assert [text for _, text in world.slack.seen] == ["Nothing was shown."]
