"""What is true on the engines, read from their sockets inside the hosts and never through the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.fleet import Fleet, Host

Role = Literal["worker", "manager"]


@dataclass(frozen=True)
class Node:
    """One node as a manager's engine has it; ``reachability`` is empty for a worker."""

    name: str
    role: str
    state: str
    reachability: str
    leads: bool


def nodes(manager: Host) -> dict[str, Node]:
    """Return the nodes of a manager's cluster by host name."""
    with manager.engine() as engine:
        found = []
        for raw in engine.nodes():
            status = raw.get("ManagerStatus", {})
            found.append(
                Node(
                    name=raw["Description"]["Hostname"],
                    role=raw["Spec"]["Role"],
                    state=raw["Status"]["State"],
                    reachability=status.get("Reachability", ""),
                    leads=bool(status.get("Leader")),
                )
            )
    return {node.name: node for node in found}


def availability(manager: Host, name: str) -> str:
    """Return whether a node is ``active``, ``pause`` or ``drain``."""
    with manager.engine() as engine:
        found: dict[str, str] = {raw["Description"]["Hostname"]: raw["Spec"]["Availability"] for raw in engine.nodes()}
    return found[name]


def memberships(fleet: Fleet) -> dict[str, str]:
    """Return what each host's engine says of itself: ``inactive``, ``active``, ``pending``."""
    return {host.name: _info(host)["LocalNodeState"] for host in fleet}


def clusters(fleet: Fleet, manager: Host) -> dict[str, bool]:
    """Return of each host that is active whether it is a node of ``manager``'s cluster."""
    with manager.engine() as engine:
        ids = {raw["ID"] for raw in engine.nodes()}
    infos = {host.name: _info(host) for host in fleet}
    return {name: info["NodeID"] in ids for name, info in infos.items() if info["LocalNodeState"] == "active"}


def join_line(manager: Host, role: Role) -> str:
    """Return the line that Docker's own command line prints for a node to join."""
    said = manager.docker("swarm", "join-token", role)
    return next(line.strip() for line in said.splitlines() if "docker swarm join --token" in line)


def _info(host: Host) -> dict[str, str]:
    with host.engine() as engine:
        swarm: dict[str, str] = engine.info()["Swarm"]
    return swarm
