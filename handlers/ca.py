"""`/swarm ca [--rotate]`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from bot.blocks import DONE, WAITING, WARNING, Block, Message, paragraphs, plain_line, table, tick
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
    """The arguments of ``ca``."""

    rotate: Annotated[bool, Flag(None, "give every node a certificate of a new root; the join tokens change")] = False
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


def _validate(arguments: CaArguments) -> None:
    check_expiry(arguments.cert_expiry)
    if not arguments.rotate and (arguments.cert_expiry is not None or arguments.external_ca):
        raise NotUnderstood(
            "`--cert-expiry` and `--external-ca` need `--rotate` here.",
            next_step="`/swarm ca --rotate …` rotates the root; "
            "`/swarm update --cert-expiry DURATION` changes only the expiry.",
        )


def _rotates(arguments: CaArguments) -> bool:
    return arguments.rotate


def rotate(facts: Facts, arguments: CaArguments) -> Plan:
    """Rotate the root, or finish a rotation that is in progress, and show the progress node by node."""
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
    validate=_validate,
)
def ca(facts: Facts, _: CaArguments) -> Message:
    """Return the root certificates, then a row for each node."""
    swarm = require_cluster(facts)
    roots = read_roots(swarm.tls.root)
    head = _head(facts, swarm)
    lines = [head, *(_root(root) for root in roots), f"Issued by {_issuer(swarm)}"]
    return Message(head.replace("*", ""), (*paragraphs(lines), _nodes(facts, swarm)))


def _head(facts: Facts, swarm: ClusterFacts) -> str:
    if not swarm.rotating and facts.awaited:
        return f"{WAITING} *{facts.name} has one root* · no rotation in progress"
    if not swarm.rotating:
        return f"{DONE} *All nodes of {facts.name} trust one root* · no rotation in progress"
    waiting = nodes_of_old_issuer(swarm)
    have = f"{len(swarm.nodes) - len(waiting)} of {len(swarm.nodes)} nodes have a certificate of the new root"
    names = listed(f"`{unambiguous_name(swarm, node)}` ({node.state})" for node in waiting)
    missing = f" (missing: {names})" if names else ""
    progress = f"{have}{missing}; both roots are trusted until all nodes have one"
    return f"{WARNING} *{facts.name} is rotating its root* · {progress}"


def _root(root: RootCertificate) -> str:
    dates = f"valid from {_day(root.begins)} until {_day(root.expires)}"
    return f"Root {tick(root.subject)} · {dates} · SHA-256 {tick(root.fingerprint)}"


def _issuer(swarm: ClusterFacts) -> str:
    if urls := issuing_urls(swarm):
        return f"external CA {listed(map(plain_line, urls))}"
    return "the managers"


def _nodes(facts: Facts, swarm: ClusterFacts) -> Block:
    rows = [
        (unambiguous_name(swarm, node), *_certificate(facts, node), _root_status(swarm, node)) for node in swarm.nodes
    ]
    return table(("node", "issuer", "certificate valid until", "root"), rows)


def _certificate(facts: Facts, node: NodeFacts) -> tuple[str, str]:
    host = facts.hosts.get(node.host)
    if host is None:
        return "unknown", "unknown: not in swarmbot.yml"
    if host.certificate is None:
        unread = "the file cannot be read" if host.certificate_error else ""
        silent = "no response yet" if host.awaited else "no response over SSH"
        return "unknown", ": ".join(filter(None, ("unknown", silent if host.failure else unread)))
    left = time_left(host.certificate.expires, facts.at) or "expired"
    return host.certificate.issuer, f"{_minute(host.certificate.expires)} ({left})"


def _root_status(swarm: ClusterFacts, node: NodeFacts) -> str:
    if not swarm.rotating:
        return "trusted" if node.tls == swarm.tls else "another"
    return "old" if node.tls.issuer_key != swarm.tls.issuer_key else "new"


def _day(unix_seconds: float) -> str:
    return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d}"


def _minute(unix_seconds: float) -> str:
    return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d %H:%M} UTC"
