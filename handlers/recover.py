"""`/swarm recover [HOST] [--gone …] [--hold-off …] [--unlock]`: rebuild a cluster that has no quorum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Annotated

from bot.commands import HOST, UNLOCK, Flag, Kind, Vocabulary, Word, change, unlock_key_form
from bot.model import Facts, FactsQuery, HostFacts, Operation, Plan, PlanTitles, Step
from bot.swarm.health.lost_quorum import OldManager, OldManagerState, old_managers, quorum_among
from bot.swarm.network.addresses import joining_address
from bot.swarm.operations import (
    AwaitEncryptedKeyFile,
    CheckUnlockKey,
    DecryptKeyFile,
    HoldOff,
    Init,
    LeaveLostCluster,
    RegainNetworks,
    Rejoin,
    RemoveOldRecords,
    RestartStoppedSwarm,
)
from bot.swarm.quorum import Quorum, quorum_text, tolerance_text
from bot.swarm.recovery.autolock import key_findings, key_warnings, needs_key, refuse_without_key
from bot.swarm.recovery.plan_notes import findings, may_restart, rejoin_obstacle, tries_networks, warnings
from bot.swarm.recovery.safety_rules import RecoverFlags, choose_source, refuse_unless_lost, refuse_unless_safe
from bot.text.suggest import number_of


def _old_manager(word: str, vocabulary: Vocabulary) -> list[str]:
    """Read a host, or the address of a manager that is not in swarmbot.yml."""
    try:
        return [str(ip_address(word))]
    except ValueError:
        return HOST.read(word, vocabulary)


OLD_MANAGER = Kind("HOST", _old_manager)


@dataclass(frozen=True, slots=True)
class RecoverArguments:
    """The arguments of ``recover``."""

    host: Annotated[str | None, Word(HOST, "the manager to continue from; default: the one with the newest state")] = (
        None
    )
    gone: Annotated[
        tuple[str, ...], Flag(OLD_MANAGER, "an old manager that is permanently lost; Swarmbot cannot verify this")
    ] = ()
    hold_off: Annotated[
        tuple[str, ...],
        Flag(HOST, "an old manager whose engine cannot be started: its swarm state is moved aside and kept"),
    ] = ()
    unlock: Annotated[bool, UNLOCK] = False


def _query(_: RecoverArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, raft_state=True)


@change(
    "recover",
    group="Safety",
    help="Rebuild a cluster that has no quorum from the managers that are left",
    example="recover --gone host-2 --gone host-3",
    permission="administer",
    risk="quorum",
    approval=2,
    query=_query,
    asks=unlock_key_form(lambda arguments: arguments.unlock),
)
def recover(facts: Facts, arguments: RecoverArguments) -> Plan:
    """Make the others leave or hold them off, force a new cluster from one, remove old records, rejoin the others."""
    refuse_unless_lost(facts)
    flags = RecoverFlags(arguments.gone, arguments.hold_off, unlock=arguments.unlock)
    source = choose_source(facts, arguments.host, flags)
    olds = old_managers(facts, source)
    refuse_unless_safe(facts, source, olds, flags)
    refuse_without_key(source, flags)
    others = _hosts(olds, source, "member", "left")
    off = _hosts(olds, source, "stopped", "held off")
    back = [host for host in others if not rejoin_obstacle(facts, host)]
    before, after = quorum_among(olds), Quorum(1 + len(back), 1 + len(back))
    steps = _steps(facts, source, others, back, off)
    return Plan(
        PlanTitles(
            present=f"recovers {facts.name} from `{source.name}`",
            imperative=f"recover {facts.name} from `{source.name}`",
            success=f"{facts.name} has quorum again, recovered from `{source.name}`",
            failure=f"{facts.name} was not fully recovered",
        ),
        steps=tuple(Step(operation, source.name) for operation in steps),
        effect=f"{quorum_text(before)} → {number_of(after.managers, 'manager')}, "
        f"{tolerance_text(after.tolerates)}; services, networks, secrets and tokens are kept",
        findings=(*findings(facts, source, others, off), *key_findings(source, unlock=arguments.unlock)),
        warnings=(*warnings(facts, source, olds, others, off), *key_warnings(facts.name, source)),
    )


def _hosts(olds: tuple[OldManager, ...], source: HostFacts, *states: OldManagerState) -> list[HostFacts]:
    return [old.host for old in olds if old.host and old.host != source and old.state in states]


def _steps(
    facts: Facts, source: HostFacts, others: list[HostFacts], back: list[HostFacts], off: list[HostFacts]
) -> list[Operation]:
    """Force nothing before every manager that may come back has left; remove no record of one that may come back."""
    name = facts.name
    disks = [(host.name, host.stopped) for host in off if host.stopped]
    autolocked = source.key_file is not None and source.key_file.autolocked
    forced = Init(
        host=source.name,
        cluster=name,
        advertise_addr=_address(source),
        autolock=autolocked,
        force_new_cluster=True,
    )
    locked = [source.name] if needs_key(source) else []
    return [
        *(CheckUnlockKey(host, name) for host in locked),
        *(HoldOff(host, disk.node_id, name) for host, disk in disks if not disk.held_off),
        *(LeaveLostCluster(host.name, host.node_id, name) for host in others if host.membership != "inactive"),
        *(DecryptKeyFile(host, name) for host in locked),
        *(_forcing(forced) if may_restart(source) else [forced]),
        *([AwaitEncryptedKeyFile(source.name, name)] if autolocked else []),
        *(RemoveOldRecords(host.name, host.node_id, name) for host in others),
        *(Rejoin(host.name, name, source.name, _address(host)) for host in back),
        *(RemoveOldRecords(host, disk.node_id, name) for host, disk in disks),
        *([RegainNetworks(source.name, name)] if tries_networks(source) else []),
    ]


def _forcing(forced: Init) -> list[Operation]:
    """Force it, and again after a restart of its engine if that was seen to have stopped its swarm instead."""
    restart = RestartStoppedSwarm(forced.host, forced.cluster)
    return [replace(forced, attempt="first"), restart, replace(forced, attempt="second")]


def _address(host: HostFacts) -> str:
    """Return the address that the host advertised before, if it still has it."""
    has = {address for card in host.interfaces for address in card.addresses}
    return host.node_address if host.node_address in has else joining_address(host, None)
