"""A service's temporary spec: what it changes, and that taking it back leaves the spec as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.swarm.services.spec.temporary_spec import (
    LABEL,
    TAKEN_BACK,
    is_temporary,
    moved_off,
    taken_back,
    unlabelled,
    with_more_replicas,
)

CONSTRAINTS = st.lists(st.sampled_from(["node.role==worker", "node.labels.zone==b", "node.id!=other"]), unique=True)
SPECS = st.fixed_dictionaries(
    {
        "Name": st.just("web"),
        "Mode": st.fixed_dictionaries({"Replicated": st.fixed_dictionaries({"Replicas": st.integers(0, 9)})}),
        "Labels": st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3)),
        "TaskTemplate": st.one_of(
            st.fixed_dictionaries({"ForceUpdate": st.integers(0, 3)}),
            st.fixed_dictionaries(
                {
                    "Placement": st.one_of(
                        st.just({}),
                        st.fixed_dictionaries({"MaxReplicas": st.integers(1, 3)}),
                        st.fixed_dictionaries({"Constraints": CONSTRAINTS.filter(bool)}),
                    )
                }
            ),
        ),
    },
    optional={
        "UpdateConfig": st.fixed_dictionaries(
            {"Parallelism": st.integers(0, 3)},
            optional={
                "Order": st.sampled_from(["stop-first", "start-first"]),
                "FailureAction": st.sampled_from(["pause", "continue", "rollback"]),
            },
        )
    },
)
NODES = st.lists(st.sampled_from(["n1", "n2", "n3"]), min_size=1, unique=True)


@given(SPECS, st.lists(NODES, min_size=1, max_size=3))
def test_taken_back_leaves_the_spec_as_it_was(spec: dict[str, Any], moves: list[list[str]]) -> None:
    """Also if a move was repeated, or extended to other nodes, before it was taken back."""
    changed = spec
    for nodes in moves:
        changed = moved_off(changed, nodes)
        changed["UpdateConfig"]["MaxFailureRatio"] = 0  # an engine 20.10 adds it to a policy that has none
    assert is_temporary(changed)
    back = taken_back(changed)
    assert back["Labels"][LABEL] == TAKEN_BACK
    assert unlabelled(back) == spec
    assert taken_back(back) == back


@given(SPECS, st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_added_replicas_are_taken_back(spec: dict[str, Any], extras: list[int]) -> None:
    """A job that is continued adds none a second time."""
    changed = spec
    for extra in extras:
        changed = with_more_replicas(changed, extra)
    replicas = spec["Mode"]["Replicated"]["Replicas"]
    assert changed["Mode"]["Replicated"]["Replicas"] == replicas + extras[0]
    assert unlabelled(taken_back(changed)) == spec
    scaled = {**changed, "Mode": {"Replicated": {"Replicas": 20}}}
    assert taken_back(scaled)["Mode"] == scaled["Mode"], "somebody else scaled it meanwhile"


def rest(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec without what a move changes: the label, the update policy and the constraints."""
    found = unlabelled({**spec, "UpdateConfig": None})
    placement = {**found["TaskTemplate"].get("Placement", {}), "Constraints": None}
    return {**found, "TaskTemplate": {**found["TaskTemplate"], "Placement": placement}}


@given(SPECS, NODES)
def test_the_service_is_kept_off_the_nodes(spec: dict[str, Any], nodes: list[str]) -> None:
    """New tasks start first, and everything else stays as it is."""
    changed = moved_off(spec, nodes)
    assert {f"node.id!={node}" for node in nodes} <= {*changed["TaskTemplate"]["Placement"]["Constraints"]}
    assert changed["UpdateConfig"]["Order"] == "start-first"
    assert changed["UpdateConfig"]["FailureAction"] == "pause"
    kept = (spec.get("UpdateConfig") or {"Parallelism": 1})["Parallelism"]
    assert changed["UpdateConfig"]["Parallelism"] == kept
    assert rest(changed) == rest(spec)


def test_what_somebody_else_changed_meanwhile_stays() -> None:
    """Another image, another constraint and another update policy are kept."""
    changed = moved_off({"Name": "web", "Labels": {}, "TaskTemplate": {"ContainerSpec": {"Image": "web:1"}}}, ["n1"])
    changed["TaskTemplate"]["ContainerSpec"] = {"Image": "web:2"}
    changed["TaskTemplate"]["Placement"]["Constraints"].append("node.role==worker")
    changed["UpdateConfig"] = {"Parallelism": 5}
    back = unlabelled(taken_back(changed))
    assert back["TaskTemplate"] == {
        "ContainerSpec": {"Image": "web:2"},
        "Placement": {"Constraints": ["node.role==worker"]},
    }
    assert back["UpdateConfig"] == {"Parallelism": 5}


@pytest.mark.parametrize("label", ["", "[]", "{}", '{"nodes": 3, "update": null, "placed": true}', "yes"])
def test_a_label_that_somebody_wrote_takes_nothing_back(label: str) -> None:
    """Only the label goes."""
    spec = {"Name": "web", "Labels": {LABEL: label}, "TaskTemplate": {"Placement": {"Constraints": ["node.id!=n1"]}}}
    assert taken_back(spec) == spec
    assert unlabelled(spec)["TaskTemplate"] == spec["TaskTemplate"]
