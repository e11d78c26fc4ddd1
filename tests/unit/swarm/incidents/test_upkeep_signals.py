"""Tests of what is judged only if it was read: the overlay's test, addresses of networks, the root, clocks."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bot.model import Facts, FactsQuery
from bot.model.incident import WatchSettings
from bot.model.observation import Extra, Signal
from bot.swarm.incidents.upkeep_signals import upkeep_signals
from tests.plans.description import Description
from tests.plans.parts import NOW

HOSTS = {"host-1": {"is": "leader"}, "host-2": {"is": "worker"}, "host-3": {"is": "worker"}}


def _facts(query: FactsQuery | None = None, **more: Any) -> Facts:
    return Description.model_validate({"hosts": HOSTS, **more}).facts(query or FactsQuery())


def _found(facts: Facts, settings: WatchSettings | None = None) -> list[Signal]:
    return [*upkeep_signals(facts, facts.swarm, settings or WatchSettings(), Extra()).signals]


def _with_network(tasks: int) -> Facts:
    """Return facts with tasks on a network of 13 addresses for tasks, services and nodes."""
    spec = {"TaskTemplate": {"Networks": [{"Target": "id-front"}]}}
    return _facts(
        services={"web": {"running": tasks, "replicas": tasks, "spec": spec}},
        task_list=[{"service": "web", "node": "id-host-2", "state": "running", "slot": slot} for slot in range(tasks)],
        networks=[{"name": "front", "subnets": ["10.0.9.0/28"]}],
    )


def test_a_network_whose_addresses_are_nearly_used_up_is_told() -> None:
    """Each task, each service and each node with tasks takes an address."""
    [signal] = _found(_with_network(tasks=10))
    assert signal.text == "the network `front` uses about 12 of 13 addresses"
    assert _found(_with_network(tasks=9)) == []
    [signal] = _found(_with_network(tasks=11))
    assert (signal.severity, signal.text.partition(" (")[0]) == ("critical", "the network `front` has no free address")


def test_a_root_certificate_that_expires_soon_is_told() -> None:
    """The root of a cluster is valid for 20 years, so nobody thinks of it."""
    [signal] = _found(_facts(root="own"), WatchSettings(certificate_days=36500.0))
    assert signal.text.startswith("the root certificate of prod is valid for ")
    assert signal.fix == "ca --rotate"


def test_a_clock_is_compared_by_the_engines_time() -> None:
    """A host whose clock was not measured is judged only if the reading was short."""
    facts = _facts()
    hosts = {name: replace(host, clock_offset=None, system_time=NOW) for name, host in facts.hosts.items()}
    hosts["host-2"] = replace(hosts["host-2"], system_time=NOW + 30.0)
    quick = replace(facts, hosts=MappingProxyType(hosts), duration_s=0.2)
    assert [signal.key for signal in _found(quick)] == ["clock drift:host-2"]
    slow = replace(quick, duration_s=6.0)
    assert _found(slow) == []
    assert "clock drift:host-2" in upkeep_signals(slow, slow.swarm, WatchSettings(), Extra()).unread
