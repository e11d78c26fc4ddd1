"""What is read of one host."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from bot.errors import EngineError
from bot.model import Engine, FactsQuery, ImageFacts, Interface
from bot.swarm.reading import host_reader
from bot.swarm.reading.host_reader import MAX_CLOCK_READ_S, read_host

ETH0 = (Interface("eth0", ("192.0.2.1",), ("192.0.2.0/24",)),)


class _Engine:
    """An engine on a host with or without iproute2."""

    host = "host-1"

    def __init__(self, found: tuple[Interface, ...] | None) -> None:
        self.found = found

    def info(self, _: float) -> dict[str, Any]:
        return {"Name": "host-1", "ServerVersion": "20.10.24"}

    def clock_offset(self) -> float:
        return 0.0

    def interfaces(self) -> tuple[Interface, ...]:
        if self.found is None:
            raise EngineError(self.host, 0, "`host-1` cannot list its addresses: ip: not found.")
        return self.found


def test_interfaces_are_read_of_hosts_that_are_not_probed() -> None:
    """A query for them is enough; without it they are not read."""
    engine = cast("Engine", _Engine(ETH0))
    assert read_host(engine, "192.0.2.1", FactsQuery(interfaces=True)).interfaces == ETH0
    assert read_host(engine, "192.0.2.1", FactsQuery()).interfaces == ()
    probed = FactsQuery(interfaces=True, probe=("host-1",))
    assert read_host(engine, "192.0.2.1", probed, examined=True).interfaces == (), "its examination has them"


def test_a_host_whose_interfaces_cannot_be_read_still_responds() -> None:
    """Its engine was read, so it is not a host that failed."""
    facts = read_host(cast("Engine", _Engine(None)), "192.0.2.1", FactsQuery(interfaces=True))
    assert facts.responds
    assert facts.interfaces == ()


class _Store:
    """An engine whose images can be read or not."""

    host = "host-1"

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails

    def info(self, _: float) -> dict[str, Any]:
        return {"Name": "host-1", "ServerVersion": "20.10.24"}

    def images(self) -> tuple[ImageFacts, ...]:
        if self.fails:
            raise EngineError(self.host, 0, "The engine of `host-1` did not respond within 10 s.")
        return ()


def test_images_are_read_of_the_hosts_that_are_named() -> None:
    """Every host's images are read if no host is named. "Could not be read" is not "there are none"."""
    engine = cast("Engine", _Store(fails=False))
    assert read_host(engine, "192.0.2.1", FactsQuery(images=True)).images == ()
    assert read_host(engine, "192.0.2.1", FactsQuery(images=True, hosts=("host-1",))).images == ()
    assert read_host(engine, "192.0.2.1", FactsQuery(images=True, hosts=("host-2",))).images is None
    facts = read_host(cast("Engine", _Store(fails=True)), "192.0.2.1", FactsQuery(images=True))
    assert (facts.images, facts.images_error) == (None, "The engine of `host-1` did not respond within 10 s.")


class _Clock:
    """An engine that takes so long to answer, whose clock is a minute ahead; a second reading says two minutes."""

    host = "host-1"

    def __init__(self, late_s: float) -> None:
        self.late_s = late_s
        self.passed_s = 0.0

    def info(self, _: float) -> dict[str, Any]:
        self.passed_s += self.late_s
        now = datetime.fromtimestamp(time.time() + 60, UTC).isoformat()
        return {"Name": "host-1", "ServerVersion": "20.10.24", "SystemTime": now}

    def clock_offset(self) -> float:
        return 120.0


@pytest.mark.parametrize(("late_s", "offset"), [(MAX_CLOCK_READ_S, 60.0), (MAX_CLOCK_READ_S + 0.01, 120.0)])
def test_the_clock_is_read_with_the_engine_unless_that_took_long(
    monkeypatch: pytest.MonkeyPatch, late_s: float, offset: float
) -> None:
    """Half the time that the reading took is how far it may be off."""
    engine = _Clock(late_s)
    clock = SimpleNamespace(time=time.time, perf_counter=lambda: engine.passed_s)
    monkeypatch.setattr(host_reader, "time", clock)
    found = read_host(cast("Engine", engine), "192.0.2.1", FactsQuery(probe=("host-1",)), examined=True)
    assert found.clock_offset is not None
    assert abs(found.clock_offset - offset) < 2.5


class _Member:
    """A member of a cluster; lists what it is asked for."""

    host = "host-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def info(self, _: float) -> dict[str, Any]:
        self.asked.append("info")
        swarm = {"LocalNodeState": "active", "NodeID": "a1"}
        return {"Name": "host-1", "ServerVersion": "20.10.24", "DockerRootDir": "/srv/docker", "Swarm": swarm}

    def certificate_file(self, path: str) -> str:
        self.asked.append(path)
        raise EngineError(self.host, 0, f"{path} cannot be read: Permission denied.")


def test_the_certificate_is_read_where_the_engine_keeps_it() -> None:
    """The engine is asked once: its info costs it 5 to 10 ms of CPU."""
    engine = _Member()
    found = read_host(cast("Engine", engine), "192.0.2.1", FactsQuery(certificates=True))
    assert engine.asked == ["info", "/srv/docker/swarm/certificates/swarm-node.crt"]
    assert found.certificate is None
    assert found.certificate_error == f"{engine.asked[1]} cannot be read: Permission denied."


REFUSAL: Final = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node.'
)
LATE: Final = "The engine of `host-1` did not respond within 30 s."
PASSING: Final = (
    LATE,
    "context deadline exceeded",
    "The swarm does not have a leader.",
    "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster.",
)


class _Networks:
    """A manager's engine that meets these errors, one after the other, when it is to make a network; "" for none."""

    host = "host-1"

    def __init__(self, *errors: str, kept: bool = False) -> None:
        self.errors = [*errors]
        self.names: list[str] = []
        self.removed: list[str] = []
        self.kept = kept

    def info(self, _: float) -> dict[str, Any]:
        return {"Name": "host-1", "Swarm": {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": "id-1"}}

    def overlay_trial(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(make_network=lambda: self._make(name), remove_network=lambda: self._remove(name))

    def _make(self, name: str) -> None:
        self.names.append(name)
        if error := self.errors.pop(0):
            raise EngineError(self.host, 0 if error == LATE else 500, error)

    def _remove(self, name: str) -> None:
        if self.kept:
            raise EngineError(self.host, 403, "network is in use")
        self.removed.append(name)


@pytest.mark.parametrize(
    ("errors", "refusal", "error"),
    [
        ([""], "", ""),
        ([REFUSAL] * 3, REFUSAL, REFUSAL),
        ([REFUSAL, ""], "", ""),
        ([LATE, REFUSAL, REFUSAL], REFUSAL, REFUSAL),
        *(([each, ""], "", "") for each in PASSING),
        *(([REFUSAL, each, each], None, each) for each in PASSING),
    ],
)
def test_only_the_refusal_of_a_lost_network_layer_counts(
    monkeypatch: pytest.MonkeyPatch, errors: list[str], refusal: str | None, error: str
) -> None:
    """Another error passes or leaves it unknown. Each try has a name of its own: one without an answer may succeed."""
    monkeypatch.setattr(host_reader, "NETWORK_PAUSE_S", 0.0)
    engine = _Networks(*errors)
    found = read_host(cast("Engine", engine), "192.0.2.1", FactsQuery(tried_networks=("host-1",)))
    assert (found.network_refusal, found.network_error) == (refusal, error)
    assert not engine.errors, "all tries that were expected"
    assert len(set(engine.names)) == len(errors)
    assert engine.removed == ([] if error else engine.names[-1:])


def test_a_network_that_is_not_removed_was_made() -> None:
    """The host is not called failed: the next test of the overlay removes what is left."""
    found = read_host(cast("Engine", _Networks("", kept=True)), "192.0.2.1", FactsQuery(tried_networks=("host-1",)))
    assert (found.failure, found.network_refusal) == (None, "")
