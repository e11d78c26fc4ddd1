"""`/swarm backup [HOST]`, `/swarm backup --drill [--unlock]`, `/swarm backups`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import DONE, FAILED, WAITING, Message, context, paragraphs, tick, when
from bot.commands import HOST, UNLOCK, Flag, NoArguments, Word, change, question, unlock_key_form
from bot.errors import NotUnderstood, Refused
from bot.model import Backup, ClusterFacts, Cost, Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.operations import AwaitManager, DrillBackup, TakeBackup
from bot.swarm.operations.drill import choose_drill_host
from bot.swarm.quorum import quorum_of, raft_members
from bot.swarm.reading.certificates import ca_rotated_since
from bot.swarm.reading.manager_choice import choose_backup_manager, require_backup_manager
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class BackupArguments:
    """The arguments of ``backup``."""

    host: Annotated[str, Word(HOST, "a manager that is not the leader; default: the one with the fewest tasks")] = ""
    drill: Annotated[
        bool, Flag(None, "test the newest backup on a throwaway engine and compare it with the cluster")
    ] = False
    on: Annotated[str, Flag(HOST, "where the throwaway engine runs: a host that is not part of any cluster")] = ""
    unlock: Annotated[bool, UNLOCK] = False


_OLD_ROOT = (
    "The root certificate was rotated after that backup: a restore brings the old one back. `/swarm backup` takes a "
    "backup with the current root."
)


def _query(_: BackupArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, peer_reach=True, task_counts=True, backups=True)


def _validate(arguments: BackupArguments) -> None:
    if arguments.drill and arguments.host:
        raise NotUnderstood(
            f"A drill does not take a manager, so {tick(arguments.host)} has no meaning here.",
            next_step="`--on HOST` sets where the throwaway engine runs.",
        )
    if arguments.on and not arguments.drill:
        raise NotUnderstood(
            "`--on` needs `--drill`: it sets where the drill runs.", next_step="Type `/swarm backup --drill --on HOST`."
        )
    if arguments.unlock and not arguments.drill:
        raise NotUnderstood(
            "`--unlock` needs `--drill`: a backup is taken without the unlock key.",
            next_step="Type `/swarm backup --drill --unlock`.",
        )


def _listing(_: NoArguments) -> FactsQuery:
    return FactsQuery(backups=True)


@change(
    "backup",
    group="Safety",
    help="Back up the cluster's state, encrypted, or test the newest backup",
    example="backup",
    permission="administer",
    risk="quorum",
    approval=0,
    query=_query,
    validate=_validate,
    asks=unlock_key_form(lambda arguments: arguments.drill and arguments.unlock),
)
def backup(facts: Facts, arguments: BackupArguments) -> Plan:
    """Back up the state of a follower. The quorum gate decides whether that manager may be stopped meanwhile."""
    if arguments.drill:
        return _drill(facts, arguments)
    swarm = require_cluster(facts)
    node = (
        require_backup_manager(facts, swarm, arguments.host) if arguments.host else choose_backup_manager(facts, swarm)
    )
    return Plan(
        PlanTitles(
            present=f"takes a backup of {facts.name} from {tick(node.host)}",
            imperative=f"take a backup of {facts.name} from {tick(node.host)}",
            success=f"{facts.name} is backed up",
            failure=f"{facts.name} was not backed up",
        ),
        steps=_taking(facts, node),
        costs=_costs(swarm, node),
        warnings=_warnings(facts, swarm),
    )


def _first(facts: Facts) -> str:
    """Return how to take the first backup. It stops a manager, so the cluster must tolerate that."""
    if facts.swarm is None:
        return "`/swarm status` shows why no backup can be taken."
    if quorum_of(raft_members(facts)).tolerates < 1:
        return f"make {facts.name} tolerate a manager failure, then `/swarm backup` takes one."
    return "`/swarm backup` takes one."


@question(
    "backups",
    group="Safety",
    help="List the backups: age, size and drill results",
    example="backups",
    permission="view",
    risk="none",
    approval=0,
    query=_listing,
)
def backups(facts: Facts, _: NoArguments) -> Message:
    """Return a line for each backup, newest first."""
    stored = facts.backups
    title = f"{facts.name} has {number_of(len(stored.backups), 'backup')}"
    lines = [f"*{title}*", *(_line(facts, each) for each in stored.backups)]
    lines += [f"{FAILED} {tick(name)}: its header cannot be read" for name in stored.unreadable]
    if not stored.backups:
        lines.append(f"Next: {_first(facts)}")
        return Message(title, tuple(paragraphs(lines)))
    return Message(title, (*paragraphs(lines), context(_use_of_backups(facts))))


def _use_of_backups(facts: Facts) -> str:
    """Return what can be done with backups: a drill needs a cluster to compare with, a restore needs none."""
    if facts.swarm is None:
        return "If all managers are permanently lost: `/swarm restore BACKUP HOST` restores one"
    unlock = " --unlock" if facts.backups.newest and facts.backups.newest.autolocked else ""
    drill = f"`/swarm backup --drill --on HOST{unlock}` tests the newest"
    return f"{drill} · After all managers are lost, `/swarm restore BACKUP HOST` restores one"


def _line(facts: Facts, each: Backup) -> str:
    size = f"{each.size / 1e6:.1f} MB"
    rotated = " (rotated since then)" if facts.swarm and ca_rotated_since(each, facts.swarm) else ""
    locked = ", autolocked" if each.autolocked else ""
    return (
        f"{_sign(each)} {tick(each.id)} {when(each.taken_at)} from {tick(each.host)}, {size}, "
        f"{len(each.nodes)} nodes ({len(each.managers)} managers), root {tick(each.root)}{rotated}{locked} · "
        f"{_drilled(each)}"
    )


def _sign(each: Backup) -> str:
    if each.drill is None:
        return WAITING
    return FAILED if each.drill.faults else DONE


def _drilled(each: Backup) -> str:
    if each.drill is None:
        return "not drilled"
    if each.drill.faults:
        return f"drill failed {when(each.drill.at)}: {listed(each.drill.faults)}"
    return f"drill passed {when(each.drill.at)}, {each.drill.same} objects identical"


def _drill(facts: Facts, arguments: BackupArguments) -> Plan:
    swarm = require_cluster(facts)
    host = choose_drill_host(facts, arguments.on)
    newest = facts.backups.newest
    if newest is not None and newest.cluster_id != swarm.id:
        newest = None
    autolocked = newest.autolocked if newest else swarm.autolocked
    if autolocked and not arguments.unlock:
        on = f" --on {arguments.on}" if arguments.on else ""
        what = f"The newest backup {tick(newest.id)}" if newest else facts.name
        raise Refused(
            f"{what} is autolocked: the drill needs the unlock key, as a restore does.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm backup --drill{on} --unlock` asks you for the key.",
        )
    source = None if newest else choose_backup_manager(facts, swarm)
    operation = DrillBackup(
        host=host,
        cluster=facts.name,
        backup=newest.id if newest else "",
        after=newest.drill.at if newest and newest.drill else 0.0,
        autolocked=autolocked,
    )
    rotated = newest is not None and ca_rotated_since(newest, swarm)
    first = f"a backup from {tick(source.host)}, then " if source else ""
    title = f"the newest backup of {facts.name} on {tick(host)}"
    return Plan(
        PlanTitles(
            present=f"drills {title}",
            imperative=f"drill {title}",
            success=f"The newest backup of {facts.name} passed the drill",
            failure=f"The drill of {facts.name} failed",
        ),
        steps=(*(_taking(facts, source) if source else ()), Step(operation, "backup")),
        effect=f"{first}a throwaway engine on {tick(host)}, isolated from every network",
        findings=(Finding("warning", f"{_none(facts)}: a backup is taken first"),) if source else (),
        costs=_costs(swarm, source) if source else (),
        warnings=_warnings(facts, swarm) if source else (_OLD_ROOT,) * rotated,
    )


def _none(facts: Facts) -> str:
    """Return why there is no backup to drill. One of an earlier cluster of this name does not count."""
    if newest := facts.backups.newest:
        return f"the newest backup {tick(newest.id)} is of an earlier cluster called {facts.name}"
    return f"{facts.name} has no backup yet"


def _taking(facts: Facts, node: NodeFacts) -> tuple[Step, ...]:
    newest = facts.backups.newest
    take = TakeBackup(host=node.host, node=node.id, cluster=facts.name, after=newest.id if newest else "")
    return Step(take, "backup"), Step(AwaitManager(host=node.host, node=node.id, cluster=facts.name), "backup")


def _costs(swarm: ClusterFacts, node: NodeFacts) -> tuple[Cost, ...]:
    running = swarm.task_counts.get(node.id, 0)
    if not running:
        return ()
    they = "it stops with the engine and is" if running == 1 else "they stop with the engine and are"
    text = (
        f"{tick(node.host)} runs {number_of(running, 'task')}: {they} started again. Managers "
        "with availability drain run no tasks and are not affected."
    )
    return (Cost(f"tasks of {node.host}", text),)


def _warnings(facts: Facts, swarm: ClusterFacts) -> tuple[str, ...]:
    if not swarm.autolocked:
        return ()
    text = (
        f"{facts.name} is autolocked: a restore needs the current unlock key, which is not part of the backup. "
        "Keep this key as long as the backup, even after a rotation."
    )
    return (text,)
