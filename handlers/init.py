"""`/swarm init HOST`, with every option of `docker swarm init`, and the hosts that join at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    Raise,
    Word,
    change,
    choice,
    number,
)
from bot.errors import NotUnderstood, Refused
from bot.model import ClusterFacts, Facts, FactsQuery, Finding, HostFacts, NodeFacts, Operation, Plan, PlanTitles, Step
from bot.swarm.ca.external_ca import read_external_ca
from bot.swarm.ca.rotation import external_issuer
from bot.swarm.health.preflight import preflight
from bot.swarm.membership.joining import Joining, founding_joins, join_plan, joining_effect
from bot.swarm.membership.member_options import differing_option, unseen_options
from bot.swarm.membership.node_orders import merged
from bot.swarm.network.address_pools import check_data_path_port, check_pools, pool_findings, refuse_pools_of_hosts
from bot.swarm.network.addresses import advertise_address, local_address, overlay_findings
from bot.swarm.operations import AwaitCaRotation, Init, Join, RegainNetworks, StartCaRotation, Update
from bot.swarm.quorum import Quorum, tolerance_text
from bot.swarm.reading.cluster_settings import check_expiry
from bot.swarm.recovery.split_brain import refuse_forcing, refuse_second_cluster, refuse_unreachable
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class InitArguments:
    """The arguments of ``init``."""

    host: Annotated[str, Word(HOST, "the host that becomes the first manager")]
    manager: Annotated[tuple[str, ...], Flag(HOST, "hosts that join as further managers")] = ()
    worker: Annotated[tuple[str, ...], Flag(HOST, "hosts that join as workers")] = ()
    advertise_addr: Annotated[
        str | None, Flag(ADDRESS, "address or interface that other nodes use to reach the host")
    ] = None
    listen_addr: Annotated[str | None, Flag(ADDRESS, "address and port to listen on")] = None
    availability: Annotated[
        Literal["active", "pause", "drain"] | None,
        Flag(choice("active", "pause", "drain"), "availability of the first manager"),
    ] = None
    autolock: Annotated[
        bool, Flag(None, "managers need an unlock key after each restart; the key is shown only to you")
    ] = False
    cert_expiry: Annotated[float | None, CERT_EXPIRY] = None
    dispatcher_heartbeat: Annotated[float | None, DISPATCHER_HEARTBEAT] = None
    external_ca: Annotated[str | None, EXTERNAL_CA] = None
    task_history_limit: Annotated[int | None, TASK_HISTORY_LIMIT] = None
    max_snapshots: Annotated[int | None, MAX_SNAPSHOTS] = None
    snapshot_interval: Annotated[int | None, SNAPSHOT_INTERVAL] = None
    data_path_addr: Annotated[str | None, Flag(ADDRESS, "address or interface for overlay traffic")] = None
    data_path_port: Annotated[int, Flag(number("PORT", 1024, 49151), "UDP port of overlay traffic")] = 0
    default_addr_pool: Annotated[tuple[str, ...], Flag(NETWORK, "address pool for overlay networks")] = ()
    default_addr_pool_mask_length: Annotated[
        int, Flag(number("N", 1, 128), "subnet mask length of each overlay network")
    ] = 0
    force_new_cluster: Annotated[bool, Flag(None, "after quorum is lost: this host becomes the only manager")] = False


def _permission(_: InitArguments) -> Permission:
    return "administer"


def _approval(arguments: InitArguments) -> int:
    return 2 if arguments.force_new_cluster else 0


def _subject(arguments: InitArguments) -> str:
    return "force-new-cluster" if arguments.force_new_cluster else "init"


def _query(arguments: InitArguments) -> FactsQuery:
    places = (read_external_ca(arguments.external_ca, arguments.host).location,) if arguments.external_ca else ()
    return FactsQuery(
        all_hosts=True,
        probe=(arguments.host, *arguments.manager, *arguments.worker),
        every_peer=bool(arguments.manager or arguments.worker),
        probe_again=True,
        new_managers=(arguments.host, *arguments.manager),
        data_port=arguments.data_path_port,
        ca_files=places,
        raft_state=arguments.force_new_cluster,
        interfaces=True,
    )


def _validate(arguments: InitArguments) -> None:
    check_expiry(arguments.cert_expiry)
    check_data_path_port(arguments.data_path_port)
    check_pools(arguments.default_addr_pool)
    _check_others(arguments)
    if arguments.force_new_cluster and arguments.external_ca:
        raise NotUnderstood(
            "`--force-new-cluster` does not take `--external-ca`: the cluster keeps its CA.",
            next_step="When the old records are removed, `/swarm ca --rotate --external-ca …` rotates to another CA.",
        )


def _check_others(arguments: InitArguments) -> None:
    """Raise NotUnderstood if a host is named twice, or if others should join a cluster that is forced."""
    roles = (("first manager", (arguments.host,)), ("manager", arguments.manager), ("worker", arguments.worker))
    named: dict[str, str] = {}
    for role, hosts in roles:
        for host in hosts:
            if host in named:
                raise NotUnderstood(
                    f"`{host}` is named as {named[host]} and as {role}.", next_step="Name each host once."
                )
            named[host] = role
    if arguments.force_new_cluster and len(named) > 1:
        raise NotUnderstood(
            "`--force-new-cluster` does not take `--manager` or `--worker`.",
            next_step="When the old records are removed, `join` adds hosts.",
        )


@change(
    "init",
    has_form=True,
    group="Managers",
    help="Create a cluster with the host as its first manager, and add other hosts",
    example="init host-1 --manager host-2,host-3 --worker host-4,host-5",
    permission=_permission,
    risk="quorum",
    approval=_approval,
    subject=_subject,
    query=_query,
    validate=_validate,
    raises={"join manager": Raise(1)},
)
def init(facts: Facts, arguments: InitArguments) -> Plan:
    """Create the cluster unless it exists; refuse what would result in two clusters."""
    host = facts.host(arguments.host)
    refuse_unreachable(facts, host)
    swarm, node = facts.swarm, facts.member(host.name)
    if swarm and node and not (arguments.force_new_cluster and _has_others(swarm, host)):
        return _already(facts, swarm, node, arguments)
    if arguments.force_new_cluster:
        refuse_forcing(facts, host)
    else:
        refuse_second_cluster(facts, host)
    findings = preflight(facts, host, "worker" if arguments.force_new_cluster else "manager")
    if blocked := [finding for finding in findings if finding.sign == "failed"]:
        raise blocked[0].refusal()
    refuse_pools_of_hosts(facts, arguments.default_addr_pool)
    joins, of_others = founding_joins(facts, host.name, _joinings(arguments))
    operation = _operation(facts, host, arguments)
    regained = arguments.force_new_cluster and not arguments.autolock
    tried = [RegainNetworks(host.name, facts.name)] if regained else []
    steps = [Step(each, host.name) for each in (operation, *_external(facts, arguments), *tried)]
    return Plan(
        _titles(facts, arguments),
        steps=(*steps, *joins),
        effect=f"{_managers(arguments, joins)}, advertised at {operation.advertise_addr}",
        findings=(
            *findings,
            *overlay_findings(host, operation.advertise_addr, operation.data_path_addr),
            *(() if arguments.force_new_cluster else pool_findings(facts, arguments.default_addr_pool, host.name)),
            *of_others,
        ),
        warnings=_warnings(facts, arguments),
        reveals=("unlock key",) if arguments.autolock else (),
    )


def _already(facts: Facts, swarm: ClusterFacts, node: NodeFacts, arguments: InitArguments) -> Plan:
    """Plan nothing for a host that is a member. Another CA for a running cluster is a root rotation, not an init."""
    state = f"`{arguments.host}` is a {node.role} of {facts.name} (`{swarm.id}`)"
    if node.role == "worker":
        step = f"`/swarm promote {arguments.host}` makes it a manager."
        raise Refused(
            f"{facts.name} is already running (`{swarm.id}`), and `{arguments.host}` is a worker of it.",
            true_now="Nothing was changed.",
            next_step=step if node.ready else "`/swarm status` shows its nodes.",
        )
    if differing := _differing(facts, swarm, node, arguments):
        raise differing.refusal()
    external = _external(facts, arguments)
    if not all(operation.satisfied(facts) for operation in external):
        raise Refused(
            f"{state}. Another CA means a rotation of the root certificate.",
            true_now="Nothing was changed.",
            next_step="`/swarm ca --rotate --external-ca protocol=cfssl,url=URL,cacert=HOST:PATH` rotates to that CA.",
        )
    unchanged = (state + _unseen(arguments), *(operation.done for operation in external[:1]))
    parts = [join_plan(facts, joining, part=True) for joining in _joinings(arguments)]
    plan = merged(_titles(facts, arguments, again=True), [Plan(PlanTitles(), unchanged=unchanged), *parts])
    managers = any(isinstance(step.operation, Join) and step.operation.role == "manager" for step in plan.steps)
    return replace(
        plan,
        effect=joining_effect(facts, plan.steps),
        approvals=1 if managers else 0,
        subject="join manager" if managers else "",
    )


def _joinings(arguments: InitArguments) -> list[Joining]:
    """Return the hosts that join, the managers first."""
    joinings = (Joining("manager", arguments.manager), Joining("worker", arguments.worker))
    return [joining for joining in joinings if joining.hosts]


def _titles(facts: Facts, arguments: InitArguments, *, again: bool = False) -> PlanTitles:
    """Return the titles; ``again``: the first manager is a member already."""
    others = sum(len(joining.hosts) for joining in _joinings(arguments))
    what = f"{facts.name} on `{arguments.host}`" + (f" with {number_of(others, 'other host')}" if others else "")
    if others:
        success, failure = f"{facts.name} is initialised with {{count}} nodes", f"{facts.name} was not initialised"
    elif again:
        success, failure = f"{facts.name} is initialised", f"{facts.name} was not initialised"
    else:
        success = f"{facts.name} is initialised: `{arguments.host}` is its only manager"
        failure = f"{facts.name} was not initialised on {{failed}}"
    return PlanTitles(f"initialises {what}", f"initialise {what}", success, failure)


def _differing(facts: Facts, swarm: ClusterFacts, node: NodeFacts, arguments: InitArguments) -> Finding | None:
    """Return a failure if the cluster or its manager differs from an option: it is not applied to what exists."""
    host = facts.host(arguments.host)
    settings = Update(
        cluster=facts.name,
        task_history_limit=arguments.task_history_limit,
        cert_expiry=arguments.cert_expiry,
        dispatcher_heartbeat=arguments.dispatcher_heartbeat,
        autolock=arguments.autolock or None,
        max_snapshots=arguments.max_snapshots,
        snapshot_interval=arguments.snapshot_interval,
    ).unmet(swarm.spec)
    if flags := [f"{setting.flag} {setting.shown(value)}" for setting, value in settings.wanted]:
        now = listed(f"{setting.words} {setting.shown(setting.value_in(swarm.spec))}" for setting, _ in settings.wanted)
        text = f"{facts.name} is already running, with {now}: `init` does not change this."
        return Finding("failed", text, host.name, f"`/swarm update {' '.join(flags)}` changes it.")
    return differing_option(facts, host, node, arguments.availability, arguments.advertise_addr)


def _unseen(arguments: InitArguments) -> str:
    return unseen_options(
        {
            "--listen-addr": arguments.listen_addr,
            "--data-path-addr": arguments.data_path_addr,
            "--data-path-port": arguments.data_path_port,
            "--default-addr-pool": arguments.default_addr_pool,
            "--default-addr-pool-mask-length": arguments.default_addr_pool_mask_length,
        }
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
        availability=arguments.availability or "active",
        autolock=arguments.autolock,
        cert_expiry=arguments.cert_expiry,
        dispatcher_heartbeat=arguments.dispatcher_heartbeat,
        task_history_limit=arguments.task_history_limit,
        max_snapshots=arguments.max_snapshots,
        snapshot_interval=arguments.snapshot_interval,
        with_others=bool(arguments.manager),
        force_new_cluster=arguments.force_new_cluster,
    )


def _external(facts: Facts, arguments: InitArguments) -> list[Operation]:
    """Return the steps after the init: an engine ignores an external CA in the init, or breaks the cluster."""
    if not arguments.external_ca:
        return []
    issuer = external_issuer(facts, read_external_ca(arguments.external_ca, arguments.host))
    return [StartCaRotation(facts.name, url=issuer.url, cacert=issuer.cacert), AwaitCaRotation(facts.name)]


def _has_others(swarm: ClusterFacts, host: HostFacts) -> bool:
    """Return whether the cluster has a manager that is not this host."""
    return any(node.id != host.node_id for node in swarm.managers)


def _managers(arguments: InitArguments, joins: Sequence[Step]) -> str:
    """Return what changes: the number of managers and workers, and how many failures are tolerated then."""
    if arguments.force_new_cluster:
        return "managers → 1, the others lose their membership, tolerates no failure"
    roles = [step.operation.role for step in joins if isinstance(step.operation, Join)]
    managers, workers = 1 + roles.count("manager"), roles.count("worker")
    text = f"managers 0 → {managers}, {tolerance_text(Quorum(managers, managers).tolerates)}"
    return f"{text}, workers 0 → {workers}" if workers else text


def _warnings(facts: Facts, arguments: InitArguments) -> tuple[str, ...]:
    if arguments.force_new_cluster:
        better = f"`/swarm recover {arguments.host}` also removes the records and rejoins the other managers."
        return (f"The other managers have left or are held off; their records stay. {better}",)
    silent = [f"`{host.name}`" for host in facts.hosts.values() if not host.responds]
    if silent:
        does, it = ("does", "it") if len(silent) == 1 else ("do", "one of them")
        return (f"{listed(silent)} {does} not respond. If {it} is part of a {facts.name} cluster, there will be two.",)
    return ()
