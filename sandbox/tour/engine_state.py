"""The state of the engines, read from their sockets inside the hosts and never through the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.fleet import Fleet, Host

Role = Literal["worker", "manager"]


@dataclass(frozen=True)
class Node:
    """One node as a manager's engine reports it."""

    name: str
    role: str
    state: str
    reachability: str
    """Empty for a worker."""
    is_leader: bool

    @property
    def ready(self) -> bool:
        """Whether its manager sees it ready."""
        return self.state == "ready"


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
                    is_leader=bool(status.get("Leader")),
                )
            )
    return {node.name: node for node in found}


def availability(manager: Host, name: str) -> str:
    """Return the availability of a node: ``active``, ``pause`` or ``drain``."""
    with manager.engine() as engine:
        found: dict[str, str] = {raw["Description"]["Hostname"]: raw["Spec"]["Availability"] for raw in engine.nodes()}
    return found[name]


def local_node_states(fleet: Fleet) -> dict[str, str]:
    """Return each engine's own ``LocalNodeState`` by host name: ``inactive``, ``active``, ``pending``."""
    return {host.name: _swarm_info(host)["LocalNodeState"] for host in fleet}


def members(fleet: Fleet, manager: Host) -> dict[str, bool]:
    """Return for each active host, by name, whether it is a node of ``manager``'s cluster."""
    with manager.engine() as engine:
        ids = {raw["ID"] for raw in engine.nodes()}
    infos = {host.name: _swarm_info(host) for host in fleet}
    return {name: info["NodeID"] in ids for name, info in infos.items() if info["LocalNodeState"] == "active"}


def join_command(manager: Host, role: Role) -> str:
    """Return the ``docker swarm join`` command that Docker's own command line prints."""
    output = manager.docker("swarm", "join-token", role)
    return next(line.strip() for line in output.splitlines() if "docker swarm join --token" in line)


def _swarm_info(host: Host) -> dict[str, str]:
    with host.engine() as engine:
        swarm: dict[str, str] = engine.info()["Swarm"]
    return swarm
