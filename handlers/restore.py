"""`/swarm restore BACKUP HOST [--unlock]`: restore a cluster whose managers are all lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import echo, tick, when
from bot.commands import HOST, UNLOCK, Flag, Word, change, text, unlock_key_form
from bot.errors import NotUnderstood, Refused
from bot.model import Backup, Facts, FactsQuery, Finding, HostFacts, Operation, Plan, PlanTitles, Step
from bot.model.engine_versions import version_of
from bot.swarm.operations import AwaitEncryptedKeyFile, Init, RegainNetworks, RestoreState
from bot.text.suggest import listed

UNCHANGED: Final = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class RestoreArguments:
    """The arguments of ``restore``."""

    backup: Annotated[str, Word(text("BACKUP"), "a backup's id, as `/swarm backups` shows it, or `latest`")]
    host: Annotated[
        str, Word(HOST, "a host that is not part of any cluster, with the address of the manager in the backup")
    ]
    gone: Annotated[tuple[str, ...], Flag(HOST, "a host that is permanently lost, or never was a manager")] = ()
    unlock: Annotated[bool, UNLOCK] = False


def _query(arguments: RestoreArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, probe=(arguments.host,), swarm_folders=(arguments.host,), backups=True)


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
    """Put the state on a fresh engine and force a new cluster from it; refuse what would make two clusters."""
    backup = _backup(facts, arguments.backup)
    host = facts.host(arguments.host)
    shown = f"{facts.name} from the backup {tick(backup.id)} on {tick(host.name)}"
    titles = PlanTitles(
        present=f"restores {shown}",
        imperative=f"restore {shown}",
        success=f"{facts.name} is restored: {tick(host.name)} is its only manager",
        failure=f"{facts.name} was not restored on {{failed}}",
    )
    if facts.member(host.name) is not None and host.swarm_folder == backup.id:
        state = f"{tick(host.name)} is a manager of {facts.name}, restored from the backup {tick(backup.id)}"
        return Plan(titles, unchanged=(state,))
    _refuse_running(facts)
    if host.failure is not None:
        raise Refused(host.failure.happened, true_now=UNCHANGED, next_step=host.failure.next_step)
    _refuse_second(facts, backup, arguments.gone)
    _refuse_unfit(backup, host)
    _refuse_without_key(backup, arguments)
    return Plan(
        titles,
        steps=tuple(Step(operation, host.name) for operation in _steps(facts, backup, host)),
        effect=f"1 manager, the state of {facts.name} from {when(backup.taken_at)}; later changes are lost",
        findings=(
            Finding(
                "done", f"{tick(host.name)} is not part of any cluster and has the address {backup.address}", host.name
            ),
        ),
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
        AwaitEncryptedKeyFile(host.name, facts.name) if backup.autolocked else RegainNetworks(host.name, facts.name),
    ]


def _backup(facts: Facts, name: str) -> Backup:
    found = facts.backups.find(name)
    if found is None:
        if not (known := [tick(each.id) for each in facts.backups.backups[:6]]):
            step = "Swarmbot looks for them in `backups.folder` of swarmbot.yml: copy them there."
            raise NotUnderstood(f"{facts.name} has no backups.", next_step=step)
        raise NotUnderstood(f"{facts.name} has no backup {echo(name)}.", next_step=f"Backups: {', '.join(known)}.")
    return found


def _refuse_without_key(backup: Backup, arguments: RestoreArguments) -> None:
    if not backup.autolocked or arguments.unlock:
        return
    gone = "".join(f" --gone {name}" for name in arguments.gone)
    raise Refused(
        f"the backup {tick(backup.id)} is of an autolocked cluster: it needs the unlock key from that time.",
        true_now=UNCHANGED,
        next_step=f"`/swarm restore {backup.id} {arguments.host}{gone} --unlock` asks you for the key.",
    )


def _refuse_running(facts: Facts) -> None:
    if facts.swarm is not None:
        raise Refused(
            f"{facts.name} is running ({tick(facts.swarm.read_from)} responds as its manager): a restore would create "
            "a second cluster with the same identity.",
            true_now=UNCHANGED,
            next_step="`/swarm status` shows its managers; `/swarm backup --drill --on HOST` tests a backup safely.",
        )


def _refuse_second(facts: Facts, backup: Backup, gone: tuple[str, ...]) -> None:
    """Refuse if managers of the cluster run or may come back: there would be two clusters with one identity.

    Which hosts were managers at the time of the backup does not matter: others may have been promoted since.
    """
    alive = [
        tick(each.name) for each in facts.hosts.values() if _acts_as_manager(each) and each.swarm_folder != backup.id
    ]
    if alive:
        act, its = ("acts as a manager", "its") if len(alive) == 1 else ("act as managers", "their")
        raise Refused(
            f"{listed(alive)} still {act}: a restored {facts.name} would lose {its} state, or be a second cluster.",
            true_now=UNCHANGED,
            next_step="If a manager still has the state, use `/swarm recover`: it loses nothing, and it says "
            "whether unlocking is enough. Otherwise run `docker swarm leave --force` on each of them first.",
        )
    away = [other.name for other in facts.hosts.values() if not other.responds and other.name not in gone]
    if away:
        names = listed(map(tick, away))
        raise Refused(
            f"{names} {'does' if len(away) == 1 else 'do'} not respond: a manager that comes back later would be "
            f"part of a second {facts.name} cluster.",
            true_now=UNCHANGED,
            next_step=f"Bring {names} back. For hosts that are permanently lost or never managed {facts.name}, "
            f"add `{' '.join(f'--gone {name}' for name in away)}`.",
        )


def _acts_as_manager(host: HostFacts) -> bool:
    """Return whether a host acts as a manager, or is a locked or failed one."""
    manages = host.is_manager or bool(host.swarm_error) or host.membership in {"locked", "error"}
    return host.responds and host.in_swarm and manages


def _refuse_unfit(backup: Backup, host: HostFacts) -> None:
    """Refuse if the host is not fresh, runs an older engine, or lacks the address that Raft knows."""
    if host.swarm_folder == backup.id:
        return
    if host.membership != "inactive":
        raise Refused(
            f"{tick(host.name)} is part of a cluster ({host.membership}).",
            true_now=UNCHANGED,
            next_step="Run `docker swarm leave --force` on it first.",
        )
    if host.swarm_folder:
        raise Refused(
            f"{tick(host.name)} is not part of any cluster, but its swarm folder is not empty.",
            true_now=UNCHANGED,
            next_step=f"Empty the folder `swarm` in the Docker Root Dir that `docker info` shows on {tick(host.name)}.",
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
            f"{tick(host.name)} does not have the address {backup.address}, which Raft uses for the manager in the "
            "backup: no node could join the restored cluster, and the next manager that joins would cost its quorum.",
            true_now=UNCHANGED,
            next_step=f"Restore onto the host that has {backup.address}, or give {tick(host.name)} that address.",
        )


def _warnings(facts: Facts, backup: Backup, host: HostFacts) -> tuple[str, ...]:
    old = (
        f"The root certificate (SHA-256 {tick(backup.root)}) and the join tokens from the time of the backup come back"
    )
    found = [f"{old}, even if they were rotated since then."]
    if backup.autolocked:
        found.append(
            f"The key file is decrypted with the unlock key and lies unencrypted on the disk of {tick(host.name)} "
            f"for a few seconds, until {facts.name} is forced; then the engine encrypts it again. The unlock key "
            "does not change."
        )
    others = [tick(node.name) for node in backup.nodes if node.id != backup.node]
    if others:
        found.append(
            f"The records of {listed(others)} come back and go down. On each of these hosts that still runs, run "
            "`docker swarm leave --force`, then `/swarm join worker HOST`. After the restore, "
            "`/swarm remove NODE --force` removes the old records."
        )
    silent = [tick(host.name) for host in facts.hosts.values() if not host.responds]
    if silent:
        does, one = ("does", "it") if len(silent) == 1 else ("do", "one of them")
        found.append(f"{listed(silent)} {does} not respond. If {one} comes back as a manager, there are two clusters.")
    return tuple(found)
