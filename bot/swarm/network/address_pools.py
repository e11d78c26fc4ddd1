"""The address pools of overlay networks, compared with the networks that the hosts are in. Pure.

Engines accept a pool that contains the hosts' own network (seen on 20.10.24). A container on an overlay network from it
treats the hosts there as containers and cannot reach them. A cluster's pools cannot be changed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from itertools import combinations
from typing import Final

from bot.blocks import tick
from bot.errors import NotUnderstood, Refused
from bot.model import Facts, Finding, HostFacts
from bot.swarm.network.routes import GOSSIP_PORT
from bot.text.suggest import listed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

RESERVED_PORTS: Final = {GOSSIP_PORT: "gossip between the nodes", 2377: "the managers"}
DEFAULT_POOL: Final = "10.0.0.0/8"
START_OF_DEFAULT_POOL: Final = ipaddress.ip_network("10.0.0.0/16")
"""Overlay networks are numbered upwards: the ingress network is 10.0.0.0/24, the next one 10.0.1.0/24."""


def check_pools(pools: Collection[str]) -> None:
    """Raise NotUnderstood if two of the pools overlap."""
    for one, other in combinations(map(ipaddress.ip_network, pools), 2):
        if one.overlaps(other):
            raise NotUnderstood(
                f"The address pools {tick(str(one))} and {tick(str(other))} overlap.",
                next_step="Omit one of them, or choose pools that have no addresses in common.",
            )


def check_data_path_port(port: int) -> None:
    """Raise NotUnderstood for a port that Swarm itself uses."""
    if port in RESERVED_PORTS:
        raise NotUnderstood(
            f"`--data-path-port {port}`: Swarm uses {port} for {RESERVED_PORTS[port]}.",
            next_step="Choose another port, or omit the flag for 4789.",
        )


def refuse_pools_of_hosts(facts: Facts, pools: Collection[str]) -> None:
    """Raise Refused if a pool and the network of a host have addresses in common."""
    networks = _networks(facts)
    for pool in map(ipaddress.ip_network, pools):
        for network, names in _overlapping(networks, pool):
            what = "address" if network.num_addresses == 1 else "network"
            raise Refused(
                f"The address pool {tick(str(pool))} overlaps {tick(_shown(network))}, which is the {what} of "
                f"{listed(map(tick, names))}: containers on an overlay network from this pool could not reach it.",
                true_now="Nothing was changed.",
                next_step=f"Choose another pool, for example `--default-addr-pool {_free_pool(networks)}`.",
            )


def pool_findings(facts: Facts, pools: Collection[str], host: str) -> list[Finding]:
    """Return warnings: the default pool begins in the network of a host, or the networks of a host are unknown."""
    if pools:
        unread = [tick(other.name) for other in facts.hosts.values() if not other.interfaces]
        text = f"the networks of {listed(unread)} could not be read: whether the address pools overlap them is unknown"
        return [Finding("warning", text, host)] if unread else []
    networks = _networks(facts)
    near_start = _overlapping(networks, START_OF_DEFAULT_POOL)
    seen = [(network, names) for network, names in near_start if network.num_addresses > 1]
    return [
        Finding(
            "warning",
            f"overlay networks get addresses from the default pool `{DEFAULT_POOL}`, and {tick(_shown(network))} of "
            f"{listed(map(tick, names))} is near its start: containers may be unable to reach it.",
            host,
            f"`--default-addr-pool {_free_pool(networks)}` avoids this.",
        )
        for network, names in seen[:1]
    ]


def _overlapping(networks: dict[Network, list[str]], pool: Network) -> list[tuple[Network, list[str]]]:
    return [(network, names) for network, names in networks.items() if network.overlaps(pool)]


def _networks(facts: Facts) -> dict[Network, list[str]]:
    """Return the networks of the hosts, each with the names of the hosts that are in it."""
    found: dict[Network, list[str]] = {}
    for host in facts.hosts.values():
        for network in _networks_of(host):
            found.setdefault(network, []).append(host.name)
    return found


def _networks_of(host: HostFacts) -> list[Network]:
    """Return the networks of a host, and its addresses outside of them.

    If a host was not read, only the address in swarmbot.yml is known, if it is an IP address.
    """
    found = [ipaddress.ip_network(network) for interface in host.interfaces for network in interface.networks]
    addresses = [host.address] if not found else []
    for text in (*addresses, *(address for interface in host.interfaces for address in interface.addresses)):
        try:
            address = ipaddress.ip_network(text)
        except ValueError:  # a host name
            continue
        if not any(network.overlaps(address) for network in found):
            found.append(address)
    return list(dict.fromkeys(found))


def _free_pool(networks: dict[Network, list[str]]) -> Network:
    """Return a pool of a private network (RFC 1918) that no host is in."""
    private = map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
    pools = [pool for network in private for pool in network.subnets(new_prefix=16)]
    pools.remove(START_OF_DEFAULT_POOL)
    return next((pool for pool in pools if not _overlapping(networks, pool)), pools[0])


def _shown(network: Network) -> str:
    return str(network.network_address if network.num_addresses == 1 else network)
