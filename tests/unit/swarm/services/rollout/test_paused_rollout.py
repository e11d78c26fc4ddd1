"""The spec of a paused rollout: what stops Docker, and that ending the pause leaves the spec as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.model.service import is_blocked
from bot.swarm.services.rollout.paused_rollout import is_paused, paused, unpaused
from bot.swarm.services.spec.temporary_spec import LABEL, moved_off, taken_back

PLATFORMS = st.lists(st.just({"Architecture": "amd64", "OS": "linux"}), min_size=1, max_size=1)
POLICIES = st.fixed_dictionaries(
    {"Parallelism": st.integers(0, 3)},
    optional={
        "Order": st.sampled_from(["stop-first", "start-first"]),
        "FailureAction": st.sampled_from(["pause", "continue", "rollback"]),
        "Delay": st.integers(0, 3),
    },
)
SPECS = st.fixed_dictionaries(
    {
        "Name": st.just("web"),
        "Labels": st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3)),
        "TaskTemplate": st.fixed_dictionaries(
            {"ContainerSpec": st.just({"Image": "web:2"})},
            optional={
                "ForceUpdate": st.integers(0, 3),
                "Placement": st.fixed_dictionaries({}, optional={"Platforms": PLATFORMS, "MaxReplicas": st.just(2)}),
            },
        ),
    },
    optional={"UpdateConfig": POLICIES, "RollbackConfig": POLICIES},
)


@given(SPECS, st.integers(1, 3))
def test_the_end_of_the_pause_leaves_the_spec_as_it_was(spec: dict[str, Any], times: int) -> None:
    """Also if it was paused again, and although an engine adds a ratio to a policy that has none."""
    changed = spec
    for _ in range(times):
        changed = paused(changed)
        for policy in ("UpdateConfig", "RollbackConfig"):
            changed[policy] = {**changed[policy], "MaxFailureRatio": 0}
    assert is_paused(changed)
    assert not is_paused(spec)
    assert unpaused(changed) == spec
    assert unpaused(spec) == spec


@given(SPECS)
def test_no_node_takes_a_new_task(spec: dict[str, Any]) -> None:
    """Every task counts as old, and is replaced one at a time, by one that would have to start first."""
    changed = paused(spec)
    assert is_blocked(changed["TaskTemplate"])
    assert not is_blocked(spec["TaskTemplate"])
    assert changed["TaskTemplate"]["ForceUpdate"] == spec["TaskTemplate"].get("ForceUpdate", 0) + 1
    for policy in ("UpdateConfig", "RollbackConfig"):
        assert changed[policy]["Order"] == "start-first"
        assert changed[policy]["Parallelism"] == 1
        assert changed[policy]["FailureAction"] == "pause"
    assert changed["TaskTemplate"]["ContainerSpec"] == spec["TaskTemplate"]["ContainerSpec"]


def test_what_somebody_else_changed_meanwhile_stays() -> None:
    """Another image, another update policy, other platforms and a forced restart are kept."""
    changed = paused({"Name": "web", "Labels": {}, "TaskTemplate": {"ContainerSpec": {"Image": "web:2"}}})
    changed["TaskTemplate"] = {
        "ContainerSpec": {"Image": "web:3"},
        "Placement": {"Platforms": [{"OS": "linux"}]},
        "ForceUpdate": 2,
    }
    changed["UpdateConfig"] = {"Parallelism": 5}
    assert unpaused(changed) == {
        "Name": "web",
        "Labels": {},
        "TaskTemplate": changed["TaskTemplate"],
        "UpdateConfig": {"Parallelism": 5},
    }


def test_a_move_is_no_pause() -> None:
    """Each temporary change is taken back only by what made it."""
    spec = {"Name": "web", "Labels": {}, "TaskTemplate": {}}
    moved = moved_off(spec, ["n1"])
    assert not is_paused(moved)
    assert unpaused(moved) == moved
    assert taken_back(paused(spec)) == paused(spec)
    assert LABEL not in unpaused(paused(spec))["Labels"]
