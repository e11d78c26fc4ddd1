"""The routes between hosts that a cluster needs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.model import ClusterFacts, HostFacts, NodeFacts, Route, Transport
from bot.swarm.network.addresses import is_loopback

MANAGER_PORT: Final = 2377
GOSSIP_PORT: Final = 7946
DATA_PORT: Final = 4789
MAX_PEERS: Final = 8
"""The number of peers that a host is tested with. Managers come first; all managers are tested."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A host or node that routes lead to."""

    name: str
    address: str
    """The address that others send to."""
    manager_port: int = 0
    """The port that a manager serves, 0 for a worker."""


def wanted_routes(
    hosts: Mapping[str, HostFacts],
    swarm: ClusterFacts | None,
    probed: Iterable[str],
    *,
    every_peer: bool,
    new_managers: Collection[str] = (),
    data_port: int = 0,
) -> tuple[Route, ...]:
    """Return the routes in both directions between each host of ``probed`` and the managers.

    With ``every_peer``, include workers and the other hosts of ``probed``, up to MAX_PEERS peers in all. If there is no
    cluster, ``new_managers`` are the hosts of ``probed`` that become managers, and ``data_port`` is its data port.
    """
    named = sorted(probed, key=lambda name: name not in new_managers)
    data = swarm.data_port if swarm else data_port or DATA_PORT
    undecided = swarm is None and not new_managers
    routes: dict[Route, None] = {}
    for name in named:
        if name not in hosts or not hosts[name].responds:
            continue
        own = _planned(peer_of(hosts[name], swarm), swarm, new_managers)
        for number, each in enumerate(peers_of(hosts[name], hosts, swarm, named)):
            peer = _planned(each, swarm, new_managers)
            if peer.manager_port or (every_peer and number < MAX_PEERS):
                routes |= dict.fromkeys(
                    route
                    for source, target in ((own, peer), (peer, own))
                    for route in _routes_between(source, target, data, undecided=undecided)
                )
    return tuple(routes)


def _planned(peer: Peer, swarm: ClusterFacts | None, new_managers: Collection[str]) -> Peer:
    """Return the peer as it will be in a cluster that does not exist yet."""
    return replace(peer, manager_port=MANAGER_PORT) if swarm is None and peer.name in new_managers else peer


def peers_of(
    host: HostFacts, hosts: Mapping[str, HostFacts], swarm: ClusterFacts | None, probed: Iterable[str]
) -> list[Peer]:
    """Return the peers that a host may be tested with.

    These are the managers that are reachable in Raft, then the other hosts of ``probed``, then the ready workers.
    """
    nodes = [node for node in (swarm.nodes if swarm else ()) if node.ready]
    managers = [_peer_of_node(node, hosts) for node in nodes if node.role == "manager"]
    probing = [peer_of(hosts[name], swarm) for name in probed if name in hosts and hosts[name].responds]
    workers = [_peer_of_node(node, hosts) for node in nodes if node.role == "worker"]
    own = peer_of(host, swarm).name
    return [*{peer.name: peer for peer in (*managers, *probing, *workers) if peer.name != own}.values()]


def matching_hosts(hosts: Mapping[str, HostFacts], names: Collection[str]) -> list[str]:
    """Return the hosts that ``names`` mean; a name may also be that of a node."""
    return [name for name, host in hosts.items() if matches_name(host, names)]


def matches_name(host: HostFacts, names: Collection[str]) -> bool:
    """Return whether one of ``names`` is the host's name in swarmbot.yml, its host name, or a prefix of its node id."""
    return not {host.name, host.hostname}.isdisjoint(names) or host.node_id.startswith(tuple(names))


def mesh_routes(peers: Iterable[Peer], data_port: int) -> tuple[Route, ...]:
    """Return every route between all members; routes to managers include the manager port."""
    members = [*peers]
    return tuple(
        Route(one.name, other.name, other.address, port, transport)
        for one in members
        for other in members
        if one != other
        for port, transport in node_ports(other.manager_port, data_port)
    )


def node_ports(manager_port: int, data_port: int = DATA_PORT) -> list[tuple[int, Transport]]:
    """Return the ports of a node; ``manager_port`` is 0 for a worker."""
    tcp: list[tuple[int, Transport]] = [(manager_port, "tcp")] if manager_port else []
    return [*tcp, (GOSSIP_PORT, "tcp"), (GOSSIP_PORT, "udp"), (data_port, "udp")]


def peer_of(host: HostFacts, swarm: ClusterFacts | None) -> Peer:
    """Return the host as a peer: at its node's address if it is a member, or at the address it would advertise."""
    node = swarm.node_of(host) if swarm else None
    return _peer_of_node(node, {host.name: host}) if node else Peer(host.name, default_address(host))


def ready_peers(swarm: ClusterFacts, hosts: Mapping[str, HostFacts], only: Collection[str] = ()) -> list[Peer]:
    """Return all nodes that are ready; with ``only``, those of them that have these ids."""
    return [_peer_of_node(node, hosts) for node in swarm.nodes if node.ready and (not only or node.id in only)]


def default_address(host: HostFacts) -> str:
    """Return the address that a host advertises by default.

    This is the address in swarmbot.yml if the host has it on an interface, otherwise its first address.
    """
    addresses = [address for interface in host.interfaces for address in interface.addresses]
    return host.address if host.address in addresses or not addresses else addresses[0]


def _peer_of_node(node: NodeFacts, hosts: Mapping[str, HostFacts]) -> Peer:
    """Return a node as a peer.

    The ``Status.Addr`` of a manager may be 0.0.0.0, so its Raft address is used. That of a worker is the source address
    of its connection to a manager; only its own engine knows what it advertises.
    """
    address, _, port = node.raft_address.rpartition(":")
    host = hosts.get(node.host)
    advertised = host.node_address if host else ""
    return Peer(node.name, address.strip("[]") or advertised or node.address, int(port) if address else 0)


def _routes_between(source: Peer, target: Peer, data_port: int, *, undecided: bool) -> Iterator[Route]:
    """Yield the routes from ``source`` to ``target``. ``undecided``: it is not known which hosts become managers.

    A host that is not a manager may become one: its port 2377 is tested from managers, or if that is undecided.
    There is no route to a loopback address: a packet to it reaches the sender itself.
    """
    if is_loopback(target.address):
        return
    wanted = MANAGER_PORT if source.manager_port or undecided else 0
    for port, transport in node_ports(target.manager_port or wanted, data_port):
        yield Route(source.name, target.name, target.address, port, transport)
