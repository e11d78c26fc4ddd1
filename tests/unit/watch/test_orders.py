"""What people order about incidents: whom a silence is about, and what its end changes."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from bot.audit import Audit, Entry
from bot.commands import EndSilence, SilenceSubject
from bot.config import Config
from bot.errors import NotUnderstood
from bot.last_read import LastRead
from bot.model import ClusterFacts, ServiceFacts
from bot.watch.orders import WatchOrders
from bot.watch.repository import WatchRepository
from tests.kits.nodes import worker

CONFIG = Config.model_validate(
    {"clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-3": "192.0.2.3"}}}}
)
NODES = (
    worker("nodeid1", "ip-192-0-2-1", host="host-1"),
    worker("nodeid3", "host-3", host="host-3"),
    worker("olderid5", "host-5"),
    worker("newerid5", "host-5"),
)
SERVICES = (ServiceFacts("web", 1, 1, id="serviceid1"), ServiceFacts("host-3", 1, 1, id="serviceid2"))


class World:
    """A cluster whose names are known, or not."""

    def __init__(self, redis: Redis, *, known: bool = True) -> None:
        audit = Audit(redis)
        self.repository, self.last_read = WatchRepository(redis, audit), LastRead(redis)
        self.orders = WatchOrders(self.repository, CONFIG, self.last_read)
        if known:
            swarm = ClusterFacts("c1", "host-1", 1, {}, NODES, services=SERVICES)
            self.last_read.note("prod", swarm, services=True)

    def silence(self, subject: str, hours: float = 1) -> str:
        """Silence a subject, and return the answer."""
        order = SilenceSubject(subject, hours * 3600, "new disks")
        return self.orders.run(order, "prod", Entry("asked", "U0ADA"), time.time()).reply.text

    def silenced(self) -> list[str]:
        """Return the subjects of all silences."""
        return [each.subject for each in self.repository.said("prod", 0.0).silences]

    def unsilence(self, subject: str) -> str:
        """End the first silence of a subject, and return the answer."""
        found = next(each for each in self.repository.said("prod", 0.0).silences if each.subject == subject)
        return self.orders.run(EndSilence(found.id), "prod", Entry("asked", "U0ADA"), time.time()).reply.text


@pytest.fixture
def world(client: Redis) -> World:
    """A cluster whose names are known."""
    return World(client)


@pytest.mark.parametrize(
    ("typed", "subject"),
    [
        ("web", "web"),
        ("host-1", "host-1"),
        ("all", "all"),
        ("ip-192-0-2-1", "host-1"),  # its own host name
        ("nodeid1", "host-1"),
        ("serviceid1", "web"),
        ("olderid5", "olderid5"),  # another record has the same name
    ],
)
def test_a_silence_is_about_what_incidents_are_about(world: World, typed: str, subject: str) -> None:
    """A host name or an id means the name that incidents use."""
    assert "are silenced*" in world.silence(typed)
    assert world.silenced() == [subject]


def test_a_name_of_a_node_and_of_a_service_is_both(world: World) -> None:
    """The answer says so."""
    assert "is the name of a node and of a service" in world.silence("host-3")


def test_a_second_silence_says_that_there_is_one(world: World) -> None:
    """The answer names the end of a silence of the same subject or of all."""
    assert "silenced already" not in world.silence("web")
    assert "They were silenced already, until <!date" in world.silence("web")
    assert "silenced already" not in world.silence("host-1")


def test_a_silence_of_all_says_what_is_told_all_the_same(world: World) -> None:
    """The loss of the quorum; a silence of a node does not need to say it."""
    assert "A lost quorum is reported nevertheless." in world.silence("all")
    assert "quorum" not in world.silence("web")


@pytest.mark.parametrize(
    ("typed", "near"), [("hots-3", "host-3"), ("ALL", "all"), ("node", ""), ("nodeid", ""), ("xyzzy", "")]
)
def test_an_unknown_name_is_refused(world: World, typed: str, near: str) -> None:
    """With the nearest one; the start of several ids names none."""
    with pytest.raises(NotUnderstood) as error:
        world.silence(typed)
    assert error.value.happened.endswith(f"Did you mean `{near}`?") is bool(near)
    assert world.silenced() == []


def test_an_unread_cluster_takes_any_name(client: Redis) -> None:
    """The answer says that the name was not checked."""
    assert "is not known now" in World(client, known=False).silence("host-9")


@pytest.mark.parametrize("hours", [0, 0.01, 24 * 31])
def test_a_silence_has_a_sensible_length(world: World, hours: float) -> None:
    """Neither none at all nor for ever."""
    with pytest.raises(NotUnderstood, match="from 1 minute to 30 days"):
        world.silence("web", hours)


def test_the_end_of_a_silence_is_not_the_end_of_another_one(world: World) -> None:
    """The answer names the silence that continues."""
    world.silence("web")
    world.silence("web", hours=2)
    assert "*Incidents of `web` stay silenced*" in world.unsilence("web")
    assert "*Incidents of `web` are reported again.*" in world.unsilence("web")
    world.silence("all")
    world.silence("web")
    assert "stay silenced" in world.unsilence("web")
    world.silence("web")
    assert "*Incidents of prod are reported again*, except those of `web`" in world.unsilence("all")
