"""An edit of a service's spec changes what was asked for, and every other field stays as it was."""

from __future__ import annotations

import copy
import json
from dataclasses import fields
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.secrets.secret import MASK
from bot.stored_json import from_json, to_json
from bot.swarm.services.spec.same_spec import same_spec
from bot.swarm.services.spec.spec_changes import FieldChange, restarts, spec_changes, spec_fingerprint
from bot.swarm.services.spec.spec_edit import SpecEdit
from tests.kits.examples import examples

SECOND: Final = 1_000_000_000
SPEC: Final[dict[str, Any]] = {
    "Name": "web",
    "Labels": {"team": "shop"},
    "TaskTemplate": {
        "ContainerSpec": {
            "Image": "nginx:1.25",
            "Env": ["LOG_LEVEL=info", "DB_PASSWORD=hunter2"],
            "Isolation": "default",
            "Secrets": [{"SecretName": "tls", "SecretID": "s1", "File": {"Name": "tls.key", "UID": "0", "Mode": 292}}],
            "Args": ["serve", "--token", "abc"],
        },
        "Resources": {"Limits": {"NanoCPUs": SECOND}, "Reservations": {}},
        "RestartPolicy": {"Condition": "any", "MaxAttempts": 0},
        "Placement": {
            "Constraints": ["node.role == worker"],
            "Preferences": [{"Spread": {"SpreadDescriptor": "node.labels.zone"}}],
            "MaxReplicas": 2,
        },
        "ForceUpdate": 4,
        "Runtime": "container",
    },
    "Mode": {"Replicated": {"Replicas": 2}},
    "UpdateConfig": {"Parallelism": 2, "Order": "stop-first", "MaxFailureRatio": 0.5},
    "EndpointSpec": {"Mode": "vip", "Ports": [{"TargetPort": 80, "PublishedPort": 8080}]},
    "FieldOfTomorrow": {"a": [1, 2]},
}
NAMES: Final = st.sampled_from(["LOG_LEVEL", "A", "B", "DB_PASSWORD_FILE"])
PAIRS: Final = st.lists(st.tuples(NAMES, st.sampled_from(["/run/1", "/run/2"])), max_size=3, unique_by=lambda p: p[0])
WORDS: Final = st.lists(st.sampled_from(["x", "y", "team"]), max_size=2, unique=True)
CONSTRAINTS: Final = st.lists(st.sampled_from(["node.role==worker", "node.id!=a", "node.labels.z==b"]), unique=True)
COUNTS: Final = st.none() | st.integers(0, 5)
SECONDS: Final = st.none() | st.sampled_from([0.0, 1.5, 20.0])
EDITS: Final = st.builds(
    SpecEdit,
    image=st.sampled_from(["", "nginx:1.25", "nginx:1.27"]),
    replicas=COUNTS,
    env=PAIRS.map(tuple),
    env_rm=st.lists(st.just("GONE"), max_size=1).map(tuple),
    constraint=CONSTRAINTS.map(tuple),
    label=PAIRS.map(tuple),
    label_rm=WORDS.map(tuple),
    limit_cpu=st.none() | st.sampled_from([0.0, 0.5, 1.0]),
    reserve_memory=st.none() | st.sampled_from([0, 64 * 1024**2]),
    update_parallelism=COUNTS,
    update_delay=SECONDS,
    update_order=st.sampled_from(["", "start-first"]),
    update_monitor=st.none() | st.just(7.0),
    force=st.none() | st.integers(4, 6),
)
PLACES: Final = {
    "image": ("TaskTemplate", "ContainerSpec", "Image"),
    "replicas": ("Mode",),
    "env": ("TaskTemplate", "ContainerSpec", "Env"),
    "constraint": ("TaskTemplate", "Placement", "Constraints"),
    "label": ("Labels",),
    "label_rm": ("Labels",),
    "limit_cpu": ("TaskTemplate", "Resources", "Limits"),
    "reserve_memory": ("TaskTemplate", "Resources", "Reservations"),
    "update_parallelism": ("UpdateConfig", "Parallelism"),
    "update_delay": ("UpdateConfig", "Delay"),
    "update_order": ("UpdateConfig", "Order"),
    "update_monitor": ("UpdateConfig", "Monitor"),
    "force": ("TaskTemplate", "ForceUpdate"),
}
"""The part of the spec that each field of an edit may change."""


def without(spec: dict[str, Any], *paths: tuple[str, ...]) -> str:
    """Return the spec as JSON without the parts at ``paths``."""
    left = copy.deepcopy(spec)
    for *folders, last in paths:
        place = left
        for folder in folders:
            place = place.get(folder, {})
        place.pop(last, None)
    return json.dumps(left)


@settings(max_examples=examples(300), deadline=None)
@given(EDITS)
def test_an_edit_changes_what_was_asked_for_and_nothing_else(edit: SpecEdit) -> None:
    """Every other field is byte for byte the same, in the same order; a second edit changes nothing."""
    before = copy.deepcopy(SPEC)
    spec = edit.edited(SPEC)
    assert before == SPEC
    asked = [PLACES[field.name] for field in fields(edit) if field.name in PLACES and getattr(edit, field.name)]
    asked += [PLACES[name] for name in PLACES if getattr(edit, name) == 0]
    assert without(spec, *asked) == without(SPEC, *asked)
    assert edit.edited(spec) == spec
    assert from_json(SpecEdit, to_json(edit)) == edit


@settings(max_examples=examples(300), deadline=None)
@given(EDITS, EDITS)
def test_the_differences_are_empty_exactly_for_the_same_spec(one: SpecEdit, other: SpecEdit) -> None:
    """No difference is missing, none is shown that means nothing, and none shows a secret."""
    before, after = one.edited(SPEC), other.edited(SPEC)
    changes = spec_changes(before, after)
    assert (changes == ()) is same_spec(before, after)
    assert (spec_fingerprint(before) == spec_fingerprint(after)) is (changes == ())
    assert (spec_changes(after, before) == ()) is (changes == ())
    assert "hunter2" not in repr(changes)
    if restarts(before, after) == "none":
        assert all(change.field.startswith(("label", "replicas", "update ")) for change in changes)


def test_the_fields_are_named_in_words() -> None:
    """Each change has its field with the old and the new value; constraints are compared without their spaces."""
    edit = SpecEdit(
        image="nginx:1.27",
        env=(("LOG_LEVEL", "debug"),),
        env_rm=("DB_PASSWORD",),
        constraint_rm=("node.role==worker",),
        limit_cpu=0.0,
        limit_memory=64 * 1024**2,
        update_delay=1.5,
    )
    assert spec_changes(SPEC, edit.edited(SPEC)) == (
        FieldChange("update delay", "0s", "1500ms"),
        FieldChange("image", "nginx:1.25", "nginx:1.27"),
        FieldChange("environment variable LOG_LEVEL", "info", "debug"),
        FieldChange("environment variable DB_PASSWORD", MASK, ""),
        FieldChange("CPU limit", "1 CPU", ""),
        FieldChange("constraint", "node.role == worker", ""),
        FieldChange("memory limit", "", "64 MiB"),
    )


def test_a_changed_secret_is_a_difference_without_its_value() -> None:
    """The value of a variable, and of an argument after the name of a secret, is not shown."""
    spec = copy.deepcopy(SPEC)
    spec["TaskTemplate"]["ContainerSpec"]["Env"][1] = "DB_PASSWORD=other"
    spec["TaskTemplate"]["ContainerSpec"]["Args"][2] = "xyz"
    changes = spec_changes(SPEC, spec)
    assert [change.shown for change in changes] == [
        "environment variable DB_PASSWORD changed (value not shown)",
        "arguments changed (value not shown)",
    ]
    assert spec_fingerprint(spec) != spec_fingerprint(SPEC)


def test_a_list_in_another_order_is_a_difference() -> None:
    """Docker compares lists in order, and replaces the tasks."""
    spec = copy.deepcopy(SPEC)
    spec["TaskTemplate"]["ContainerSpec"]["Env"].reverse()
    [change] = spec_changes(SPEC, spec)
    assert change.field == "order of environment variables"
    assert restarts(SPEC, spec) == "all"


def test_which_tasks_restart() -> None:
    """A template replaces all, a constraint alone only those that do not fit, the rest none."""
    assert restarts(SPEC, SpecEdit(image="a").edited(SPEC)) == "all"
    assert restarts(SPEC, SpecEdit(force=5).edited(SPEC)) == "all"
    assert restarts(SPEC, SpecEdit(constraint=("node.id==a",)).edited(SPEC)) == "some"
    assert restarts(SPEC, SpecEdit(constraint=("node.id==a",), image="a").edited(SPEC)) == "all"
    assert restarts(SPEC, SpecEdit(replicas=9, label=(("a", "b"),), update_delay=3.0).edited(SPEC)) == "none"


def test_a_policy_that_is_made_keeps_one_task_at_a_time() -> None:
    """An engine takes a policy without a parallelism as all at once, and no policy as one at a time."""
    bare = {key: value for key, value in SPEC.items() if key != "UpdateConfig"}
    edited = SpecEdit(update_delay=2.0).edited(bare)
    assert edited["UpdateConfig"] == {"Parallelism": 1, "Delay": 2 * SECOND}
    assert [change.field for change in spec_changes(bare, edited)] == ["update delay"]
