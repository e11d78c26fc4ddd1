"""Which ways between hosts a cluster needs: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.model import ClusterFacts, HostFacts, NodeFacts, Route, Transport
from bot.swarm.network.addresses import is_loopback

MANAGER_PORT: Final = 2377
GOSSIP_PORT: Final = 7946
DATA_PORT: Final = 4789
MAX_PEERS: Final = 8
"""Peers that a host is tried with; managers come first, and all of them."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A host or node with the address that others send to; ``manager_port`` is the port of a manager, 0 of others."""

    name: str
    address: str
    manager_port: int = 0


def wanted_routes(
    hosts: Mapping[str, HostFacts], swarm: ClusterFacts | None, probed: Iterable[str], *, every_peer: bool
) -> tuple[Route, ...]:
    """Both ways between each host of ``probed`` and all its peers that manage; with ``every_peer`` others too."""
    named = [*probed]
    data = swarm.data_port if swarm else DATA_PORT
    routes: dict[Route, None] = {}
    for name in named:
        if name not in hosts or not hosts[name].answers:
            continue
        place = peer_of(hosts[name], swarm)
        for number, peer in enumerate(peers_of(hosts[name], hosts, swarm, named)):
            if peer.manager_port or (every_peer and number < MAX_PEERS):
                routes |= dict.fromkeys(
                    (*_routes_between(place, peer, data, swarm), *_routes_between(peer, place, data, swarm))
                )
    return tuple(routes)


def peers_of(
    host: HostFacts, hosts: Mapping[str, HostFacts], swarm: ClusterFacts | None, probed: Iterable[str]
) -> list[Peer]:
    """Whom a host may be tried with: managers that are reachable in Raft, the others of ``probed``, ready workers."""
    nodes = [node for node in (swarm.nodes if swarm else ()) if node.ready]
    managers = [_peer_of_node(node, hosts) for node in nodes if node.role == "manager"]
    probing = [peer_of(hosts[name], swarm) for name in probed if name in hosts and hosts[name].answers]
    workers = [_peer_of_node(node, hosts) for node in nodes if node.role == "worker"]
    own = peer_of(host, swarm).name
    return [*{peer.name: peer for peer in (*managers, *probing, *workers) if peer.name != own}.values()]


def matching_hosts(hosts: Mapping[str, HostFacts], names: Collection[str]) -> list[str]:
    """The hosts that ``names`` mean, which may be those of nodes."""
    return [name for name, host in hosts.items() if matches_name(host, names)]


def matches_name(host: HostFacts, names: Collection[str]) -> bool:
    """Whether one of ``names`` is the host's: swarmbot.yml's, its own, or the beginning of its node's id."""
    return not {host.name, host.hostname}.isdisjoint(names) or host.node_id.startswith(tuple(names))


def mesh_routes(places: Iterable[Peer], data_port: int) -> tuple[Route, ...]:
    """Every way between all members: to managers 2377 too."""
    members = [*places]
    return tuple(
        Route(one.name, other.name, other.address, port, transport)
        for one in members
        for other in members
        if one != other
        for port, transport in node_ports(other.manager_port, data_port)
    )


def node_ports(manager_port: int, data_port: int = DATA_PORT) -> list[tuple[int, Transport]]:
    """The ports of a node; ``manager_port`` is the one for managers, 0 for none."""
    tcp: list[tuple[int, Transport]] = [(manager_port, "tcp")] if manager_port else []
    return [*tcp, (GOSSIP_PORT, "tcp"), (GOSSIP_PORT, "udp"), (data_port, "udp")]


def peer_of(host: HostFacts, swarm: ClusterFacts | None) -> Peer:
    """Where a host is sent to: at its node's address if it is a member, else where it would be advertised."""
    node = swarm.node_of(host) if swarm else None
    return _peer_of_node(node, {host.name: host}) if node else Peer(host.name, default_address(host))


def ready_peers(swarm: ClusterFacts, hosts: Mapping[str, HostFacts]) -> list[Peer]:
    """All nodes that are ready."""
    return [_peer_of_node(node, hosts) for node in swarm.nodes if node.ready]


def default_address(host: HostFacts) -> str:
    """What a host advertises unless told otherwise: swarmbot.yml's address where the host has it, else its first."""
    addresses = [address for interface in host.interfaces for address in interface.addresses]
    return host.address if host.address in addresses or not addresses else addresses[0]


def _peer_of_node(node: NodeFacts, hosts: Mapping[str, HostFacts]) -> Peer:
    """A manager's ``Status.Addr`` may be 0.0.0.0: its Raft address is the one that others use.

    A worker's is the one that its connection to a manager came from; what it advertises its own engine alone tells.
    """
    address, _, port = node.raft_address.rpartition(":")
    host = hosts.get(node.host)
    told = host.node_address if host else ""
    return Peer(node.name, address.strip("[]") or told or node.address, int(port) if address else 0)


def _routes_between(source: Peer, target: Peer, data_port: int, swarm: ClusterFacts | None) -> Iterator[Route]:
    """A host that is no manager may become one: its 2377 is tried from managers, or where there is no cluster yet.

    There is no way to a loopback address: who sends there reaches itself.
    """
    if is_loopback(target.address):
        return
    wanted = MANAGER_PORT if source.manager_port or swarm is None else 0
    for port, transport in node_ports(target.manager_port or wanted, data_port):
        yield Route(source.name, target.name, target.address, port, transport)
