"""Clusters that tests need and are not about: formed through the engines, without the bot.

With commands, two workers cost 1.3 s of CPU, mostly for the checks before a join; here they cost 0.2. In the seconds
after a join its engine makes the ingress network on the node, which costs 0.25 s more.
"""

from __future__ import annotations

from typing import Any, Final

from docker import APIClient

from sandbox.fleet import Fleet
from sandbox.fleet.shell import until

SUBNET_SIZE: Final = 24
"""As Docker's command line sends it."""


def form_cluster(
    fleet: Fleet,
    managers: tuple[str, ...],
    workers: tuple[str, ...] = (),
    *,
    heartbeat_s: int = 5,
    autolock: bool = False,
    ingress: bool = True,
) -> None:
    """Create a cluster, and return when its first manager sees every node ready and every manager reachable.

    Nodes are seen down after two to three times ``heartbeat_s``. Without ``ingress``, no port of a service can be
    published by the ingress mesh.
    """
    first = fleet[managers[0]]
    with first.engine() as engine:
        spec = {
            "Dispatcher": {"HeartbeatPeriod": heartbeat_s * 10**9},
            "EncryptionConfig": {"AutoLockManagers": autolock},
        }
        engine.init_swarm(first.address, subnet_size=SUBNET_SIZE, swarm_spec=spec)
        if not ingress:
            engine.remove_network("ingress")
        tokens = engine.inspect_swarm()["JoinTokens"]
        for name in (*managers[1:], *workers):
            token = tokens["Manager" if name in managers else "Worker"]
            with fleet[name].engine() as joining:
                joining.join_swarm([f"{first.address}:2377"], token, advertise_addr=fleet[name].address)
        until(lambda: _sound(engine, len(managers), len(workers)), "every node is ready")


def _sound(engine: APIClient, managers: int, workers: int) -> bool:
    nodes: list[dict[str, Any]] = engine.nodes()
    ready = [node for node in nodes if node["Status"]["State"] == "ready"]
    reachable = [node for node in ready if node.get("ManagerStatus", {}).get("Reachability") == "reachable"]
    return (len(ready), len(reachable)) == (managers + workers, managers)
