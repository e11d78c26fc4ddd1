"""`/swarm recover [HOST] [--gone HOST…]`: a cluster again, of what is left after a lost quorum."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated

from bot.commands import HOST, Flag, Kind, Vocabulary, Word, change
from bot.plan import Facts, Finding, HostFacts, Look, Plan, Step
from bot.slack.blocks import tick
from bot.spelling import listed
from bot.swarm.addresses import joining_address
from bot.swarm.lost import OldManager, old_managers, standing_of
from bot.swarm.operations import Depart, Forget, Init, Rejoin
from bot.swarm.preflight import preflight
from bot.swarm.quorum import Quorum, failures, standing
from bot.swarm.recovery import keeper_of, refuse_unless_lost, refuse_unless_safe


def _old_manager(word: str, vocabulary: Vocabulary) -> list[str]:
    """A host, or the address of a manager that swarmbot.yml does not have."""
    try:
        return [str(ip_address(word))]
    except ValueError:
        return HOST.read(word, vocabulary)


OLD_MANAGER = Kind("HOST", _old_manager)


@dataclass(frozen=True, slots=True)
class RecoverArguments:
    """The words of ``recover``."""

    host: Annotated[str | None, Word(HOST, "the manager to go on from; the one with the newest state unless named")] = (
        None
    )
    gone: Annotated[
        tuple[str, ...], Flag(OLD_MANAGER, "an old manager that never comes back; nobody looks whether that is so")
    ] = ()


def _look(_: RecoverArguments) -> Look:
    return Look(all_hosts=True, raft=True)


@change(
    "recover",
    help="after a lost quorum: a cluster again of the managers that are left",
    example="recover --gone host-2 --gone host-3",
    permission="administer",
    risk="quorum",
    approval=2,
    look=_look,
)
def recover(facts: Facts, arguments: RecoverArguments) -> Plan:
    """The others leave, one is forced to go on alone, the old records go, the others join again: in this order."""
    refuse_unless_lost(facts)
    keeper = keeper_of(facts, arguments.host)
    olds = old_managers(facts, keeper)
    refuse_unless_safe(facts, keeper, olds, arguments.gone)
    others = [old.host for old in olds if old.host and old.host != keeper and old.standing != "silent"]
    back = [host for host in others if not _stops(facts, host)]
    before, after = standing_of(olds), Quorum(1 + len(back), 1 + len(back))
    steps = _steps(facts, keeper, others, back)
    return Plan(
        title=f"recovers {facts.name} from `{keeper.name}`",
        deed=f"recover {facts.name} from `{keeper.name}`",
        ended=f"{facts.name} has a quorum again, recovered from `{keeper.name}`",
        failed=f"{facts.name} was not recovered in full",
        steps=tuple(Step(operation, keeper.name) for operation in steps),
        effect=f"{standing(before)} → {after.managers} manager{'' if after.managers == 1 else 's'}, "
        f"{failures(after.survives)}; services, networks, secrets and tokens are kept",
        findings=tuple(_findings(facts, keeper, others)),
        warnings=tuple(_warnings(facts, keeper, olds, others)),
    )


def _steps(
    facts: Facts, keeper: HostFacts, others: list[HostFacts], back: list[HostFacts]
) -> list[Depart | Init | Forget | Rejoin]:
    """Nothing is forced before all that can come back has left; no record is removed of what may come back."""
    name = facts.name
    return [
        *(Depart(host.name, host.node_id, name) for host in others if host.membership != "inactive"),
        Init(host=keeper.name, cluster=name, advertise_addr=_address(keeper), force_new_cluster=True),
        *(Forget(host.name, host.node_id, name) for host in others),
        *(Rejoin(host.name, name, keeper.name, _address(host)) for host in back),
    ]


def _address(host: HostFacts) -> str:
    """The one that it advertised before, if it has it still."""
    has = {address for card in host.interfaces for address in card.addresses}
    return host.node_address if host.node_address in has else joining_address(host, None)


def _stops(facts: Facts, host: HostFacts) -> str:
    """Why a host cannot join again; "" when nothing speaks against it."""
    failed = [finding.text for finding in preflight(facts, host, "manager") if finding.sign == "failed"]
    return failed[0] if failed else ""


def _findings(facts: Facts, keeper: HostFacts, others: list[HostFacts]) -> list[Finding]:
    return [
        _newest(keeper, others),
        *(
            Finding("look", f"`{host.name}` will not join again: {stops}")
            for host in others
            if (stops := _stops(facts, host))
        ),
    ]


def _newest(keeper: HostFacts, others: list[HostFacts]) -> Finding:
    if keeper.raft is None:
        return Finding(
            "look", f"whether `{keeper.name}` has the newest state is not known: its Raft log cannot be read"
        )
    end = (
        f"`{keeper.name}` has the newest state: its Raft log ends at term {keeper.raft.term}, entry {keeper.raft.index}"
    )
    beside = [f"`{host.name}` at {host.raft.term}, {host.raft.index}" for host in others if host.raft]
    return Finding("done", "; ".join([end, *beside]))


def _warnings(facts: Facts, keeper: HostFacts, olds: tuple[OldManager, ...], others: list[HostFacts]) -> list[str]:
    gone = [tick(old.name) for old in olds if old.standing == "silent"]
    told = []
    if gone:
        are = "is" if len(gone) == 1 else "are"
        told.append(
            f"{listed(gone)} {are} taken for gone for good. A record stays of each: through it an old manager that "
            "comes back all the same is told that it is out, and is taken in again."
        )
    if len(gone) >= standing_of(olds).needed:
        told.append(
            f"{listed(gone)} are enough for a quorum without `{keeper.name}`: if they run where neither Swarmbot nor "
            f"`{keeper.name}` sees them, {facts.name} will be two."
        )
    told.append(f"Tasks on `{keeper.name}` are stopped and started again; those on workers go on.")
    if leaving := [tick(host.name) for host in others if host.membership != "inactive"]:
        told.append(f"Tasks on {listed(leaving)} end: services start them elsewhere.")
    told.append(f"What the managers agreed on last is lost where `{keeper.name}` had not heard it yet.")
    if orphans := [tick(host.name) for host in facts.hosts.values() if _is_orphan(host, keeper)]:
        told.append(
            f"{listed(orphans)} cannot follow, not knowing `{keeper.name}` as a manager: let each leave and join again."
        )
    return told


def _is_orphan(host: HostFacts, keeper: HostFacts) -> bool:
    """A worker of this cluster finds its managers at the addresses that it knows, and at no others."""
    if not host.answers or host.is_manager or host.membership != "active":
        return False
    known = {address.rpartition(":")[0].strip("[]") for address in host.managers}
    return bool(set(host.managers) & set(keeper.managers)) and keeper.node_address not in known
