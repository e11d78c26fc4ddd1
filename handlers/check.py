"""`/swarm check HOST…` and `/swarm check --all`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import DONE, FAILED, WARNING, Block, Message, context, paragraphs, table, tick
from bot.commands import HOST, Flag, Permission, Word, question
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, FactsQuery, Finding, HostFacts, Sign
from bot.swarm.health.checkup import all_routes_tested, checkup
from bot.swarm.network.mesh_findings import matrix_rows, mesh_findings
from bot.swarm.reading.node_lookup import require_cluster

MOST_IN_A_TABLE: Final = 19
"""Slack takes 20 columns, and one has the names."""
PATIENCE: Final = 2.0
"""Seconds for the hosts, and again for the manager: a check of hosts shall end within 5."""
SIGNS: Final[dict[Sign, str]] = {"done": DONE, "warning": WARNING, "failed": FAILED}


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """The words of ``check``."""

    hosts: Annotated[tuple[str, ...], Word(HOST, "hosts of swarmbot.yml, in the cluster or not yet")] = ()
    all: Annotated[
        bool, Flag(None, "every way between all nodes, and the overlay by a container on each for a moment")
    ] = False


def _query(arguments: CheckArguments) -> FactsQuery:
    if arguments.all:
        return FactsQuery(mesh=True, all_hosts=True)
    return FactsQuery(probe=arguments.hosts, every_peer=True, patience=PATIENCE)


def _permission(arguments: CheckArguments) -> Permission:
    """What makes containers, if only for a moment, is more than a look."""
    return "operate" if arguments.all else "view"


@question(
    "check",
    group="Look",
    help="Check hosts: SSH, engine, clock, address, and their ports in both directions with real peers",
    example="check host-4",
    permission=_permission,
    risk="none",
    approval=0,
    query=_query,
)
def check(facts: Facts, arguments: CheckArguments) -> Message:
    """What was seen of each host, the closed ports with their direction; or the mesh of the whole cluster."""
    if bool(arguments.hosts) is arguments.all:
        raise NotUnderstood("`check` needs hosts, or `--all`.", next_step="`/swarm hosts` lists them.")
    if arguments.all:
        return _mesh(facts, require_cluster(facts))
    found = {name: checkup(facts, facts.host(name), arguments.hosts) for name in arguments.hosts}
    heads = {name: _head(facts, facts.host(name), arguments.hosts, findings) for name, findings in found.items()}
    blocks = [block for name, findings in found.items() for block in paragraphs([heads[name], *map(_line, findings)])]
    return Message(" · ".join(heads.values()).replace("*", ""), (*blocks, _foot(facts)))


def _mesh(facts: Facts, swarm: ClusterFacts) -> Message:
    names = [node.name for node in swarm.nodes if node.ready]
    findings = mesh_findings(facts, swarm)
    signs = {finding.sign for finding in findings}
    number = f"{len(names)} node{'' if len(names) == 1 else 's'} ready"
    title = f"{DONE} *Every node of {facts.name} reaches every other* · {number}"
    if "failed" in signs:
        title = f"{FAILED} *Not every node of {facts.name} reaches every other* · {number}"
    elif "warning" in signs:
        title = f"{WARNING} *No closed way was seen between the nodes of {facts.name}* · {number}"
    blocks = paragraphs([title, *map(_line, findings)])
    if len(names) > MOST_IN_A_TABLE:
        blocks.append(context(f"No table: Slack shows {MOST_IN_A_TABLE} nodes in one. What is closed stands above."))
    elif len(names) > 1:
        rows = [(name, *row) for name, row in zip(names, matrix_rows(facts, names), strict=True)]
        blocks.append(table(("from ↓ to →", *names), rows))
    return Message(title.replace("*", ""), (*blocks, _mesh_foot(facts)))


def _mesh_foot(facts: Facts) -> Block:
    made = "Nothing was made. "
    if facts.mesh:
        places = len(facts.mesh.addresses)
        removed = "removed again" if not facts.mesh.left else "removed, but for what is named above"
        made = (
            f"Made and {removed}: network {tick(facts.mesh.name)}, a container and an image on each of {places} nodes. "
        )
    return context(f"{len(facts.probed_routes)} ways between nodes tried. {made}Looked at in {facts.took:.1f} s.")


def _head(facts: Facts, host: HostFacts, together: tuple[str, ...], findings: list[Finding]) -> str:
    signs = {finding.sign for finding in findings}
    worst = next(sign for sign in ("failed", "warning", "done") if sign in signs)
    fitness = "is not fit" if worst == "failed" else "is fit"
    deed = "for" if _belongs(facts, host) else "to join"
    unseen = ", as far as was seen" if worst != "failed" and not all_routes_tested(facts, host, together) else ""
    return f"{SIGNS[worst]} *{tick(host.name)} {fitness} {deed} {facts.name}*{unseen}"


def _belongs(facts: Facts, host: HostFacts) -> bool:
    """Whether it is a node of the cluster, or was one when it last answered."""
    if host.answers:
        return facts.member(host.name) is not None
    return any(node.host == host.name for node in (facts.swarm.nodes if facts.swarm else ()))


def _line(finding: Finding) -> str:
    step = f" {finding.next_step}" if finding.next_step else ""
    return f"{SIGNS[finding.sign]} {finding.text}{step}"


def _foot(facts: Facts) -> Block:
    tried = f"{len(facts.probed_routes)} ways between hosts tried. " if facts.probed_routes else ""
    return context(f"{tried}Looked at in {facts.took:.1f} s. Nothing was changed.")
