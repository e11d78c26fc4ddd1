"""What a scene needs of the hosts before it begins, and what to type if a host differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.fleet import Fleet, Host
from sandbox.fleet.host_services import HOST_ERRORS
from sandbox.tour import engine_state

FIRST: Final = "host-1"
OUTSIDE: Final = "outside"
_COMMANDS: Final = {
    ("worker", OUTSIDE): "remove {}",
    ("manager", OUTSIDE): "remove {} --force",
    (OUTSIDE, "worker"): "join worker {}",
    (OUTSIDE, "manager"): "join manager {}",
    ("worker", "manager"): "promote {}",
    ("manager", "worker"): "demote {}",
}
"""The command from the role that a host has to the one that it needs. Removing a manager may need ``--force``."""
_WORDS: Final = {OUTSIDE: "outside the cluster", "worker": "as a worker", "manager": "as a manager"}


@dataclass(frozen=True)
class Needs:
    """The nodes of prod when a scene begins; the other hosts are not part of any cluster."""

    managers: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()


def unmet(needs: Needs, fleet: Fleet) -> list[str]:
    """Return in mrkdwn what the hosts lack for a scene, each with a command; empty if it can begin."""
    if broken := [words for host in fleet if (words := _broken(host))]:
        return broken
    try:
        states = engine_state.local_node_states(fleet)
        inside = [name for name, state in states.items() if state != "inactive"]
        nodes = engine_state.nodes(fleet[FIRST]) if FIRST in inside and needs.managers else {}
    except HOST_ERRORS as error:
        return [f"The engines cannot be read now: {error}"]
    if not needs.managers:
        return [f"It needs hosts without a cluster, and {', '.join(inside)} are part of one."] if inside else []
    if FIRST not in inside:
        return [f"It needs `{FIRST}` as a manager: type `/swarm init {FIRST}`."]
    if away := [f"`{name}` is {node.state}: wait until it is ready." for name, node in nodes.items() if not node.ready]:
        return away
    return lacking(needs, {name: nodes[name].role if name in nodes else OUTSIDE for name in states})


def lacking(needs: Needs, roles: Mapping[str, str]) -> list[str]:
    """Return what to type for each host whose role, or OUTSIDE, is not the one that is needed."""
    wanted = dict.fromkeys(needs.managers, "manager") | dict.fromkeys(needs.workers, "worker")
    return [
        f"It needs `{name}` {_WORDS[wants]}: type `/swarm {_COMMANDS[role, wants].format(name)}`."
        for name, role in roles.items()
        if (wants := wanted.get(name, OUTSIDE)) != role
    ]


def _broken(host: Host) -> str:
    """Return which fault of a host prevents it, and where it is undone; empty for none."""
    if not host.up:
        return f"`{host.name}` is off: switch its power on under Hosts."
    if not host.docker_runs:
        return f"The engine of `{host.name}` is stopped: start it under Hosts."
    faults = host.faults.words()
    return f"`{host.name}` has a fault ({faults}): undo it under Hosts." if faults else ""
