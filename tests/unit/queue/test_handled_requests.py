"""A request that is delivered twice is handled once."""

from __future__ import annotations

from redis import Redis

from bot.queue.handled_requests import BEGUN_TTL_S, HandledRequests
from bot.store import keys


def test_the_second_delivery_is_known(client: Redis) -> None:
    """While the first is handled there is no answer; afterwards there is."""
    handled_requests = HandledRequests(client)
    assert handled_requests.begin("press:1")
    assert not handled_requests.begin("press:1")
    assert handled_requests.answer("press:1") == ""
    handled_requests.end("press:1", "the answer")
    assert not handled_requests.begin("press:1")
    assert handled_requests.answer("press:1") == "the answer"
    assert 0 < client.ttl(keys.delivery("press:1")) <= keys.REQUEST_TTL_S


def test_what_was_not_handled_is_handled_later(client: Redis) -> None:
    """Nothing was done, or the process was killed: the next delivery is the first again."""
    handled_requests = HandledRequests(client)
    assert handled_requests.begin("press:1")
    assert 0 < client.ttl(keys.delivery("press:1")) <= BEGUN_TTL_S
    handled_requests.forget("press:1")
    assert handled_requests.begin("press:1")
    client.delete(keys.delivery("press:1"))
    assert handled_requests.begin("press:1")
