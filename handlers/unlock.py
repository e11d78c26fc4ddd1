"""`/swarm unlock-key [--rotate]` and `/swarm unlock HOST`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import Message
from bot.commands import HOST, Flag, Word, change, question, unlock_key_form
from bot.errors import Failed, Refused
from bot.model import Facts, FactsQuery, HostFacts, Plan, PlanTitles, Step
from bot.swarm.membership.secrets import unlock_key_message
from bot.swarm.operations import RotateUnlockKey, Unlock, secret_fingerprint
from bot.swarm.operations.unlock import is_unlocked
from bot.swarm.reading.host_membership import membership_text
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class UnlockKeyArguments:
    """The arguments of ``unlock-key``."""

    rotate: Annotated[bool, Flag(None, "rotate the key first; managers need the new key from their next restart")] = (
        False
    )


@dataclass(frozen=True, slots=True)
class UnlockArguments:
    """The arguments of ``unlock``. The key is not one of them: a form asks for it if the host is locked."""

    host: Annotated[str, Word(HOST, "a manager; if it is locked, a form asks you for the key")]


def _key_query(_: UnlockKeyArguments) -> FactsQuery:
    return FactsQuery(secrets=("unlock key",))


def _rotates(arguments: UnlockKeyArguments) -> bool:
    return arguments.rotate


def _require_autolock(facts: Facts, _: UnlockKeyArguments) -> None:
    """Refuse if the cluster has no unlock key."""
    if not require_cluster(facts).autolocked:
        raise Refused(
            f"{facts.name} has no unlock key: autolock is off.",
            next_step="`/swarm update --autolock true` enables it and shows you the key.",
        )


def rotate(facts: Facts, arguments: UnlockKeyArguments) -> Plan:
    """Rotate the key, then show the new one to the requester."""
    _require_autolock(facts, arguments)
    if "unlock key" not in facts.secrets:
        raise Failed(f"The unlock key of {facts.name} could not be read.", true_now="Nothing was changed.")
    away = [f"`{node.name}`" for node in require_cluster(facts).managers if not node.ready]
    back = "it comes back" if len(away) == 1 else "they come back"
    warnings = (f"{listed(away)} may need the old key when {back}: keep it until then.",) if away else ()
    return Plan(
        PlanTitles(
            present=f"rotates the unlock key of {facts.name}",
            imperative=f"rotate the unlock key of {facts.name}",
            success=f"The unlock key of {facts.name} was rotated",
            failure=f"The unlock key of {facts.name} was not rotated",
        ),
        steps=(
            Step(RotateUnlockKey(facts.name, before=secret_fingerprint(facts.secrets["unlock key"])), "unlock key"),
        ),
        effect="managers need the new key from their next restart",
        warnings=warnings,
        reveals=("unlock key",),
    )


@question(
    "unlock-key",
    group="Safety",
    help="Show the key that unlocks managers, only to you",
    example="unlock-key",
    permission="administer",
    risk="secret",
    approval=1,
    query=_key_query,
    check=_require_autolock,
    changes=(_rotates, rotate),
)
def unlock_key(facts: Facts, arguments: UnlockKeyArguments) -> Message:
    """Return the key, only for the requester."""
    _require_autolock(facts, arguments)
    return unlock_key_message(facts)


def _hosts_query(_: UnlockArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True)


@change(
    "unlock",
    group="Safety",
    help="Unlock a manager after a restart; a form asks for the key",
    example="unlock host-2",
    permission="operate",
    risk="secret",
    approval=0,
    query=_hosts_query,
    asks=unlock_key_form(lambda _: True),
)
def unlock(facts: Facts, arguments: UnlockArguments) -> Plan:
    """Unlock the host, and wait until it is a reachable manager if there is a quorum."""
    host = facts.host(arguments.host)
    if host.failure is not None:
        raise Refused(host.failure.happened, true_now="Nothing was changed.", next_step=host.failure.next_step)
    plan = Plan(
        PlanTitles(
            present=f"unlocks `{host.name}` in {facts.name}",
            imperative=f"unlock `{host.name}` in {facts.name}",
            success=f"`{host.name}` is unlocked",
            failure="{failed} was not unlocked",
        ),
    )
    if is_unlocked(host):
        waits = "" if host.membership == "active" else "; it waits for a quorum"
        return replace(plan, unchanged=(f"`{host.name}` is not locked{waits}",))
    if host.membership != "locked":
        raise Refused(
            f"`{host.name}` is not locked: it is {membership_text(facts, host)}.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows the state of the cluster.",
        )
    others = _locked_beside(facts, host)
    return replace(
        plan,
        steps=(Step(Unlock(host.name, facts.name, reachable=not others), host.name),),
        effect="the key is used once and not kept",
        warnings=(f"{facts.name} has no quorum until enough managers are unlocked: {others}.",) if others else (),
    )


def _locked_beside(facts: Facts, host: HostFacts) -> str:
    """Return the other locked managers that a quorum needs, in words; "" if this one may be enough."""
    others = [other for other in facts.hosts.values() if other.membership == "locked" and other is not host]
    unlocked_then = 1 + sum(is_unlocked(other) and other.is_manager for other in facts.hosts.values())
    if facts.swarm is not None or unlocked_then > len(others):
        return ""
    return f"{listed(f'`{other.name}`' for other in others)} {'is' if len(others) == 1 else 'are'} also locked"
