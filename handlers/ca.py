"""`/swarm ca [--rotate]`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from bot.blocks import DONE, WARNING, Block, Message, escape, paragraphs, table, tick
from bot.commands import CERT_EXPIRY, EXTERNAL_CA_ON_HOST, Flag, Permission, question
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, FactsQuery, NodeFacts, Plan
from bot.swarm.ca.external_ca import read_external_ca_on_host
from bot.swarm.ca.rotation import external_issuer, rotation_plan
from bot.swarm.operations import Update
from bot.swarm.reading.certificates import RootCertificate, issuing_urls, nodes_of_old_issuer, read_roots, time_left
from bot.swarm.reading.cluster_settings import check_expiry
from bot.swarm.reading.node_lookup import require_cluster, unambiguous_name
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class CaArguments:
    """The words of ``ca``."""

    rotate: Annotated[bool, Flag(None, "give every node a certificate of a new root; join tokens change")] = False
    cert_expiry: Annotated[float | None, CERT_EXPIRY] = None
    external_ca: Annotated[str | None, EXTERNAL_CA_ON_HOST] = None


def _permission(arguments: CaArguments) -> Permission:
    return "administer" if arguments.rotate else "view"


def _subject(arguments: CaArguments) -> str:
    return "ca rotate" if arguments.rotate else "ca"


def _approval(arguments: CaArguments) -> int:
    return 2 if arguments.rotate else 0


def _query(arguments: CaArguments) -> FactsQuery:
    places = (read_external_ca_on_host(arguments.external_ca).location,) if arguments.external_ca else ()
    return FactsQuery(all_hosts=not arguments.rotate, certificates=not arguments.rotate, ca_files=places)


def _rotates(arguments: CaArguments) -> bool:
    return arguments.rotate


def rotate(facts: Facts, arguments: CaArguments) -> Plan:
    """Rotate, or finish what is under way, and show node by node how far it is."""
    check_expiry(arguments.cert_expiry)
    wanted = read_external_ca_on_host(arguments.external_ca) if arguments.external_ca else None
    return rotation_plan(
        facts,
        settings=Update(facts.name, cert_expiry=arguments.cert_expiry),
        issuer=external_issuer(facts, wanted) if wanted else None,
    )


@question(
    "ca",
    group="Managers",
    help="Show the root certificate, who issues node certificates and when they expire",
    example="ca",
    permission=_permission,
    risk="secret",
    approval=_approval,
    subject=_subject,
    query=_query,
    changes=(_rotates, rotate),
)
def ca(facts: Facts, arguments: CaArguments) -> Message:
    """The root first, then a row a node."""
    if arguments.cert_expiry is not None or arguments.external_ca:
        raise NotUnderstood(
            "These options belong to `--rotate`.",
            next_step="`/swarm ca --rotate …` rotates; `/swarm update --cert-expiry D` changes the expiry alone.",
        )
    swarm = require_cluster(facts)
    roots = read_roots(swarm.tls.root)
    head = _head(facts, swarm)
    lines = [head, *(_root(root) for root in roots), f"Issued by {_issuer(swarm)}"]
    return Message(head.replace("*", ""), (*paragraphs(lines), _nodes(facts, swarm)))


def _head(facts: Facts, swarm: ClusterFacts) -> str:
    if not swarm.rotating:
        return f"{DONE} *Every node of {facts.name} trusts one root* · no rotation is under way"
    waiting = nodes_of_old_issuer(swarm)
    have = f"{len(swarm.nodes) - len(waiting)} of {len(swarm.nodes)} nodes have a certificate of the new root"
    names = listed(f"`{unambiguous_name(swarm, node)}` ({node.state})" for node in waiting)
    told = f"{have}{f', not {names}' if names else ''}; until all have one both roots are trusted"
    return f"{WARNING} *{facts.name} is rotating its root* · {told}"


def _root(root: RootCertificate) -> str:
    dates = f"good from {_day(root.begins)} to {_day(root.ends)}"
    return f"Root {tick(root.subject)} · {dates} · SHA-256 {tick(root.fingerprint)}"


def _issuer(swarm: ClusterFacts) -> str:
    if urls := issuing_urls(swarm):
        return f"an external CA: {listed(map(escape, urls))}"
    return "the managers themselves"


def _nodes(facts: Facts, swarm: ClusterFacts) -> Block:
    rows = [(unambiguous_name(swarm, node), *_certificate(facts, node), _standing(swarm, node)) for node in swarm.nodes]
    return table(("node", "issuer", "certificate good until", "root"), rows)


def _certificate(facts: Facts, node: NodeFacts) -> tuple[str, str]:
    host = facts.hosts.get(node.host)
    if host is None:
        return "not known", "not known: not in swarmbot.yml"
    if host.certificate is None:
        unread = "its file cannot be read" if host.certificate_unread else ""
        return "not known", ": ".join(filter(None, ("not known", "no answer by SSH" if host.failure else unread)))
    left = time_left(host.certificate, facts.at) or "has ended"
    return host.certificate.issuer, f"{_moment(host.certificate.expires)} ({left})"


def _standing(swarm: ClusterFacts, node: NodeFacts) -> str:
    if not swarm.rotating:
        return "trusted" if node.tls == swarm.tls else "another"
    return "old" if node.tls.issuer_key != swarm.tls.issuer_key else "new"


def _day(unix_seconds: float) -> str:
    return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d}"


def _moment(unix_seconds: float) -> str:
    return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d %H:%M} UTC"
