"""`/swarm nodes`, `/swarm node NAME`, `/swarm hosts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import DONE, FAILED, WARNING, Block, Message, escape, fields, paragraphs, section, table, tick
from bot.commands import Word, question, text
from bot.model import Facts, FactsQuery, HostFacts, NodeFacts
from bot.swarm.reading.certificates import time_left
from bot.swarm.reading.host_membership import membership_text
from bot.swarm.reading.node_lookup import find_nodes, replacement_of, require_cluster
from bot.swarm.services.node_tasks import task_lines


@dataclass(frozen=True, slots=True)
class NoArguments:
    """``nodes`` and ``hosts`` take no words."""


@dataclass(frozen=True, slots=True)
class NodeArguments:
    """The words of ``node``."""

    name: Annotated[str, Word(text("NODE"), "a node's name, or the beginning of its id")]


def _everything(_: NoArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True)


def _closely(_: NodeArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, certificates=True, services=True, task_list=True)


@question(
    "nodes",
    group="Look",
    help="List the nodes: role, state, availability, engine version",
    example="nodes",
    permission="view",
    risk="none",
    approval=0,
    query=_everything,
)
def nodes(facts: Facts, _: NoArguments) -> Message:
    """A row a node, managers first."""
    swarm = require_cluster(facts)
    title = f"{facts.name} has {len(swarm.nodes)} node{'' if len(swarm.nodes) == 1 else 's'}"
    rows = [
        (
            f"{DONE if node.ready else FAILED} {node.name}{' (old record)' if replacement_of(swarm, node) else ''}",
            _role(node),
            node.state,
            node.availability,
            node.engine_version,
        )
        for node in swarm.nodes
    ]
    return Message(title, (section(f"*{title}*"), table(("node", "role", "state", "availability", "engine"), rows)))


@question(
    "node",
    group="Look",
    help="Show one node in full, with its tasks",
    example="node host-2",
    permission="view",
    risk="none",
    approval=0,
    query=_closely,
)
def node(facts: Facts, arguments: NodeArguments) -> Message:
    """All that is known of a node; of records with the same name each, the living one first."""
    found = find_nodes(facts, arguments.name)
    blocks = [block for record in found for block in _in_full(facts, record)]
    return Message(_title(found[0]).replace("*", ""), tuple(blocks))


@question(
    "hosts",
    group="Look",
    help="List the hosts in swarmbot.yml: whether SSH and Docker respond, and which cluster each is part of",
    example="hosts",
    permission="view",
    risk="none",
    approval=0,
    query=_everything,
)
def hosts(facts: Facts, _: NoArguments) -> Message:
    """A line a host."""
    answering = sum(host.answers for host in facts.hosts.values())
    title = f"{answering} of {len(facts.hosts)} hosts of {facts.name} answer"
    sign = DONE if answering == len(facts.hosts) else WARNING
    return Message(title, tuple(paragraphs([f"{sign} *{title}*", *(_host(facts, h) for h in facts.hosts.values())])))


def _role(record: NodeFacts) -> str:
    if record.role == "worker":
        return "worker"
    return f"manager, {'leader' if record.leader else record.standing}"


def _title(record: NodeFacts) -> str:
    sign = DONE if record.ready else FAILED
    return f"{sign} *{record.name}* · {_role(record)} · {record.state} · {record.availability}"


def _in_full(facts: Facts, record: NodeFacts) -> list[Block]:
    return [
        section(_title(record)),
        fields(_fields(facts, record)),
        *paragraphs(task_lines(require_cluster(facts), record)),
    ]


def _fields(facts: Facts, record: NodeFacts) -> list[tuple[str, str]]:
    host = facts.hosts.get(record.host)
    labels = ", ".join(tick(f"{key}={value}") for key, value in record.labels.items())
    pairs = [
        ("Id", tick(record.id)),
        ("Host name", tick(record.hostname)),
        ("Address", tick(record.raft_address or record.address)),
        ("Engine", escape(record.engine_version) or "not known"),
        ("Labels", labels or "none"),
        ("swarmbot.yml", tick(record.host) if record.host else "not in it"),
    ]
    if facts.swarm and (living := replacement_of(facts.swarm, record)):
        pairs.append(("Old record", f"the host is {tick(living.id)} now · `/swarm remove {record.id}`"))
    if host is not None and host.certificate:
        left = time_left(host.certificate, facts.at)
        good = f"good for {left}" if left else "has ended"
        pairs.append(("Certificate", f"by {escape(host.certificate.issuer)}, {good}"))
    if host is not None and host.membership == "locked":
        pairs.append(("Locked", f"`/swarm unlock {host.name}`"))
    if host is not None and host.failure:
        pairs.append(("SSH", host.failure.happened))
    return pairs


def _host(facts: Facts, host: HostFacts) -> str:
    if host.failure:
        return f"{FAILED} {host.failure.happened} {host.failure.next_step}".rstrip()
    record = facts.member(host.name)
    place = f"{_role(record)} of {facts.name}, {record.state}" if record else membership_text(facts, host)
    sign = WARNING if host.membership == "locked" else DONE
    return f"{sign} {tick(host.name)} {host.address} · engine {host.engine_version} · {place}"
