"""`/swarm init HOST`, with every option of `docker swarm init`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bot.commands import (
    ADDRESS,
    CERT_EXPIRY,
    DISPATCHER_HEARTBEAT,
    EXTERNAL_CA,
    HOST,
    MAX_SNAPSHOTS,
    NETWORK,
    SNAPSHOT_INTERVAL,
    TASK_HISTORY_LIMIT,
    Flag,
    Permission,
    Word,
    change,
    choice,
    number,
)
from bot.errors import Refused
from bot.plan import Facts, Finding, HostFacts, Look, Plan, Step
from bot.slack.blocks import tick
from bot.spelling import listed
from bot.swarm.addresses import advertise_address, local_address
from bot.swarm.external_ca import ExternalCa, read_external_ca
from bot.swarm.ipv6 import overlay_findings
from bot.swarm.operations import Init, UseExternalCa
from bot.swarm.preflight import preflight
from bot.swarm.second_cluster import refuse_forcing, refuse_second_cluster, refuse_silent
from bot.swarm.settings import check_expiry


@dataclass(frozen=True, slots=True)
class InitArguments:
    """The words of ``init``."""

    host: Annotated[str, Word(HOST, "the host that becomes the first manager")]
    advertise_addr: Annotated[str | None, Flag(ADDRESS, "address or interface that others reach it at")] = None
    listen_addr: Annotated[str | None, Flag(ADDRESS, "address and port to listen on")] = None
    availability: Annotated[
        Literal["active", "pause", "drain"], Flag(choice("active", "pause", "drain"), "of the first manager")
    ] = "active"
    autolock: Annotated[bool, Flag(None, "managers need a key after each restart; you alone are shown it")] = False
    cert_expiry: Annotated[float | None, CERT_EXPIRY] = None
    dispatcher_heartbeat: Annotated[float | None, DISPATCHER_HEARTBEAT] = None
    external_ca: Annotated[str | None, EXTERNAL_CA] = None
    task_history_limit: Annotated[int | None, TASK_HISTORY_LIMIT] = None
    max_snapshots: Annotated[int | None, MAX_SNAPSHOTS] = None
    snapshot_interval: Annotated[int | None, SNAPSHOT_INTERVAL] = None
    data_path_addr: Annotated[str | None, Flag(ADDRESS, "address or interface for overlay traffic")] = None
    data_path_port: Annotated[int, Flag(number("PORT", 1024, 49151), "UDP port of overlay traffic")] = 0
    default_addr_pool: Annotated[tuple[str, ...], Flag(NETWORK, "networks that overlays are taken from")] = ()
    default_addr_pool_mask_length: Annotated[int, Flag(number("N", 1, 128), "size of each overlay's network")] = 0
    force_new_cluster: Annotated[bool, Flag(None, "after a lost quorum: this host becomes the only manager")] = False


def _permission(_: InitArguments) -> Permission:
    return "administer"


def _approval(arguments: InitArguments) -> int:
    return 2 if arguments.force_new_cluster else 0


def _subject(arguments: InitArguments) -> str:
    return "force-new-cluster" if arguments.force_new_cluster else "init"


def _look(arguments: InitArguments) -> Look:
    files: tuple[tuple[str, str], ...] = ()
    if arguments.external_ca:
        files = ((arguments.host, read_external_ca(arguments.external_ca).cacert_path),)
    return Look(all_hosts=True, probe=(arguments.host,), ca_files=files, raft=arguments.force_new_cluster)


@change(
    "init",
    help="makes a cluster: the host becomes its first manager",
    example="init host-1",
    permission=_permission,
    risk="quorum",
    approval=_approval,
    subject=_subject,
    look=_look,
)
def init(facts: Facts, arguments: InitArguments) -> Plan:
    """Make the cluster unless it is there; refuse what would end in two clusters."""
    host = facts.host(arguments.host)
    refuse_silent(facts, host)
    check_expiry(arguments.cert_expiry)
    if facts.member(host.name) is not None and not (arguments.force_new_cluster and _has_others(facts, host)):
        return _already(facts, host, arguments)
    if arguments.force_new_cluster:
        refuse_forcing(facts, host)
    else:
        refuse_second_cluster(facts, host)
    findings = preflight(facts, host, "worker")
    if blocked := [finding for finding in findings if finding.sign == "failed"]:
        raise Refused(blocked[0].text, true_now="Nothing was changed.", next_step=blocked[0].next_step)
    operation = _operation(facts, host, arguments)
    steps = [Step(operation, host.name), *_external(facts, host, arguments)]
    return Plan(
        title=f"initialises {facts.name} on `{host.name}`",
        deed=f"initialise {facts.name} on `{host.name}`",
        ended=f"{facts.name} runs: `{host.name}` is its only manager",
        failed=f"{facts.name} was not initialised on {{failed}}",
        steps=tuple(steps),
        effect=f"{_managers(arguments)}, survives 0 failures, advertised at {operation.advertise_addr}",
        findings=(*findings, *overlay_findings(host, operation.advertise_addr, operation.data_path_addr)),
        warnings=_warnings(facts, arguments),
        reveals=("unlock key",) if arguments.autolock else (),
    )


def _already(facts: Facts, host: HostFacts, arguments: InitArguments) -> Plan:
    """The host is in. An external CA is still rotated to: that is how a try that ended half-way is finished."""
    node = facts.member(host.name)
    role = node.role if node else "node"
    held = f"`{host.name}` is a {role} of {facts.name} (`{facts.swarm.id if facts.swarm else ''}`)"
    steps = tuple(_external(facts, host, arguments))
    return Plan(
        title=f"initialises {facts.name} on `{host.name}`",
        ended=f"{facts.name} runs",
        failed=f"{facts.name} was not rotated to the CA" if steps else f"{facts.name} was not initialised",
        steps=steps,
        findings=(Finding("done", f"{held}, as before", host.name),) if steps else (),
        already=() if steps else (held,),
    )


def _operation(facts: Facts, host: HostFacts, arguments: InitArguments) -> Init:
    listen, data = arguments.listen_addr, arguments.data_path_addr
    return Init(
        host=host.name,
        cluster=facts.name,
        advertise_addr=advertise_address(host, arguments.advertise_addr),
        listen_addr=local_address(host, listen, "--listen-addr") if listen else "0.0.0.0:2377",
        data_path_addr=local_address(host, data, "--data-path-addr") if data else "",
        data_path_port=arguments.data_path_port,
        default_addr_pool=arguments.default_addr_pool,
        default_addr_pool_mask_length=arguments.default_addr_pool_mask_length,
        availability=arguments.availability,
        autolock=arguments.autolock,
        cert_expiry=arguments.cert_expiry,
        dispatcher_heartbeat=arguments.dispatcher_heartbeat,
        task_history_limit=arguments.task_history_limit,
        max_snapshots=arguments.max_snapshots,
        snapshot_interval=arguments.snapshot_interval,
        force_new_cluster=arguments.force_new_cluster,
    )


def _external(facts: Facts, host: HostFacts, arguments: InitArguments) -> list[Step]:
    if not arguments.external_ca:
        return []
    wanted: ExternalCa = read_external_ca(arguments.external_ca)
    place = (host.name, wanted.cacert_path)
    if place not in facts.ca_files:
        raise Refused(
            f"the CA certificate {tick(wanted.cacert_path)} could not be read on `{host.name}`: {facts.unread[place]}",
            true_now="Nothing was changed.",
            next_step="Put the CA's certificate (PEM) there, or give another path after `cacert=`.",
        )
    operation = UseExternalCa(host=host.name, cluster=facts.name, url=wanted.url, cacert=facts.ca_files[place])
    return [Step(operation, host.name)]


def _has_others(facts: Facts, host: HostFacts) -> bool:
    """Whether any manager of the cluster is not this host."""
    return any(node.id != host.node_id for node in (facts.swarm.managers if facts.swarm else ()))


def _managers(arguments: InitArguments) -> str:
    return "one manager, the others lose their places" if arguments.force_new_cluster else "managers 0 → 1"


def _warnings(facts: Facts, arguments: InitArguments) -> tuple[str, ...]:
    if arguments.force_new_cluster:
        better = f"`/swarm recover {arguments.host}` removes those, too, and brings the others back."
        return (f"The others have left; their records stay. {better}",)
    silent = [f"`{host.name}`" for host in facts.hosts.values() if not host.answers]
    if silent:
        verb, it = ("does", "it is") if len(silent) == 1 else ("do", "one is")
        return (f"{listed(silent)} {verb} not answer: if {it} in a cluster of {facts.name}, there will be two.",)
    return ()
