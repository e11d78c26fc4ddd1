"""The one place that judges plans: by the quorum gate, also for each step just before it, and by what they cost."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from bot.commands import Command
from bot.model import Facts, Plan, Step
from bot.swarm.quorum import judge_plan, permit_step
from bot.swarm.reading.cloned_nodes import refuse_named_clones, refuse_steps_on_clones
from bot.swarm.services.service_costs import service_costs
from bot.text.words import words_in


def planned(command: Command, facts: Facts, arguments: Any, domain: str) -> Plan:
    """Return the command's plan with its costs, judged by the quorum gate and bound to the cluster that was read.

    ``domain`` is the node label that names failure domains.
    """
    assert command.plan is not None  # noqa: S101 - tells mypy what is_change has decided
    refuse_named_clones(facts, words_in(asdict(arguments)))
    plan = command.plan(facts, arguments)
    refuse_steps_on_clones(facts, plan)
    plan = judge_plan(facts, plan, domain)
    return replace(plan, costs=(*plan.costs, *service_costs(facts, plan.steps)), cluster_id=facts.cluster_id)


def let_through(step: Step, facts: Facts, plan: Plan) -> None:
    """Raise Refused if a step of ``plan`` is not permitted with the facts as they are now."""
    permit_step(facts, plan, step)
