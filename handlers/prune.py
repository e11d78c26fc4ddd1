"""`/swarm prune NODE…|all`: remove the images that no container, task or service uses or could return to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import ALL_NODES, NODE_OR_ALL, Word, change
from bot.errors import NotUnderstood
from bot.model import Cost, Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.membership.node_orders import find_each, merged, order_titles, shown_names
from bot.swarm.operations import PlannedImage, RemoveImages, images_query
from bot.swarm.operations.images import MAX_LISTED
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.unused_images import unused_images
from bot.text.sizes import about_size
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class PruneArguments:
    """The arguments of ``prune``."""

    nodes: Annotated[tuple[str, ...], Word(NODE_OR_ALL, "nodes, by name or the start of the id, or `all`")]


def _query(arguments: PruneArguments) -> FactsQuery:
    hosts = () if ALL_NODES in arguments.nodes else arguments.nodes
    return replace(images_query(*hosts), all_hosts=True)


@change(
    "prune",
    group="Nodes",
    help="Remove images that no container uses and no service names, now or in its previous spec",
    example="prune host-2",
    permission="operate",
    risk="loss",
    approval=0,
    query=_query,
)
def prune(facts: Facts, arguments: PruneArguments) -> Plan:
    """Remove the unused images of nodes, side by side. A node that cannot be read is skipped."""
    nodes = _nodes(facts, arguments.nodes)
    parts = [_part(facts, node) for node in nodes]
    titles = order_titles(
        shown_names(nodes, parts),
        several=len(nodes) > 1,
        verb="prune",
        participle="pruned",
        where=f"in {facts.name}",
        success=(f"{tick(nodes[0].name)} is pruned", f"{{count}} nodes of {facts.name} are pruned"),
    )
    plan = merged(titles, parts)
    operations = [step.operation for step in plan.steps if isinstance(step.operation, RemoveImages)]
    count = sum(len(operation.images) for operation in operations)
    max_size = about_size(sum(operation.size_bytes for operation in operations))
    effect = f"{number_of(count, 'unused image')}, at most {max_size}"
    costs = tuple(cost for operation in operations for cost in _costs(operation))
    return replace(plan, effect=effect, costs=costs) if operations else plan


def _costs(operation: RemoveImages) -> Iterator[Cost]:
    """Yield the cost of images that may exist nowhere else."""
    if only := [image.shown for image in operation.images if image.is_only_here]:
        have, were, they = ("has", "was", "it") if len(only) == 1 else ("have", "were", "they")
        text = (
            f"{listed(only, limit=MAX_LISTED)} of {tick(operation.host)} {have} no digest of a registry: {they} {were} "
            "built or imported, and may not be available to pull again."
        )
        yield Cost(f"images {operation.host}", text)


def _nodes(facts: Facts, names: Sequence[str]) -> tuple[NodeFacts, ...]:
    if ALL_NODES not in names:
        return find_each(facts, names)
    if len(names) > 1:
        raise NotUnderstood("`all` means every node.", next_step="Name nodes, or `all` alone.")
    return require_cluster(facts).nodes


def _part(facts: Facts, node: NodeFacts) -> Plan:
    """Return the plan for one node; it has no step if its images could not be read, or none is unused."""
    host = facts.hosts.get(node.host)
    if host is None or host.images is None:
        return Plan(PlanTitles(), findings=(_unread(facts, node),))
    unused = unused_images(facts, node.host)
    if not unused:
        return Plan(PlanTitles(), unchanged=(f"{tick(node.name)} has no unused image",))
    images = tuple(PlannedImage(image.id, image.names) for image in unused)
    operation = RemoveImages(node.host, images, sum(image.size_bytes for image in unused))
    return Plan(PlanTitles(), steps=(Step(operation, node.host),))


def _unread(facts: Facts, node: NodeFacts) -> Finding:
    """Return the finding about a node that is skipped because its images are not known."""
    host = facts.hosts.get(node.host)
    if host is None:
        return Finding("failed", f"{tick(node.name)} was not read: it is not in swarmbot.yml.", node.name)
    if host.failure:
        return Finding("failed", host.failure.happened, node.name, host.failure.next_step)
    return Finding("failed", host.images_error or f"The images of {tick(node.name)} were not read.", node.name)
