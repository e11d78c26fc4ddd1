"""`/swarm label NODE KEY=VALUE…`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import LABEL, Flag, Word, change, text
from bot.errors import NotUnderstood
from bot.model import Facts, FactsQuery, Plan, PlanTitles, Step
from bot.swarm.operations import LabelNode
from bot.swarm.reading.node_lookup import duplicate_findings, find_node
from bot.swarm.services.placement import eviction_warnings
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class LabelArguments:
    """The arguments of ``label``."""

    node: Annotated[str, Word(text("NODE"), "a node's name, or the start of its id")]
    labels: Annotated[tuple[tuple[str, str], ...], Word(LABEL, "labels to set")] = ()
    remove: Annotated[tuple[str, ...], Flag(text("KEY"), "label to remove")] = ()


def _query(_: LabelArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


@change(
    "label",
    group="Nodes",
    help="Set or remove labels of a node; its other labels stay",
    example="label host-2 zone=b --remove old",
    permission="operate",
    risk="reversible",
    approval=0,
    query=_query,
)
def label(facts: Facts, arguments: LabelArguments) -> Plan:
    """Change labels, and warn about tasks that then must leave the node."""
    _check(arguments)
    node = find_node(facts, arguments.node)
    operation = LabelNode(node.id, node.name, arguments.labels, arguments.remove)
    plan = Plan(
        PlanTitles(
            present=f"labels {tick(node.name)} in {facts.name}",
            imperative=f"label {tick(node.name)} in {facts.name}",
            success=f"{tick(node.name)} is labelled",
            failure=f"{{failed}} was not labelled in {facts.name}",
        ),
    )
    if operation.satisfied(facts):
        return replace(plan, unchanged=(operation.done,))
    after = replace(node, labels=operation.changed(dict(node.labels)))
    steps = (Step(operation, node.name),)
    return replace(
        plan,
        steps=steps,
        findings=duplicate_findings(facts, node),
        warnings=tuple(eviction_warnings(facts, node, after)),
    )


def _check(arguments: LabelArguments) -> None:
    keys = [key for key, _ in arguments.labels]
    if not keys and not arguments.remove:
        raise NotUnderstood("No label is given.", next_step="Type `zone=b` to set one, or `--remove zone`.")
    if twice := sorted({key for key in keys if keys.count(key) > 1 or key in arguments.remove}):
        are = "is" if len(twice) == 1 else "are"
        raise NotUnderstood(f"{listed(map(tick, twice))} {are} given twice.", next_step="Give each label once.")
