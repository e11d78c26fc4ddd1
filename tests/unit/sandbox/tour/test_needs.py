"""What a scene needs of the hosts, and what to type where somebody changed them by hand."""

from __future__ import annotations

import pytest

from sandbox.tour.needs import OUTSIDE, Needs, lacking
from sandbox.tour.scenes import SCENES

AFTER_SCENE_3 = {"host-1": "manager", "host-2": "manager", "host-3": "worker", "host-4": "worker", "host-5": OUTSIDE}


def test_a_scene_follows_the_one_before_it() -> None:
    """Nothing is missing if nobody changed anything."""
    assert lacking(SCENES[3].needs, AFTER_SCENE_3) == []


@pytest.mark.parametrize(
    ("host", "role", "words"),
    [
        ("host-5", "worker", "It needs `host-5` outside the cluster: type `/swarm remove host-5`."),
        ("host-5", "manager", "It needs `host-5` outside the cluster: type `/swarm remove host-5 --force`."),
        ("host-2", OUTSIDE, "It needs `host-2` as a manager: type `/swarm join manager host-2`."),
        ("host-2", "worker", "It needs `host-2` as a manager: type `/swarm promote host-2`."),
        ("host-3", "manager", "It needs `host-3` as a worker: type `/swarm demote host-3`."),
        ("host-3", OUTSIDE, "It needs `host-3` as a worker: type `/swarm join worker host-3`."),
    ],
)
def test_a_host_that_was_changed_by_hand_is_named_with_the_command(host: str, role: str, words: str) -> None:
    """The command leads back to what the scene needs."""
    assert lacking(Needs(("host-1", "host-2"), ("host-3", "host-4")), AFTER_SCENE_3 | {host: role}) == [words]
