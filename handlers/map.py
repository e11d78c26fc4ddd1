"""`/swarm map`: the cluster as a picture, as it is now or over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Final

from bot.blocks import DONE, FAILED, WARNING, Message, paragraphs, plain_line, section
from bot.commands import DURATION, PAST, Flag, question, text
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, FactsQuery, HostFacts, NodeFacts
from bot.model.cluster_map import ClusterMap, Colour, MapGroup, MapNode
from bot.model.history import History, HistoryChart
from bot.swarm.health.headline import headline
from bot.swarm.health.health import health
from bot.swarm.history.answer import history_message
from bot.swarm.history.chart import chart_of
from bot.swarm.history.span import check_length, span_of
from bot.swarm.quorum import known_leader, raft_members
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.mrkdwn import one_line

COLOURS: Final[dict[str, Colour]] = {DONE: "good", WARNING: "warning", FAILED: "bad"}
"""The state by the sign of the headline."""
MAX_BLOCKED: Final = 8
ZONE: Final = "zone"


@dataclass(frozen=True, slots=True)
class MapArguments:
    """The arguments of ``map``."""

    by: Annotated[str, Flag(text("LABEL"), "node label whose values group the workers, by default `zone`")] = ZONE
    history: Annotated[
        bool, Flag(None, "plot what `watch` recorded: nodes, tasks, managers and incidents over time")
    ] = False
    since: Annotated[str, Flag(PAST, "when the history begins: `7d` ago, or a date or time")] = ""
    for_: Annotated[float, Flag(DURATION, "for how long, `10m` to `8d`; by default until now, the last `24h`")] = 0.0


def _query(arguments: MapArguments) -> FactsQuery:
    if arguments.history:
        return FactsQuery(history=True)
    return FactsQuery(all_hosts=True, services=True, task_counts=True, peer_reach=True)


def _validate(arguments: MapArguments) -> None:
    if arguments.history and arguments.by != ZONE:
        raise NotUnderstood(
            "`--by` groups the workers of a map, and `--history` shows none.", next_step="Use one of them."
        )
    if not arguments.history and (arguments.since or arguments.for_):
        raise NotUnderstood(
            "`--since` and `--for` are about the history.",
            next_step="Add `--history`; `/swarm map --history` shows the last 24 hours.",
        )
    check_length(arguments.for_)


def picture(facts: Facts, arguments: MapArguments) -> ClusterMap | HistoryChart | None:
    """Return what the picture shows: the cluster as it is now, or what was recorded of it."""
    if not arguments.history:
        return _map(facts, arguments)
    samples = (facts.history or History()).samples
    return chart_of(facts.name, samples, span_of(facts.at, arguments.since, arguments.for_), facts.at)


def _map(facts: Facts, arguments: MapArguments) -> ClusterMap:
    """Return the managers, then the workers by zone, then the hosts that are not part of the cluster."""
    swarm = require_cluster(facts)
    read = datetime.fromtimestamp(facts.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = headline(facts, health(facts))
    title, *numbers = _plain(head).replace(": ", " · ", 1).split(" · ")
    return ClusterMap(
        title=title,
        headline=" · ".join(numbers),
        colour=COLOURS.get(head[:1], "unknown"),
        groups=tuple(_groups(facts, swarm, arguments.by)),
        blocked=tuple(_blocked(facts, swarm)),
        foot=f"Read {read}",
    )


@question(
    "map",
    group="Look",
    help="Draw the cluster: managers, workers by zone, their state and tasks; `--history`: over time",
    example="map",
    permission="view",
    risk="none",
    approval=0,
    query=_query,
    validate=_validate,
    picture=picture,
)
def cluster_map(facts: Facts, arguments: MapArguments) -> Message:
    """Return the map in words, for when Slack does not accept the picture."""
    if arguments.history:
        span = span_of(facts.at, arguments.since, arguments.for_)
        return history_message(facts.name, facts.history or History(), span, facts.at)
    swarm = require_cluster(facts)
    head = headline(facts, health(facts))
    lines = [plain_line(line) for line in _lines(facts, swarm, arguments.by)]
    return Message(head.replace("*", ""), (section(head), *paragraphs(lines)))


def _lines(facts: Facts, swarm: ClusterFacts, label: str) -> Iterator[str]:
    """Yield what the picture shows, in words."""
    for group in _groups(facts, swarm, label):
        nodes = ", ".join(_node_text(node) for node in group.nodes)
        yield f"{group.title} ({len(group.nodes)}): {nodes}."
    yield from (f"Blocked: {line}." for line in _blocked(facts, swarm))


def _node_text(node: MapNode) -> str:
    return f"{node.name} ({', '.join(part for part in (node.state_text, node.tasks_text) if part)})"


def _groups(facts: Facts, swarm: ClusterFacts, label: str) -> Iterator[MapGroup]:
    reachable, leader = raft_members(facts).reachable, known_leader(facts)
    managers = sorted(swarm.managers, key=lambda node: (node != leader, node.name))
    shown = (_node(node, swarm, reachable=reachable.get(node.id), leads=node == leader) for node in managers)
    yield MapGroup("Managers", tuple(shown))
    workers = sorted((node for node in swarm.nodes if node.role == "worker"), key=lambda node: _zone_key(node, label))
    zoned = any(node.labels.get(label) for node in workers)
    for zone, nodes in groupby(workers, key=lambda node: node.labels.get(label, "")):
        without = f"Workers without {one_line(label)}" if zoned else "Workers"
        title = f"Workers in {one_line(label)} {one_line(zone)}" if zone else without
        yield MapGroup(title, tuple(_node(node, swarm) for node in nodes))
    members = {node.host for node in swarm.nodes}
    outside = [host for host in facts.hosts.values() if swarm.node_of(host) is None and host.name not in members]
    if outside:
        yield MapGroup("Not in the cluster", tuple(map(_outside, outside)))


def _outside(host: HostFacts) -> MapNode:
    if not host.responds:
        return MapNode(one_line(host.name), "host", "unknown", "did not respond")
    if host.membership == "inactive":
        return MapNode(one_line(host.name), "host", "free", "free")
    return MapNode(one_line(host.name), "host", "unknown", "not a member")


def _zone_key(node: NodeFacts, label: str) -> tuple[bool, str, str]:
    zone = node.labels.get(label, "")
    return not zone, zone, node.name


def _node(node: NodeFacts, swarm: ClusterFacts, *, reachable: bool | None = None, leads: bool = False) -> MapNode:
    """Return a node. ``reachable`` and ``leads`` are about managers."""
    state, colour = _state(node, reachable)
    role = "leader" if leads else node.role
    return MapNode(one_line(node.name), role, colour, state, swarm.task_counts.get(node.id, 0))


def _state(node: NodeFacts, reachable: bool | None) -> tuple[str, Colour]:  # noqa: FBT001
    """Return a node's state in words and its colour. ``reachable``: in Raft; None if it is not a member."""
    if node.state == "down":
        return "down", "bad"
    if node.role == "manager" and not reachable:
        return ("unreachable" if reachable is False else "not in Raft"), "bad"
    if node.state != "ready":
        return one_line(node.state) or "unknown", "unknown"
    if node.availability != "active":
        return one_line(node.availability_text), "idle"
    return "ready", "good"


def _blocked(facts: Facts, swarm: ClusterFacts) -> Iterator[str]:
    """Yield the pairs of managers that could not connect to each other."""
    names = {node.id: one_line(node.name) for node in swarm.managers}
    cut = sorted(sorted(names.get(each, each) for each in pair) for pair in raft_members(facts).cut)
    yield from (f"{first} and {second} do not reach each other (2377/tcp)" for first, second in cut[:MAX_BLOCKED])
    if len(cut) > MAX_BLOCKED:
        yield f"and {len(cut) - MAX_BLOCKED} more: /swarm check --all"


def _plain(line: str) -> str:
    """Return a headline as plain text, without its sign: the picture has one of its own."""
    return line[2:].replace("*", "").replace("`", "")
