"""The plan of a rotation of the root certificate. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.blocks import tick
from bot.errors import Refused
from bot.model import ClusterFacts, Facts, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.ca.external_ca import ExternalCa
from bot.swarm.operations import AwaitCaRotation, AwaitCertificate, StartCaRotation, Update
from bot.swarm.reading.certificates import key_id, nodes_of_old_issuer, public_key_of
from bot.swarm.reading.node_lookup import require_cluster, unambiguous_name
from bot.text.suggest import listed

TRACK = "ca"


@dataclass(frozen=True, slots=True)
class Issuer:
    """The external CA that shall issue: its URL and its certificate (PEM)."""

    url: str
    cacert: str


def external_issuer(facts: Facts, wanted: ExternalCa) -> Issuer:
    """The CA with its certificate, which was read from its place; Refused when it could not be."""
    pem = facts.ca_files.get(wanted.location)
    if pem is None:
        raise Refused(
            f"the CA certificate {tick(wanted.cacert_path)} could not be read on `{wanted.host}`: "
            f"{facts.unread_ca_files[wanted.location]}",
            true_now="Nothing was changed.",
            next_step="Put the CA's certificate (PEM) there, or give another place after `cacert=`.",
        )
    return Issuer(wanted.url, pem)


def rotation_plan(facts: Facts, *, settings: Update, issuer: Issuer | None = None) -> Plan:
    """Rotate to ``issuer``, or to a root that the managers make; finish a rotation that is under way.

    ``settings`` come first: certificates are good for as long as is set when they are issued.
    """
    swarm = require_cluster(facts)
    plan = Plan(
        PlanTitles(
            present=f"rotates the root certificate of {facts.name}",
            imperative=f"rotate the root certificate of {facts.name}",
            success=f"Rotation of {facts.name}'s root certificate: {{count}} steps done",
            failure=f"the root certificate of {facts.name} was not rotated",
        ),
    )
    unmet = settings.unmet(swarm.spec)
    first = () if unmet.satisfied(facts) else (Step(unmet, TRACK),)
    who = f"the CA at {issuer.url}" if issuer else "a new root of the managers' own"
    if swarm.rotating and (issuer is None or _issues(swarm, issuer)):
        return _finished(facts, swarm, plan, first)
    count = f"{len(swarm.nodes)} node{'' if len(swarm.nodes) == 1 else 's'}"
    begin = Step(_begin(swarm, facts.name, issuer), TRACK)
    if issuer and _issues(swarm, issuer):
        if begin.operation.satisfied(facts):
            return replace(plan, steps=first, unchanged=(f"certificates of {facts.name} are issued by {who}",))
        return replace(plan, steps=(*first, begin), effect=f"{who} issues for the root that {facts.name} has")
    return replace(
        plan,
        steps=(*first, begin, *_waits(facts, swarm.nodes, key_id(swarm.tls.issuer_key))),
        effect="; ".join(filter(None, (unmet.effect(swarm.spec), f"new certificates for {count}, issued by {who}"))),
        warnings=(
            f"The join tokens of {facts.name} change: lines that were handed out join nothing any more.",
            *_held_up(swarm, swarm.nodes),
            *_expiry(settings, issuer),
        ),
    )


def _finished(facts: Facts, swarm: ClusterFacts, plan: Plan, first: tuple[Step, ...]) -> Plan:
    waiting = nodes_of_old_issuer(swarm)
    have = len(swarm.nodes) - len(waiting)
    told = f"the rotation had begun before; {have} of {len(swarm.nodes)} nodes have their new certificate"
    return replace(
        plan,
        titles=replace(
            plan.titles,
            present=f"finishes the rotation of {facts.name}'s root certificate",
            imperative=f"finish the rotation of {facts.name}'s root certificate",
            failure=f"the rotation of {facts.name}'s root certificate is not at its end",
        ),
        steps=(*first, *(replace(step, after="") for step in _waits(facts, waiting, ""))),
        findings=(Finding("done", told, TRACK),),
        warnings=_held_up(swarm, waiting),
    )


def _begin(swarm: ClusterFacts, cluster: str, issuer: Issuer | None) -> StartCaRotation:
    if issuer:
        return StartCaRotation(cluster, url=issuer.url, cacert=issuer.cacert)
    number = (swarm.spec.get("CAConfig") or {}).get("ForceRotate", 0) + 1
    return StartCaRotation(cluster, key_id(swarm.tls.issuer_key), number)


def _waits(facts: Facts, nodes: Sequence[NodeFacts], before: str) -> list[Step]:
    """Each node on a track of its own, and the end: one that is down holds up nobody else's line."""
    steps = [
        Step(
            AwaitCertificate(facts.name, node.id, unambiguous_name(require_cluster(facts), node), before),
            node.id,
            after=TRACK,
        )
        for node in nodes
    ]
    return [*steps, Step(AwaitCaRotation(facts.name, before), "end", after=TRACK)]


def _held_up(swarm: ClusterFacts, nodes: Sequence[NodeFacts]) -> tuple[str, ...]:
    names = [f"`{unambiguous_name(swarm, node)}`" for node in nodes if node.state != "ready"]
    if not names:
        return ()
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{listed(names)} {verb} not ready: the rotation waits until each is back or removed, and both roots count.",
    )


def _expiry(settings: Update, issuer: Issuer | None) -> tuple[str, ...]:
    if issuer is None or settings.cert_expiry is None:
        return ()
    return ("How long its certificates are good for is the external CA's to decide; `--cert-expiry` is for others.",)


def _issues(swarm: ClusterFacts, issuer: Issuer) -> bool:
    """Whether the certificates are issued, or being issued, by that CA's key already."""
    return swarm.tls.issuer_key == public_key_of(issuer.cacert)
