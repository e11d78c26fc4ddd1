"""Makes the facts of a described host and of the node that it is."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from types import MappingProxyType

from bot.model import (
    Certificate,
    DiskPart,
    DiskUsage,
    HostFacts,
    HostFailure,
    Interface,
    KeyFile,
    NodeFacts,
    RaftPosition,
    Role,
    StoppedEngine,
)
from bot.model.network import DiskSpace
from bot.text.sizes import read_size
from tests.plans.parts import DAY, NOW, Machine, Record

GIB = 1024**3
DATA_ROOT = "/var/lib/docker"


def host_facts(name: str, address: str, host: Machine, raft: Sequence[str]) -> HostFacts:
    """Return the host's facts; ``raft`` has the addresses of its cluster's managers."""
    if host.failure:
        happened = host.happened or f"`{name}` ({address}): {host.failure}."
        failure = HostFailure(host.failure, happened, host.next_step)
        position = RaftPosition(*host.raft_position) if host.raft_position else None
        return HostFacts(
            name,
            address,
            failure,
            reach_from_managers=host.reach_from_managers,
            raft_position=position,
            raft_error=_unread(name, host),
            stopped=_stopped(name, address, host),
        )
    member = host.role != "nothing"
    is_manager = host.role in {"leader", "manager"}
    interfaces = {"eth0": [address]} if host.interfaces is None else host.interfaces
    return HostFacts(
        name=name,
        address=address,
        hostname=host.record.hostname or name,
        engine_version=host.engine,
        live_restore=host.live_restore,
        membership=host.membership or ("active" if member else "inactive"),
        swarm_error=host.swarm_error,
        swarm_id=host.swarm_id or ("prodid" if is_manager else ""),
        node_id="" if host.membership == "locked" or host.swarm_stopped else _id(name, host),
        node_address=(host.record.address or address) if member else "",
        is_manager=is_manager and host.membership in {"", "active", "pending"},
        managers=tuple((raft if member and not host.swarm_stopped else ()) if host.managers is None else host.managers),
        clock_offset=host.clock,
        interfaces=tuple(_interface(nic, addresses) for nic, addresses in interfaces.items()),
        data_root=DATA_ROOT,
        disk_space=_space(host.disk_space),
        certificate=_certificate(host.certificate_days, host.certificate_validity_days),
        certificate_error=host.certificate_error,
        swarm_folder=host.swarm_folder,
        peer_reach=MappingProxyType(host.peer_reach),
        raft_position=RaftPosition(*host.raft_position) if host.raft_position else None,
        raft_error=_unread(name, host),
        key_file=_key_file(host),
        disk=_disk(host.disk) if host.disk else None,
        disk_error=host.disk_error,
        images=None if host.images is None else tuple(image.facts() for image in host.images),
        images_error=host.images_error,
    )


def _disk(images_and_free: tuple[int, int]) -> DiskUsage:
    """Return the usage of a disk of 100 GiB, half of whose images are in use, with two containers and a volume."""
    images, free = (gib * GIB for gib in images_and_free)
    return DiskUsage(
        images=DiskPart(4, 2, images, images // 2),
        containers=DiskPart(2, 1, 2048, 0),
        volumes=DiskPart(1, 0, 3 * GIB, 3 * GIB),
        build_cache=DiskPart(0, 0, 0, 0),
        free_bytes=free,
        total_bytes=100 * GIB,
    )


def _interface(name: str, addresses: Sequence[str]) -> Interface:
    """Return an interface with its networks, of the addresses that have a prefix length (``10.0.0.1/24``)."""
    networks = [str(ipaddress.ip_interface(address).network) for address in addresses if "/" in address]
    return Interface(name, tuple(address.partition("/")[0] for address in addresses), tuple(dict.fromkeys(networks)))


def _unread(name: str, host: Machine) -> str:
    return "" if host.raft_position else f"The Raft log of `{name}` cannot be read: Permission denied."


def node_facts(name: str, address: str, host: Machine) -> NodeFacts:
    """Return the node that the managers list for a host."""
    role: Role = "worker" if host.role == "worker" else "manager"
    known = host.record.model_copy(
        update={
            "id": host.record.id or f"id-{name}",
            "host": name,
            "hostname": host.record.hostname or name,
            "role": role,
            "address": host.record.address or address,
            "engine": host.engine,
        }
    )
    return record_facts(known, leader=host.role == "leader")


def record_facts(record: Record, *, leader: bool = False) -> NodeFacts:
    """Return a node, whether it is a host of swarmbot.yml or not."""
    manager = record.role == "manager"
    return NodeFacts(
        id=record.id,
        hostname=record.hostname,
        role=record.role,
        availability=record.availability,
        state=record.state,
        version=1,
        spec=MappingProxyType({}),
        host=record.host,
        reachability=record.reachability if manager else "",
        leader=leader,
        address=record.address,
        raft_address=f"{record.address}:2377" if manager else "",
        engine_version=record.engine,
        labels=MappingProxyType(record.labels),
        description=record.description(),
    )


def _id(name: str, host: Machine) -> str:
    return host.record.id or (f"id-{name}" if host.role != "nothing" or host.membership else "")


def _key_file(host: Machine) -> KeyFile | None:
    standing = host.key or ("locked" if host.membership == "locked" else "open")
    return KeyFile(standing) if host.role in {"leader", "manager"} and standing != "unread" else None


def _stopped(name: str, address: str, host: Machine) -> StoppedEngine | None:
    if not host.stopped:
        return None
    held_off = host.stopped == "held off"
    folder = f"/var/lib/docker/swarm{'.held-off-1800000000' if held_off else ''}"
    return StoppedEngine(folder, held_off, f"id-{name}", host.record.address or address)


def _space(sizes: tuple[str, str, str] | None) -> DiskSpace | None:
    return DiskSpace(DATA_ROOT, *(read_size(size) or 0 for size in sizes)) if sizes else None


def _certificate(days: float | None, validity_days: float) -> Certificate | None:
    if days is None:
        return None
    return Certificate("swarm-ca", NOW + (days - validity_days) * DAY, NOW + days * DAY)
