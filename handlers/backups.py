"""`/swarm backup [HOST]`, `/swarm backup --drill`, `/swarm backups`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.commands import HOST, Flag, Word, change, question
from bot.errors import NotUnderstood, Refused
from bot.plan import Backup, ClusterFacts, Facts, Finding, Look, NodeFacts, Plan, Step
from bot.slack.blocks import DONE, FAILED, WAITING, Message, context, escape, paragraphs, tick, when
from bot.spelling import listed
from bot.swarm.followers import follower, named_follower
from bot.swarm.lookup import swarm_of
from bot.swarm.operations import AwaitManager, DrillBackup, TakeBackup


@dataclass(frozen=True, slots=True)
class BackupArguments:
    """The words of ``backup``."""

    host: Annotated[str, Word(HOST, "a manager that does not lead; without it, the one with the fewest tasks")] = ""
    drill: Annotated[
        bool, Flag(None, "try the newest backup on a throwaway engine and compare it with the cluster")
    ] = False
    on: Annotated[str, Flag(HOST, "where the throwaway engine runs: a host in no cluster")] = ""


@dataclass(frozen=True, slots=True)
class BackupsArguments:
    """``backups`` takes no words."""


def _look(_: BackupArguments) -> Look:
    return Look(all_hosts=True, peers=True, tasks=True, backups=True)


def _listing(_: BackupsArguments) -> Look:
    return Look(backups=True)


@change(
    "backup",
    help="keeps the cluster's state, encrypted, or tries the newest backup",
    example="backup",
    permission="administer",
    risk="quorum",
    approval=0,
    look=_look,
)
def backup(facts: Facts, arguments: BackupArguments) -> Plan:
    """Take the state of a follower; the quorum gate judges whether it may be away for it."""
    if arguments.drill:
        return _drill(facts, arguments)
    if arguments.on:
        raise NotUnderstood("`--on` says where a drill runs.", next_step="Write `/swarm backup --drill --on HOST`.")
    swarm = swarm_of(facts)
    node = named_follower(facts, swarm, arguments.host) if arguments.host else follower(facts, swarm)
    return Plan(
        title=f"takes a backup of {facts.name} from {tick(node.host)}",
        deed=f"take a backup of {facts.name} from {tick(node.host)}",
        ended=f"{facts.name} is backed up",
        failed=f"{facts.name} was not backed up",
        steps=_taking(facts, node),
        warnings=_warnings(facts, swarm, node),
    )


@question(
    "backups",
    help="the backups that are kept: age, size, and what came of their drills",
    example="backups",
    permission="view",
    risk="none",
    approval=0,
    look=_listing,
)
def backups(facts: Facts, _: BackupsArguments) -> Message:
    """A line a backup, newest first."""
    shelved = facts.backups
    count = len(shelved.backups)
    title = f"{facts.name} has {count or 'no'} backup{'' if count == 1 else 's'}"
    lines = [f"*{title}*", *(_line(each) for each in shelved.backups)]
    lines += [f"{FAILED} {tick(name)}: its head cannot be read" for name in shelved.unreadable]
    if not shelved.backups:
        lines.append("Next: `/swarm backup` takes one.")
    hint = context("`/swarm backup --drill` tries the newest · `/swarm restore BACKUP HOST` brings one back")
    return Message(title, (*paragraphs(lines), hint))


def _line(each: Backup) -> str:
    size = f"{each.size / 1e6:.1f} MB"
    locked = ", autolocked" if each.autolocked else ""
    return (
        f"{_sign(each)} {tick(each.id)} {when(each.taken_at)} from {tick(each.host)}, {size}, "
        f"{len(each.managers)} managers of {len(each.nodes)} nodes{locked} · {_drilled(each)}"
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
    swarm = swarm_of(facts)
    if arguments.host:
        raise NotUnderstood(
            f"A drill takes no manager, so {tick(arguments.host)} means nothing here.",
            next_step=f"`--on {arguments.host}` says where the throwaway engine runs.",
        )
    host = _spare_host(facts, arguments.on)
    newest = facts.backups.newest
    if newest is not None and newest.cluster_id != swarm.id:
        newest = None
    if newest is not None and newest.autolocked:
        raise Refused(
            f"the newest backup {tick(newest.id)} is of an autolocked cluster: its state opens with the unlock key "
            "alone, and no engine takes the key without the other managers.",
            true_now="Nothing was changed.",
        )
    taking = () if newest else _taking(facts, follower(facts, swarm))
    operation = DrillBackup(
        host=host,
        cluster=facts.name,
        backup=newest.id if newest else "",
        after=newest.drill.at if newest and newest.drill else 0.0,
    )
    title = f"the newest backup of {facts.name} on {tick(host)}"
    return Plan(
        title=f"drills {title}",
        deed=f"drill {title}",
        ended=f"the newest backup gives {facts.name} back",
        failed=f"the drill of {facts.name} failed",
        steps=(*taking, Step(operation, "backup")),
        effect=f"a throwaway engine on {tick(host)}, cut off from every network, and nothing else",
        findings=() if newest else (Finding("look", f"{facts.name} has no backup yet: one is taken first"),),
    )


def _spare_host(facts: Facts, named: str) -> str:
    """The host for a throwaway engine: in no cluster, for the CA's key is in its memory meanwhile."""
    if not named:
        free = [host.name for host in facts.hosts.values() if host.answers and host.membership == "inactive"]
        if not free:
            raise Refused(
                f"a drill needs a host that is in no cluster, and {facts.name} has none that answers.",
                true_now="Nothing was changed.",
                next_step="Add a machine with Docker to the cluster's hosts in swarmbot.yml.",
            )
        return free[0]
    host = facts.host(named)
    if host.trouble:
        raise Refused(host.trouble.happened, true_now="Nothing was changed.", next_step=host.trouble.next_step)
    if host.membership != "inactive":
        raise Refused(
            f"{tick(named)} is in a cluster ({host.membership}): a drill runs on a host that is in none.",
            true_now="Nothing was changed.",
            next_step="Name another, or none: the first free host is taken.",
        )
    return named


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
    if (swarm.spec.get("EncryptionConfig") or {}).get("AutoLockManagers"):
        found.append(
            f"{facts.name} is autolocked: the unlock key is not in the backup, and engines of 20.10 hang when they are "
            "unlocked without the other managers. Swarmbot cannot restore this backup."
        )
    return tuple(found)
