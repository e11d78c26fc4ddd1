"""One order for several nodes: each is planned by itself; one refusal refuses all; the plans are merged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from bot.blocks import tick
from bot.errors import Conclusion, Failed, NotUnderstood, Refused
from bot.model import Facts, NodeFacts, Plan, PlanTitles
from bot.swarm.reading.node_lookup import find_node
from bot.text.suggest import listed, number_of

MAX_NAMED: Final = 4
"""The number of nodes that a title names. If there are more, it says how many."""
MANAGERS_TRACK: Final = "managers"
"""The track of several nodes whose roles change: one by one, each after the last was seen to have changed."""

Target = TypeVar("Target")
Result = TypeVar("Result")


def each_or_refused(targets: Iterable[Target], call: Callable[[Target], Result]) -> list[Result]:
    """Return what ``call`` returns for each target. Raise the error of one, or one error that says those of several."""
    results: list[Result] = []
    errors: dict[str, Conclusion] = {}
    for target in targets:
        try:
            results.append(call(target))
        except Conclusion as error:
            errors.setdefault(str(error), error)
    if errors:
        raise _together([*errors.values()])
    return results


def find_each(facts: Facts, names: Sequence[str]) -> tuple[NodeFacts, ...]:
    """Return the node that each name means. Raise NotUnderstood if one means none or several, or two mean the same."""
    nodes = each_or_refused(names, lambda name: find_node(facts, name))
    refuse_repeated(names, nodes)
    return tuple(nodes)


def refuse_repeated(names: Sequence[str], nodes: Sequence[NodeFacts]) -> None:
    """Raise NotUnderstood if two of the names mean the same node."""
    named: dict[str, str] = {}
    for name, node in zip(names, nodes, strict=True):
        if before := named.get(node.id):
            raise NotUnderstood(f"{tick(before)} and {tick(name)} are the same node.", next_step="Name it once.")
        named[node.id] = name


def order_titles(
    shown: Sequence[str], *, several: bool, verb: str, participle: str, where: str, success: tuple[str, str]
) -> PlanTitles:
    """Return the titles of an order such as ``drain``: "drains `host-3` and `host-4` in prod".

    ``shown`` are the nodes that change. ``several``: the order names more than one node. ``success`` is for one node,
    and for several.
    """
    what = listed(shown) if len(shown) <= MAX_NAMED else number_of(len(shown), "node")
    return PlanTitles(
        present=f"{verb}s {what} {where}",
        imperative=f"{verb} {what} {where}",
        success=success[several],
        failure=f"{{failed}} {'were' if several else 'was'} not {participle} {where}",
    )


def shown_names(nodes: Sequence[NodeFacts], parts: Sequence[Plan]) -> list[str]:
    """Return the names of the nodes whose plans have steps, for a title; if none has, of all."""
    names = [tick(node.name) for node in nodes]
    return [name for name, part in zip(names, parts, strict=True) if part.steps] or names


def merged(titles: PlanTitles, parts: Sequence[Plan]) -> Plan:
    """Return the plans of single nodes as one, with the steps in their order."""
    return Plan(
        titles,
        steps=tuple(step for part in parts for step in part.steps),
        warnings=tuple(dict.fromkeys(text for part in parts for text in part.warnings)),
        findings=tuple(finding for part in parts for finding in part.findings),
        unchanged=tuple(text for part in parts for text in part.unchanged),
    )


def role_track(nodes: Sequence[NodeFacts]) -> str:
    """Return the track on which the roles of these nodes change."""
    return nodes[0].name if len(nodes) == 1 else MANAGERS_TRACK


def _together(errors: list[Conclusion]) -> Conclusion:
    """Return the only error, or one whose lines are theirs, each with its own next step."""
    if len(errors) == 1:
        return errors[0]
    lines = "\n".join(f"{error.happened} {error.next_step}".rstrip() for error in errors)
    if all(isinstance(error, NotUnderstood) for error in errors):
        return NotUnderstood(lines)
    kind = Failed if all(isinstance(error, Failed) for error in errors) else Refused
    return kind(lines, true_now="Nothing was changed.")
