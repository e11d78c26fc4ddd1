"""`/swarm label NODE… KEY=VALUE…`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import LABEL, NODE, Flag, Word, change, text
from bot.errors import NotUnderstood
from bot.model import Facts, FactsQuery, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.membership.node_orders import find_each, merged, order_titles, shown_names
from bot.swarm.operations import LabelNode
from bot.swarm.reading.node_lookup import duplicate_findings
from bot.swarm.services.placement.eligible_nodes import eviction_warnings
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class LabelArguments:
    """The arguments of ``label``."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "nodes, by name or the start of the id")]
    labels: Annotated[tuple[tuple[str, str], ...], Word(LABEL, "labels to set")] = ()
    remove: Annotated[tuple[str, ...], Flag(text("KEY"), "label to remove")] = ()


def _query(_: LabelArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


def _validate(arguments: LabelArguments) -> None:
    keys = [key for key, _ in arguments.labels]
    if not keys and not arguments.remove:
        raise NotUnderstood("No label is given.", next_step="Type `zone=b` to set one, or `--remove zone`.")
    if twice := sorted({key for key in keys if keys.count(key) > 1 or key in arguments.remove}):
        are = "is" if len(twice) == 1 else "are"
        raise NotUnderstood(f"{listed(map(tick, twice))} {are} given twice.", next_step="Give each label once.")


@change(
    "label",
    group="Nodes",
    help="Set or remove labels of nodes; their other labels stay",
    example="label host-2 zone=b --remove old",
    permission="operate",
    risk="reversible",
    approval=0,
    query=_query,
    validate=_validate,
)
def label(facts: Facts, arguments: LabelArguments) -> Plan:
    """Change labels, and warn about tasks that then must leave a node."""
    nodes = find_each(facts, arguments.nodes)
    parts = [_part(facts, node, arguments) for node in nodes]
    titles = order_titles(
        shown_names(nodes, parts),
        several=len(nodes) > 1,
        verb="label",
        participle="labelled",
        where=f"in {facts.name}",
        success=(f"{tick(nodes[0].name)} is labelled", f"{{count}} nodes of {facts.name} are labelled"),
    )
    return merged(titles, parts)


def _part(facts: Facts, node: NodeFacts, arguments: LabelArguments) -> Plan:
    """Return the plan for one node, without titles."""
    operation = LabelNode(node.id, node.name, arguments.labels, arguments.remove)
    if operation.satisfied(facts):
        return Plan(PlanTitles(), unchanged=(operation.done,))
    after = replace(node, labels=operation.changed(dict(node.labels)))
    return Plan(
        PlanTitles(),
        steps=(Step(operation, node.name),),
        findings=duplicate_findings(facts, node),
        warnings=tuple(eviction_warnings(facts, node, after)),
    )
