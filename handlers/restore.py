"""`/swarm restore BACKUP HOST [--unlock]`: a cluster whose managers are all lost comes back from a backup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import tick, when
from bot.commands import HOST, UNLOCK, Flag, Word, change, text, unlock_key_form
from bot.errors import NotUnderstood, Refused
from bot.model import Backup, Facts, FactsQuery, Finding, HostFacts, Operation, Plan, PlanTitles, Step
from bot.model.engine_versions import version_of
from bot.swarm.operations import AwaitEncryptedKeyFile, Init, RestoreState
from bot.text.suggest import listed

UNCHANGED: Final = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class RestoreArguments:
    """The words of ``restore``."""

    backup: Annotated[str, Word(text("BACKUP"), "a backup's id, as `/swarm backups` shows it, or `latest`")]
    host: Annotated[str, Word(HOST, "a host in no cluster, with the address of the manager that the backup is from")]
    gone: Annotated[tuple[str, ...], Flag(HOST, "a host that never comes back, or never was a manager")] = ()
    unlock: Annotated[bool, UNLOCK] = False


def _query(arguments: RestoreArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, probe=(arguments.host,), placed=(arguments.host,), backups=True)


@change(
    "restore",
    group="Safety",
    help="Restore a cluster from a backup after all its managers are lost",
    example="restore latest host-1",
    permission="administer",
    risk="quorum",
    approval=2,
    query=_query,
    asks=unlock_key_form(lambda arguments: arguments.unlock),
)
def restore(facts: Facts, arguments: RestoreArguments) -> Plan:
    """Put the state onto a fresh engine and force a new cluster from it; refuse what would make two clusters."""
    backup = _backup(facts, arguments.backup)
    host = facts.host(arguments.host)
    shown = f"{facts.name} from the backup {tick(backup.id)} on {tick(host.name)}"
    titles = PlanTitles(
        present=f"restores {shown}",
        imperative=f"restore {shown}",
        success=f"{facts.name} runs again: {tick(host.name)} is its only manager",
        failure=f"{facts.name} was not restored on {{failed}}",
    )
    if facts.member(host.name) is not None and host.placed == backup.id:
        held = f"{tick(host.name)} is a manager of {facts.name}, restored from the backup {tick(backup.id)}"
        return Plan(titles, unchanged=(held,))
    _refuse_beside_living(facts)
    if host.failure is not None:
        raise Refused(host.failure.happened, true_now=UNCHANGED, next_step=host.failure.next_step)
    _refuse_second(facts, backup, arguments.gone)
    _refuse_unfit(backup, host)
    _refuse_without_key(backup, arguments)
    return Plan(
        titles,
        steps=tuple(Step(operation, host.name) for operation in _steps(facts, backup, host)),
        effect=f"one manager, as {facts.name} was {when(backup.taken_at)}; what came after that is lost",
        findings=(Finding("done", f"{tick(host.name)} is in no cluster and has {backup.address}", host.name),),
        warnings=_warnings(facts, backup, host),
    )


def _steps(facts: Facts, backup: Backup, host: HostFacts) -> list[Operation]:
    force = Init(
        host=host.name,
        cluster=facts.name,
        advertise_addr=backup.address,
        autolock=backup.autolocked,
        force_new_cluster=True,
    )
    return [
        RestoreState(host=host.name, cluster=facts.name, backup=backup.id, autolocked=backup.autolocked),
        force,
        *([AwaitEncryptedKeyFile(host.name, facts.name)] if backup.autolocked else []),
    ]


def _backup(facts: Facts, name: str) -> Backup:
    found = facts.backups.find(name)
    if found is None:
        known = [tick(each.id) for each in facts.backups.backups[:6]]
        step = f"Backups: {', '.join(known)}." if known else f"{facts.name} has no backups."
        raise NotUnderstood(f"{facts.name} has no backup {tick(name)}.", next_step=step)
    return found


def _refuse_without_key(backup: Backup, arguments: RestoreArguments) -> None:
    if not backup.autolocked or arguments.unlock:
        return
    gone = "".join(f" --gone {name}" for name in arguments.gone)
    raise Refused(
        f"the backup {tick(backup.id)} is of an autolocked cluster: it opens with the unlock key that counted when it "
        "was taken.",
        true_now=UNCHANGED,
        next_step=f"`/swarm restore {backup.id} {arguments.host}{gone} --unlock` asks you for the key.",
    )


def _refuse_beside_living(facts: Facts) -> None:
    if facts.swarm is not None:
        raise Refused(
            f"{facts.name} lives ({tick(facts.swarm.read_from)} answers for it): restored beside it there would be two "
            "clusters that take themselves for the same.",
            true_now=UNCHANGED,
            next_step="`/swarm status` shows its managers; `/swarm backup --drill` tries a backup without harm.",
        )


def _refuse_second(facts: Facts, backup: Backup, gone: tuple[str, ...]) -> None:
    """Refused where managers of the cluster live, or may come back: there would be two clusters with one identity.

    Who managed it when the backup was taken does not matter: others may have been promoted since.
    """
    alive = [tick(each.name) for each in facts.hosts.values() if _believes(each) and each.placed != backup.id]
    if alive:
        themselves, its = ("itself for a manager", "its") if len(alive) == 1 else ("themselves for managers", "their")
        raise Refused(
            f"{listed(alive)} {'takes' if len(alive) == 1 else 'take'} {themselves}: a restored {facts.name} would "
            f"lose {its} state, or be a second cluster beside it.",
            true_now=UNCHANGED,
            next_step="Where a manager has the state, `/swarm recover` loses nothing, and says where `/swarm unlock` "
            "is enough. Otherwise let each leave first, on the host: `docker swarm leave --force`.",
        )
    away = [other.name for other in facts.hosts.values() if not other.answers and other.name not in gone]
    if away:
        names = listed(map(tick, away))
        raise Refused(
            f"{names} {'does' if len(away) == 1 else 'do'} not answer: a manager that comes back later would make two "
            f"clusters of {facts.name}.",
            true_now=UNCHANGED,
            next_step=f"Bring {names} back. What never comes back, or never was a manager of {facts.name}: "
            f"add `{' '.join(f'--gone {name}' for name in away)}`.",
        )


def _believes(host: HostFacts) -> bool:
    """Whether a host takes itself for a manager, a locked or failed one included."""
    manages = host.is_manager or bool(host.swarm_error) or host.membership in {"locked", "error"}
    return host.answers and host.in_a_swarm and manages


def _refuse_unfit(backup: Backup, host: HostFacts) -> None:
    """Refused where the host is not fresh, is older, or lacks the address that Raft knows."""
    if host.placed == backup.id:
        return
    if host.membership != "inactive":
        raise Refused(
            f"{tick(host.name)} is in a cluster ({host.membership}).",
            true_now=UNCHANGED,
            next_step="Let it leave first, on the host: `docker swarm leave --force`.",
        )
    if host.placed:
        raise Refused(
            f"{tick(host.name)} is in no cluster, and yet its swarm folder is not empty.",
            true_now=UNCHANGED,
            next_step=f"Empty it: it is `swarm` in what `docker info` on {tick(host.name)} calls Docker Root Dir.",
        )
    then, now = version_of(backup.engine_version), version_of(host.engine_version)
    if now < then:
        raise Refused(
            f"{tick(host.name)} runs engine {host.engine_version}, older than the backup's {backup.engine_version}.",
            true_now=UNCHANGED,
            next_step=f"Upgrade the engine of {tick(host.name)}.",
        )
    if backup.address not in {address for interface in host.interfaces for address in interface.addresses}:
        raise Refused(
            f"{tick(host.name)} does not have the address {backup.address}, by which Raft knows the manager of the "
            "backup: nobody could join the restored cluster, and the next manager that tries would end its quorum.",
            true_now=UNCHANGED,
            next_step=f"Restore onto the host that has {backup.address}, or give {tick(host.name)} that address too.",
        )


def _warnings(facts: Facts, backup: Backup, host: HostFacts) -> tuple[str, ...]:
    old = f"Its root certificate (SHA-256 {tick(backup.root)}) and the join tokens of then come back with it"
    found = [f"{old}, also where they were rotated since."]
    if backup.autolocked:
        found.append(
            f"Its key file is opened with the unlock key and lies open on the disk of {tick(host.name)} until "
            f"{facts.name} is forced, a few seconds; then the engine encrypts it again. The unlock key stays the same."
        )
    others = [tick(node.name) for node in backup.nodes if node.id != backup.node]
    if others:
        found.append(
            f"The records of {listed(others)} come back with it and go down. Let each such host that still runs "
            "leave (`docker swarm leave --force` on it), then `/swarm join` it again; `/swarm remove NODE --force` "
            "takes the old records."
        )
    silent = [tick(host.name) for host in facts.hosts.values() if not host.answers]
    if silent:
        does, one = ("does", "it") if len(silent) == 1 else ("do", "one of them")
        found.append(f"{listed(silent)} {does} not answer: if {one} comes back as a manager, there are two clusters.")
    return tuple(found)
