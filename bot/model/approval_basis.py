"""What an approval binds to: the plan, and the facts that matter to it. People approve its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.model.cluster import NodeFacts
from bot.model.facts import Facts
from bot.model.plan import Plan
from bot.stored_json import to_json, to_plain

SHOWN = 6
OF_A_STACK = frozenset({"deploy-object", "remove-version"})
"""The kinds of operations on an object of a stack."""
OF_THE_HOST = frozenset({"answers", "membership", "engine"})
"""What only the host itself reports. It is absent if the host was not read."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What is approved: command, arguments, operations, and the facts that they rest on."""

    command: str
    arguments: Mapping[str, Any]
    cluster: str
    cluster_id: str
    operations: tuple[Mapping[str, Any], ...]
    managers: Mapping[str, Mapping[str, str]]
    """Name and reachability of each manager, by node id; empty if the plan does not rest on them."""
    targets: Mapping[str, Mapping[str, str]]
    """Node id, role, state, membership and engine version of each host that the operations name; fewer if they were not
    read. Task counts, times and leadership are left out: they may change without changing what was approved."""
    costs: Mapping[str, str] = field(default_factory=dict)
    """What the plan costs services, in words, by what is lost. The digest leaves out the words: they have numbers."""

    @property
    def digest(self) -> str:
        """The SHA-256, in hex, of the basis as canonical JSON."""
        costs = dict.fromkeys(self.costs, "")
        return hashlib.sha256(to_json(replace(self, costs=costs)).encode()).hexdigest()


def short(digest: str) -> str:
    """Return the digest as a card shows it."""
    return digest[:SHOWN]


def basis_of(command: str, arguments: object, plan: Plan, facts: Facts, *, targets: Iterable[str] = ()) -> Basis:
    """Return the basis of a plan that was made from ``facts``.

    ``targets`` are named in addition to those of the operations: the targets that a plan had before.
    """
    operations = tuple(to_plain(step.operation) for step in plan.steps)
    return Basis(
        command=command,
        arguments=to_plain(arguments),
        cluster=facts.name,
        cluster_id=facts.cluster_id,
        operations=operations,
        managers=_manager_records(facts) if _rests_on_managers(plan) else {},
        targets={name: _target(facts, name) for name in sorted({*_named(operations), *targets})},
        costs={cost.what: cost.text for cost in plan.costs},
    )


def differences(before: Basis, now: Basis) -> list[str]:
    """Return what changed, in words; nothing if the plan is the same. It may cost less than before."""
    new = [f"it costs more now ({text.rstrip('.')})" for what, text in now.costs.items() if what not in before.costs]
    now = replace(
        now, targets={name: _as_read(before.targets.get(name, {}), seen) for name, seen in now.targets.items()}
    )
    if not before.managers or not now.managers:
        before, now = replace(before, managers={}), replace(now, managers={})
    if replace(before, costs={}).digest == replace(now, costs={}).digest:
        return new
    if before.cluster_id != now.cluster_id:  # the rest follows from this
        return [*new, _other_cluster(before, now)]
    texts = [*new, *_managers(before, now)]
    changed = _services(before).items() - _services(now).items() if now.operations else ()
    texts += [f"the service `{name}` was changed" for name, _ in sorted(changed)]
    for name, seen in before.targets.items():
        texts += _target_changes(name, seen, now.targets.get(name, seen))
    texts += _object_changes(before, now)
    if not texts:
        texts.append("its steps are different now")
    return texts


def changed_facts(before: Basis, facts: Facts) -> list[str]:
    """Return how the facts that a plan rests on have changed, in words, without making the plan again.

    A host that did not respond in the time of this read is unknown, which is no change. So is a cluster that cannot be
    read: it may be electing a leader.
    """
    if facts.swarm is None:
        return []
    known = {name: host for name, host in facts.hosts.items() if host.failure is None or not host.failure.is_late}
    facts = replace(facts, hosts=known)
    managers = _manager_records(facts) if before.managers else {}
    targets = {name: _target(facts, name) for name in before.targets}
    return differences(before, replace(before, cluster_id=facts.cluster_id, managers=managers, targets=targets))


def _manager_records(facts: Facts) -> dict[str, dict[str, str]]:
    managers = facts.swarm.managers if facts.swarm else ()
    return {node.id: {"name": node.name, "reachability": node.reachability} for node in managers}


def _rests_on_managers(plan: Plan) -> bool:
    """Return whether the plan depends on the managers: not if its steps change neither managers nor quorum."""
    weighed = plan.quorum or plan.approvals or plan.force == "given"
    return bool(weighed) or not plan.steps or any(step.operation.may_lose_manager for step in plan.steps)


def _object_changes(before: Basis, now: Basis) -> list[str]:
    """Return the objects of a stack whose write is another one now, is new, or is not needed any more."""
    then, seen = (
        {(step["type"], step["object"]): step for step in each.operations if step.get("kind") in OF_A_STACK}
        for each in (before, now)
    )
    changed = [key for key in dict.fromkeys((*then, *seen)) if then.get(key) != seen.get(key)]
    return [f"the step for {type_} `{name}` is a different one now" for type_, name in changed[:SHOWN]]


def _named(operations: tuple[Mapping[str, Any], ...]) -> list[str]:
    names = [operation.get("host") or operation.get("name") or operation.get("node") for operation in operations]
    return [str(name) for name in names if name]


def _services(basis: Basis) -> dict[str, str]:
    """Return the fingerprint of the spec of each service that the operations name. Its tasks are no part of it."""
    named = [operation for operation in basis.operations if "service" in operation and "spec" in operation]
    return {str(operation["service"]): str(operation["spec"]) for operation in named}


def _target(facts: Facts, name: str) -> dict[str, str]:
    host = facts.hosts.get(name)
    node = facts.member(name) or _record(facts, name)
    seen = {}
    if host is not None:
        seen = {"answers": "no"} if host.failure else {"answers": "yes"}
    if host is not None and not host.failure:
        seen |= {"membership": host.membership, "engine": host.engine_version}
    if node is not None:
        seen |= {"node": node.id, "role": node.role, "state": node.state, "availability": node.availability}
    return seen


def _as_read(before: Mapping[str, str], now: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is seen of a target now. A host that was not read, then or now, is unknown, which is no change."""
    if "answers" in now and "answers" in before:
        return now
    unread = {what: then for what, then in before.items() if what in OF_THE_HOST}
    return unread | {what: seen for what, seen in now.items() if what not in OF_THE_HOST}


def _record(facts: Facts, name: str) -> NodeFacts | None:
    nodes = facts.swarm.nodes if facts.swarm else ()
    return next((node for node in nodes if name in {node.name, node.id}), None)


def _other_cluster(before: Basis, now: Basis) -> str:
    if not now.cluster_id:
        return f"{before.cluster} cannot be read"
    return f"{before.cluster} {'is a different cluster' if before.cluster_id else 'can be read'} now"


def _managers(before: Basis, now: Basis) -> list[str]:
    texts = []
    for node_id, then in before.managers.items():
        seen = now.managers.get(node_id)
        if seen is None:
            texts.append(f"`{then['name']}` is no longer a manager")
        elif seen["reachability"] != then["reachability"]:
            how = "no longer reachable" if then["reachability"] == "reachable" else f"{seen['reachability']} again"
            texts.append(f"`{then['name']}` is {how}")
    new = [seen["name"] for node_id, seen in now.managers.items() if node_id not in before.managers]
    return texts + [f"`{name}` is a manager now" for name in new]


def _became(what: str, then: str, now: str) -> str:
    if what == "answers":
        return "no longer responds" if then == "yes" else "responds now"
    names = {"node": "node id", "engine": "engine version", "membership": "membership"}
    return f"changed its {names.get(what, what)} from {then} to {now or 'none'}"


def _target_changes(name: str, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the changes of one target. A change of its role is reported as a change of the managers.

    If its host stopped responding, what was not read is no change, and its node's state follows from it.
    """
    changed = [what for what, then in before.items() if what != "role" and now.get(what, "") != then]
    if "answers" in changed:
        changed = [what for what in changed if what in now and what != "state"]
    return [f"`{name}` {_became(what, before[what], now.get(what, ''))}" for what in changed]
