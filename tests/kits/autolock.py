"""Clusters with autolock."""

from __future__ import annotations

from sandbox.fleet.host import Host
from tests.kits.formed_cluster import form_cluster
from tests.kits.scenario import Scenario


def restart(host: Host) -> None:
    """Restart an engine."""
    host.stop_docker()
    host.start_docker()


def key_of(scenario: Scenario, host: str = "host-1") -> str:
    """Return the unlock key from a manager's engine; an empty string without autolock."""
    with scenario[host].engine() as engine:
        return str(engine.get_unlock_key()["UnlockKey"])


def autolocked(scenario: Scenario, *managers: str) -> str:
    """Form a cluster with autolock and return its unlock key."""
    form_cluster(scenario.fleet, managers, autolock=True)
    return key_of(scenario)
