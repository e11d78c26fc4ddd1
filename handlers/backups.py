"""`/swarm backup [HOST]`, `/swarm backup --drill [--unlock]`, `/swarm backups`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import DONE, FAILED, WAITING, Message, context, escape, paragraphs, tick, when
from bot.commands import HOST, UNLOCK, Flag, Word, change, question, unlock_key_form
from bot.errors import NotUnderstood, Refused
from bot.model import Backup, ClusterFacts, Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.operations import AwaitManager, DrillBackup, TakeBackup
from bot.swarm.operations.drill import choose_drill_host
from bot.swarm.reading.certificates import ca_rotated_since
from bot.swarm.reading.manager_choice import choose_backup_manager, require_backup_manager
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class BackupArguments:
    """The words of ``backup``."""

    host: Annotated[str, Word(HOST, "a manager that does not lead; without it, the one with the fewest tasks")] = ""
    drill: Annotated[
        bool, Flag(None, "try the newest backup on a throwaway engine and compare it with the cluster")
    ] = False
    on: Annotated[str, Flag(HOST, "where the throwaway engine runs: a host in no cluster")] = ""
    unlock: Annotated[bool, UNLOCK] = False


@dataclass(frozen=True, slots=True)
class BackupsArguments:
    """``backups`` takes no words."""


_OLD_ROOT = (
    "The root certificate was rotated since that backup: a restore brings the old one back. `/swarm backup` takes one "
    "with the root that counts now."
)


def _query(_: BackupArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, peers=True, tasks=True, backups=True)


def _listing(_: BackupsArguments) -> FactsQuery:
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
    asks=unlock_key_form(lambda arguments: arguments.drill and arguments.unlock),
)
def backup(facts: Facts, arguments: BackupArguments) -> Plan:
    """Take the state of a follower; the quorum gate judges whether it may be away for it."""
    if arguments.drill:
        return _drill(facts, arguments)
    if arguments.on:
        raise NotUnderstood("`--on` says where a drill runs.", next_step="Write `/swarm backup --drill --on HOST`.")
    if arguments.unlock:
        raise NotUnderstood("A backup takes no unlock key.", next_step="`--drill --unlock` tries one with it.")
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
        warnings=_warnings(facts, swarm, node),
    )


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
def backups(facts: Facts, _: BackupsArguments) -> Message:
    """A line a backup, newest first."""
    shelved = facts.backups
    count = len(shelved.backups)
    title = f"{facts.name} has {count or 'no'} backup{'' if count == 1 else 's'}"
    lines = [f"*{title}*", *(_line(facts, each) for each in shelved.backups)]
    lines += [f"{FAILED} {tick(name)}: its head cannot be read" for name in shelved.unreadable]
    if not shelved.backups:
        lines.append("Next: `/swarm backup` takes one.")
    hint = context("`/swarm backup --drill` tries the newest · `/swarm restore BACKUP HOST` brings one back")
    return Message(title, (*paragraphs(lines), hint))


def _line(facts: Facts, each: Backup) -> str:
    size = f"{each.size / 1e6:.1f} MB"
    rotated = " (rotated since)" if facts.swarm and ca_rotated_since(each, facts.swarm) else ""
    locked = ", autolocked" if each.autolocked else ""
    return (
        f"{_sign(each)} {tick(each.id)} {when(each.taken_at)} from {tick(each.host)}, {size}, "
        f"{len(each.managers)} managers of {len(each.nodes)} nodes, root {tick(each.root)}{rotated}{locked} · "
        f"{_drilled(each)}"
    )


def _sign(each: Backup) -> str:
    if each.drill is None:
        return WAITING
    return FAILED if each.drill.faults else DONE


def _drilled(each: Backup) -> str:
    if each.drill is None:
        return "never drilled"
    if each.drill.faults:
        return f"drilled {when(each.drill.at)}: {escape(listed(each.drill.faults))}"
    return f"drilled {when(each.drill.at)}, {each.drill.same} objects as they were"


def _drill(facts: Facts, arguments: BackupArguments) -> Plan:
    swarm = require_cluster(facts)
    if arguments.host:
        raise NotUnderstood(
            f"A drill takes no manager, so {tick(arguments.host)} means nothing here.",
            next_step=f"`--on {arguments.host}` says where the throwaway engine runs.",
        )
    host = choose_drill_host(facts, arguments.on)
    newest = facts.backups.newest
    if newest is not None and newest.cluster_id != swarm.id:
        newest = None
    autolocked = newest.autolocked if newest else swarm.autolocked
    if autolocked and not arguments.unlock:
        on = f" --on {arguments.on}" if arguments.on else ""
        what = f"the newest backup {tick(newest.id)}" if newest else facts.name
        raise Refused(
            f"{what} is autolocked: a drill takes the unlock key, as a restore would.",
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
            success=f"the newest backup gives {facts.name} back",
            failure=f"the drill of {facts.name} failed",
        ),
        steps=(*(_taking(facts, source) if source else ()), Step(operation, "backup")),
        effect=f"{first}a throwaway engine on {tick(host)}, cut off from every network",
        findings=(Finding("warning", f"{_none(facts)}: one is taken first"),) if source else (),
        warnings=_warnings(facts, swarm, source) if source else (_OLD_ROOT,) * rotated,
    )


def _none(facts: Facts) -> str:
    """That there is no backup to be drilled; one of an earlier cluster of this name is another's."""
    if newest := facts.backups.newest:
        return f"the newest backup {tick(newest.id)} is of the cluster that was {facts.name} before"
    return f"{facts.name} has no backup yet"


def _taking(facts: Facts, node: NodeFacts) -> tuple[Step, ...]:
    newest = facts.backups.newest
    take = TakeBackup(host=node.host, node=node.id, cluster=facts.name, after=newest.id if newest else "")
    return Step(take, "backup"), Step(AwaitManager(host=node.host, node=node.id, cluster=facts.name), "backup")


def _warnings(facts: Facts, swarm: ClusterFacts, node: NodeFacts) -> tuple[str, ...]:
    found = []
    if running := swarm.tasks.get(node.id, 0):
        tasks = f"{running} task{'' if running == 1 else 's'}"
        it, they = ("it stops", "is") if running == 1 else ("they stop", "are")
        found.append(
            f"{tick(node.host)} runs {tasks}: {it} with its engine and {they} started anew. Managers that run no tasks "
            f"(availability drain) lose none by it."
        )
    if swarm.autolocked:
        found.append(
            f"{facts.name} is autolocked: the backup can be restored with the unlock key of today alone, which is not "
            "in it. Keep that key as long as the backup, also when it is rotated."
        )
    return tuple(found)
