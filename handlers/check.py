"""`/swarm check HOST…` and `/swarm check --all`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import DONE, FAILED, WARNING, Block, Message, context, paragraphs, table, tick
from bot.commands import HOST, Flag, Permission, Word, question
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, FactsQuery, Finding, HostFacts, Sign
from bot.swarm.health.checkup import all_routes_tested, checkup, is_fitness_unknown
from bot.swarm.network.mesh_findings import matrix_rows, mesh_findings
from bot.swarm.reading.host_membership import is_membership_unknown
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import number_of

MAX_TABLE_NODES: Final = 19
"""A Slack table has at most 20 columns; one has the names."""
READ_TIMEOUT_S: Final = 2.0
"""The time-out for the hosts, and again for the manager: a check of hosts must end within 5 s."""
SIGNS: Final[dict[Sign, str]] = {"done": DONE, "warning": WARNING, "failed": FAILED}


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """The arguments of ``check``."""

    hosts: Annotated[tuple[str, ...], Word(HOST, "hosts in swarmbot.yml, part of the cluster or not")] = ()
    all: Annotated[
        bool,
        Flag(None, "test all routes between all nodes, and the overlay network with a short-lived container on each"),
    ] = False


def _query(arguments: CheckArguments) -> FactsQuery:
    if arguments.all:
        return FactsQuery(mesh=True, all_hosts=True)
    return FactsQuery(probe=arguments.hosts, every_peer=True, timeout_s=READ_TIMEOUT_S)


def _permission(arguments: CheckArguments) -> Permission:
    """``--all`` creates containers, though only briefly, so it needs more than ``view``."""
    return "operate" if arguments.all else "view"


def _validate(arguments: CheckArguments) -> None:
    if arguments.hosts and arguments.all:
        named = tick(f"/swarm check {' '.join(arguments.hosts)}")
        raise NotUnderstood(
            "`check --all` takes no hosts: it tests the routes between all nodes.",
            next_step=f"Run `/swarm check --all` or {named}.",
        )
    if not arguments.hosts and not arguments.all:
        raise NotUnderstood("`check` needs hosts, or `--all`.", next_step="`/swarm hosts` lists them.")


@question(
    "check",
    group="Look",
    help="Check hosts: SSH, engine, clock, address, and their ports in both directions with real peers",
    example="check host-4",
    permission=_permission,
    risk="none",
    approval=0,
    query=_query,
    validate=_validate,
)
def check(facts: Facts, arguments: CheckArguments) -> Message:
    """Return the findings for each host, with the direction of each blocked port; or the mesh of the whole cluster."""
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
    number = f"{number_of(len(names), 'node')} ready"
    title = f"{DONE} *All nodes of {facts.name} reach each other* · {number}"
    if "failed" in signs:
        title = f"{FAILED} *Not all nodes of {facts.name} reach each other* · {number}"
    elif "warning" in signs:
        title = f"{WARNING} *No blocked route was seen between the nodes of {facts.name}* · {number}"
    blocks = paragraphs([title, *map(_line, findings)])
    if len(names) > MAX_TABLE_NODES:
        blocks.append(
            context(f"No table: Slack shows at most {MAX_TABLE_NODES} nodes. Blocked routes are listed above.")
        )
    elif len(names) > 1:
        rows = [(name, *row) for name, row in zip(names, matrix_rows(facts, names), strict=True)]
        blocks.append(table(("from ↓ to →", *names), rows))
    return Message(title.replace("*", ""), (*blocks, _mesh_foot(facts)))


def _mesh_foot(facts: Facts) -> Block:
    created = "Nothing was created."
    if facts.mesh:
        removed = "removed" if not facts.mesh.leftovers else "removed, except for what is listed above"
        count = len(facts.mesh.addresses)
        created = (
            f"Created and {removed}: network {tick(facts.mesh.name)}, one container and one image on each of "
            f"{count} nodes."
        )
    return context(f"{len(facts.probed_routes)} routes between nodes tested in {facts.duration_s:.1f} s. {created}")


def _head(facts: Facts, host: HostFacts, together: tuple[str, ...], findings: list[Finding]) -> str:
    signs = {finding.sign for finding in findings}
    worst = next(sign for sign in ("failed", "warning", "done") if sign in signs)
    fitness = "is not fit" if worst == "failed" else "is fit"
    purpose = "for" if _is_member(facts, host) or is_membership_unknown(facts, host) else "to join"
    if worst != "failed" and is_fitness_unknown(facts, host):
        why = f"no manager of {facts.name} with a quorum could be read"
        why = "its engine does not name its cluster" if facts.swarm else why
        why = "it did not respond" if host.failure else why
        return f"{WARNING} *Whether {tick(host.name)} is fit for {facts.name} is unknown* · {why}"
    incomplete = worst != "failed" and not all_routes_tested(facts, host, together)
    note = " · not all routes could be tested" if incomplete else ""
    return f"{SIGNS[worst]} *{tick(host.name)} {fitness} {purpose} {facts.name}*{note}"


def _is_member(facts: Facts, host: HostFacts) -> bool:
    """Return whether the host is a node of the cluster, or was one when it last responded."""
    if host.responds:
        return facts.member(host.name) is not None
    return any(node.host == host.name for node in (facts.swarm.nodes if facts.swarm else ()))


def _line(finding: Finding) -> str:
    step = f" {finding.next_step}" if finding.next_step else ""
    return f"{SIGNS[finding.sign]} {finding.text}{step}"


def _foot(facts: Facts) -> Block:
    tested = f"{len(facts.probed_routes)} routes between hosts tested. " if facts.probed_routes else ""
    return context(f"{tested}Checked in {facts.duration_s:.1f} s. Nothing was changed.")
