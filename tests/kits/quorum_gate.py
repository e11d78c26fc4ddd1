"""Short constructors of clusters and operations for tests of the quorum gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.model import Facts, Operation, Plan, PlanTitles, Step
from bot.swarm.operations import Demote, Join, Leave, Promote
from bot.swarm.quorum import FORCE, judge_plan, permit_step
from tests.plans.description import Description

DEAD = {"is": "manager", "failure": "no route", "record": {"reachability": "unreachable", "state": "down"}}
PLAIN = Plan(PlanTitles("changes", "change", "changed", "not changed"))
OFFERED = replace(PLAIN, force="offered")
GIVEN = replace(PLAIN, force="given")


def facts(up: int, down: int = 0, workers: int = 0, **hosts: Any) -> Facts:
    """Return a cluster of managers m1… and workers w1…. The last ``down`` managers are dead."""
    described: dict[str, Any] = {"m1": {"is": "leader"}}
    described |= {f"m{number}": {"is": "manager"} for number in range(2, up + 1)}
    described |= {f"m{up + number}": DEAD for number in range(1, down + 1)}
    described |= {f"w{number}": {"is": "worker"} for number in range(1, workers + 1)}
    return Description.model_validate({"hosts": {**described, **hosts}}).facts()


def demote(name: str) -> Demote:
    """Return the demotion of a host's node."""
    return Demote(f"id-{name}", name, "prod", name)


def leave(name: str) -> Leave:
    """Return the forced leave of a host, which engines do not guard."""
    return Leave(name, "prod", f"id-{name}", force=True)


def promote(name: str) -> Promote:
    """Return the promotion of a host's node."""
    return Promote(f"id-{name}", name, "prod")


def join(name: str) -> Join:
    """Return the join of a host as a manager."""
    return Join(name, "manager", "prod", "prodid", "10.0.0.9")


def permitted(operation: Operation, seen: Facts, *, forced: bool) -> None:
    """Ask the gate just before the only step of a plan; ``forced``: the plan needed force and was approved."""
    step = Step(operation, "one")
    permit_step(seen, replace(PLAIN, steps=(step,), force="given", subject=FORCE if forced else ""), step)


def judged(seen: Facts, *operations: Operation, plan: Plan = PLAIN) -> Plan:
    """Return the gate's judgement of a plan with these operations, in order."""
    return judge_plan(seen, replace(plan, steps=tuple(Step(operation, "one") for operation in operations)), "zone")
