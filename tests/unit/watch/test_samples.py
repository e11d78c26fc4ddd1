"""What is recorded of each reading, and how the readings of a slot become one sample."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Facts
from bot.model.history import SAMPLE_S, Counts, Range, Sample
from bot.model.incident import WatchState
from bot.watch.cluster_numbers import cluster_numbers
from bot.watch.samples import merged, sample_of, slot_of
from tests.kits.examples import examples
from tests.kits.incidents import incident
from tests.plans.description import Description

AT = slot_of(1_800_000_000)


def facts(**more: object) -> Facts:
    """A leader and a worker that is down, and a service that lacks a task."""
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "worker", "record": {"state": "down"}}}
    return Description.model_validate({"hosts": hosts, "services": {"web": [2, 3, ""]}, **more}).facts()


def recorded(read: Facts, state: WatchState) -> Sample:
    """Return the sample of a reading that was counted as watch counts it."""
    return sample_of(read, state, cluster_numbers(read.swarm) if read.swarm else None)


def test_a_reading_is_counted() -> None:
    """Nodes, tasks and managers as the manager lists them; incidents as `/swarm incidents` shows them."""
    quiet = replace(incident("4b4b"), told_at=0.0)
    silenced = replace(quiet, id="5c5c", silenced_by="aaaa")
    state = WatchState(incidents=(incident(), quiet, silenced, incident("6d6d", resolved_at=5.0)))
    found = recorded(facts(), state)
    assert found.at % SAMPLE_S == 0
    assert found.at <= facts().at < found.at + SAMPLE_S
    assert found.incidents == Range(2, 2, 2)
    assert found.counts is not None
    assert {name: each.last for name, each in found.counts._asdict().items()} == {
        "nodes": 2,
        "nodes_ready": 1,
        "tasks_desired": 3,
        "tasks_running": 2,
        "managers": 1,
        "managers_reachable": 1,
        "managers_needed": 1,
    }


def test_nothing_is_counted_that_no_manager_with_a_quorum_says() -> None:
    """Neither if none could be read, nor if one answers from memory."""
    assert recorded(facts(readable=False), WatchState()).counts is None
    lost = {"host-2": {"is": "manager", "record": {"reachability": "unreachable"}, "failure": "docker stopped"}}
    assert recorded(facts(hosts={"host-1": {"is": "leader"}, **lost}), WatchState()).counts is None


def _sample(number: int, *, read: bool = True) -> Sample:
    only = Range(number, number, number)
    return Sample(AT, only, Counts(*[only] * 7) if read else None)


@given(st.lists(st.tuples(st.integers(0, 50_000), st.booleans()), min_size=1))
@settings(max_examples=examples(100))
def test_a_sample_has_the_extremes_of_its_readings_and_the_last(readings: list[tuple[int, bool]]) -> None:
    """What was read in some of them is known; merged again, it stays as it is."""
    one, *others = [_sample(number, read=read) for number, read in readings]
    found = reduce(merged, others, one)
    numbers = [number for number, _ in readings]
    assert found.incidents == Range(min(numbers), max(numbers), numbers[-1])
    counted = [number for number, read in readings if read]
    wanted = Range(min(counted), max(counted), counted[-1]) if counted else None
    assert (found.counts.nodes_ready if found.counts else None) == wanted
    assert merged(found, _sample(numbers[-1], read=readings[-1][1])) == found
