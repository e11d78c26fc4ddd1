"""`/swarm nodes`, `/swarm node NAME`, `/swarm hosts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from bot.blocks import (
    DONE,
    FAILED,
    WAITING,
    WARNING,
    Block,
    Message,
    data_table,
    fields,
    paragraphs,
    plain_line,
    section,
    tick,
)
from bot.commands import NoArguments, Word, question, text
from bot.model import ClusterFacts, Facts, FactsQuery, HostFacts, NodeFacts
from bot.swarm.operations.labels import MAX_LABEL_CHARS, shown_label
from bot.swarm.quorum import manager_states, quorum_of, raft_members
from bot.swarm.reading.certificates import time_left
from bot.swarm.reading.cloned_nodes import clones_of
from bot.swarm.reading.host_membership import membership_text
from bot.swarm.reading.node_lookup import find_nodes, replacement_of, require_cluster
from bot.swarm.services.node_tasks import task_lines
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class NodeArguments:
    """The arguments of ``node``."""

    name: Annotated[str, Word(text("NODE"), "a node's name, or the start of its id")]


def _all_hosts(_: NoArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True)


def _node_query(arguments: NodeArguments) -> FactsQuery:
    name = arguments.name
    return FactsQuery(hosts=(name,), all_hosts=True, certificates=True, services=True, tasks_on=name)


@question(
    "nodes",
    group="Look",
    help="List the nodes: role, state, availability, engine version",
    example="nodes",
    permission="view",
    risk="none",
    approval=0,
    query=_all_hosts,
)
def nodes(facts: Facts, _: NoArguments) -> Message:
    """Return a row for each node, managers first."""
    swarm = require_cluster(facts)
    count, managers = len(swarm.nodes), len(swarm.managers)
    reachable = sum(raft_members(facts).reachable.values())
    state = f"{swarm.ready_count} of {number_of(count, 'node')} ready in {facts.name}"
    away = f" ({reachable} reachable)" if reachable < managers else ""
    roles = f"{number_of(managers, 'manager')}{away}, {number_of(count - managers, 'worker')}"
    states = manager_states(facts)
    sign = DONE if all(_is_well(states, node) for node in swarm.nodes) else WARNING
    rows = [
        (
            _name(facts, swarm, states, node),
            _role(states, node),
            node.state,
            node.availability,
            node.engine_version,
        )
        for node in swarm.nodes
    ]
    head = section(f"{sign} *{state}* · {roles}")
    return Message(
        f"{sign} {state} · {roles}",
        (head, data_table(f"Nodes of {facts.name}", ("node", "role", "state", "availability", "engine"), rows)),
    )


@question(
    "node",
    group="Look",
    help="Show one node in full, with its tasks",
    example="node host-2",
    permission="view",
    risk="none",
    approval=0,
    query=_node_query,
)
def node(facts: Facts, arguments: NodeArguments) -> Message:
    """Return everything that is known about a node; if several records have the name, the current one first."""
    found = find_nodes(facts, arguments.name)
    states = manager_states(facts)
    blocks = [block for record in found for block in _in_full(facts, states, record)]
    return Message(_title(states, found[0]).replace("*", ""), tuple(blocks))


@question(
    "hosts",
    group="Look",
    help="List the hosts in swarmbot.yml: whether SSH and Docker respond, and which cluster each is part of",
    example="hosts",
    permission="view",
    risk="none",
    approval=0,
    query=_all_hosts,
)
def hosts(facts: Facts, _: NoArguments) -> Message:
    """Return a line for each host."""
    count, responding = len(facts.hosts), sum(host.responds for host in facts.hosts.values())
    title = f"{responding} of {number_of(count, 'host')} of {facts.name} respond{'s' if count == 1 else ''}"
    missing = WAITING if all(host.responds or host.awaited for host in facts.hosts.values()) else WARNING
    sign = DONE if responding == count else missing
    states = manager_states(facts)
    lines = (_host(facts, states, host) for host in facts.hosts.values())
    return Message(title, tuple(paragraphs([f"{sign} *{title}*", *lines])))


def _name(facts: Facts, swarm: ClusterFacts, states: Mapping[str, str], record: NodeFacts) -> str:
    """Return the sign and the name of a node; for clones, all names."""
    host = facts.hosts.get(record.host)
    if host is not None and (clones := clones_of(facts, host)):
        return f"{WARNING} {', '.join(each.name for each in clones)} (clones)"
    old = " (old record)" if replacement_of(swarm, record) else ""
    return f"{DONE if _is_well(states, record) else FAILED} {record.name}{old}"


def _role(states: Mapping[str, str], record: NodeFacts) -> str:
    """Return a node's role, with the state of a manager as :func:`manager_states` has it."""
    return "worker" if record.role == "worker" else f"manager, {states[record.id]}"


def _is_well(states: Mapping[str, str], record: NodeFacts) -> bool:
    """Return whether the managers call the node ready, and no fact contradicts them."""
    return record.ready and states.get(record.id) != "unreachable"


def _title(states: Mapping[str, str], record: NodeFacts) -> str:
    sign = DONE if _is_well(states, record) else FAILED
    return f"{sign} *{record.name}* · {_role(states, record)} · {record.state} · {record.availability}"


def _in_full(facts: Facts, states: Mapping[str, str], record: NodeFacts) -> list[Block]:
    return [
        section(f"{_title(states, record)}{_copies(facts, record)}"),
        fields(_fields(facts, record)),
        *paragraphs(task_lines(require_cluster(facts), record)),
    ]


def _fields(facts: Facts, record: NodeFacts) -> list[tuple[str, str]]:
    host = facts.hosts.get(record.host)
    pairs = [
        ("Id", tick(record.id)),
        ("Host name", tick(record.hostname)),
        ("Address", tick(record.raft_address or record.address)),
        ("Engine", plain_line(record.engine_version) or "unknown"),
        ("Labels", _labels(record) or "none"),
        ("swarmbot.yml", _hosts_of(facts, record)),
    ]
    if facts.swarm and (living := replacement_of(facts.swarm, record)):
        step = f" · `/swarm remove {record.id}` removes it" if quorum_of(raft_members(facts)).tolerates >= 0 else ""
        pairs.append(("Old record", f"replaced by {tick(living.id)}{step}"))
    if host is not None and host.certificate:
        left = time_left(host.certificate.expires, facts.at)
        validity = f"valid for {left}" if left else "expired"
        pairs.append(("Certificate", f"issued by {plain_line(host.certificate.issuer)}, {validity}"))
    if host is not None and host.membership == "locked":
        pairs.append(("Locked", f"`/swarm unlock {host.name}` unlocks it"))
    if host is not None and host.failure:
        pairs.append(("SSH", host.failure.happened))
    return pairs


def _labels(record: NodeFacts) -> str:
    labels = ", ".join(shown_label(*each) for each in record.labels.items())
    cut = any(len(f"{key}={value}") > MAX_LABEL_CHARS for key, value in record.labels.items())
    return labels + f" · {tick(f'docker node inspect {record.name}')} on a manager shows them whole" * cut


def _hosts_of(facts: Facts, record: NodeFacts) -> str:
    """Return the host of a node; several if they have its id."""
    host = facts.hosts.get(record.host)
    if host is not None and (clones := clones_of(facts, host)):
        return f"{listed(tick(each.name) for each in clones)}: one is a clone of the other"
    return tick(record.host) if record.host else "not listed"


def _copies(facts: Facts, record: NodeFacts) -> str:
    """Return which other hosts have the id of a node, for its title."""
    host = facts.hosts.get(record.host)
    others = [tick(each.name) for each in clones_of(facts, host) if each is not host] if host else []
    return f" · {WARNING} {listed(others)} {'has' if len(others) == 1 else 'have'} the same node id" if others else ""


def _host(facts: Facts, states: Mapping[str, str], host: HostFacts) -> str:
    if host.failure:
        return f"{WAITING if host.awaited else FAILED} {host.failure.happened} {host.failure.next_step}".rstrip()
    record = facts.member(host.name)
    place = f"{_role(states, record)} of {facts.name}, {record.state}" if record else membership_text(facts, host)
    clones = [tick(other.name) for other in clones_of(facts, host) if other is not host]
    place += f", with the same node id as {listed(clones)}" if clones else ""
    sign = WARNING if host.membership == "locked" or host.swarm_stopped or clones else DONE
    return f"{sign} {tick(host.name)} {host.address} · engine {host.engine_version} · {place}"
