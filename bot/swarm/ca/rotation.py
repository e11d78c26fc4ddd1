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
    """An external CA."""

    url: str
    """Its signing URL."""
    cacert: str
    """Its certificate (PEM)."""


def external_issuer(facts: Facts, wanted: ExternalCa) -> Issuer:
    """Return the CA with its certificate. Raise Refused if the certificate could not be read."""
    pem = facts.ca_files.get(wanted.location)
    if pem is None:
        raise Refused(
            f"the CA certificate {tick(wanted.cacert_path)} could not be read on `{wanted.host}`: "
            f"{facts.unread_ca_files[wanted.location]}",
            true_now="Nothing was changed.",
            next_step="Put the CA's certificate (PEM) there, or name another path after `cacert=`.",
        )
    return Issuer(wanted.url, pem)


def rotation_plan(facts: Facts, *, settings: Update, issuer: Issuer | None = None) -> Plan:
    """Return the plan that rotates to ``issuer``, or to a new root of the managers, or that finishes a rotation.

    ``settings`` are applied first: they decide how long the new certificates are valid.
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
    who = f"the CA at {issuer.url}" if issuer else "a new root of the managers"
    if swarm.rotating and (issuer is None or _issues(swarm, issuer)):
        return _finished(facts, swarm, plan, first)
    count = f"{len(swarm.nodes)} node{'' if len(swarm.nodes) == 1 else 's'}"
    begin = Step(_begin(swarm, facts.name, issuer), TRACK)
    if issuer and _issues(swarm, issuer):
        if begin.operation.satisfied(facts):
            return replace(plan, steps=first, unchanged=(f"{who} issues the certificates of {facts.name}",))
        return replace(
            plan, steps=(*first, begin), effect=f"{who} issues certificates with the present root of {facts.name}"
        )
    return replace(
        plan,
        steps=(*first, begin, *_waits(facts, swarm.nodes, key_id(swarm.tls.issuer_key))),
        effect="; ".join(filter(None, (unmet.effect(swarm.spec), f"new certificates for {count}, issued by {who}"))),
        warnings=(
            f"The join tokens of {facts.name} change: join commands that were shown before stop working.",
            *_held_up(swarm, swarm.nodes),
            *_expiry(settings, issuer),
        ),
    )


def _finished(facts: Facts, swarm: ClusterFacts, plan: Plan, first: tuple[Step, ...]) -> Plan:
    waiting = nodes_of_old_issuer(swarm)
    have = len(swarm.nodes) - len(waiting)
    text = f"the rotation had started before; {have} of {len(swarm.nodes)} nodes have their new certificate"
    return replace(
        plan,
        titles=replace(
            plan.titles,
            present=f"finishes the rotation of {facts.name}'s root certificate",
            imperative=f"finish the rotation of {facts.name}'s root certificate",
            failure=f"the rotation of {facts.name}'s root certificate is not complete",
        ),
        steps=(*first, *(replace(step, after="") for step in _waits(facts, waiting, ""))),
        findings=(Finding("done", text, TRACK),),
        warnings=_held_up(swarm, waiting),
    )


def _begin(swarm: ClusterFacts, cluster: str, issuer: Issuer | None) -> StartCaRotation:
    if issuer:
        return StartCaRotation(cluster, url=issuer.url, cacert=issuer.cacert)
    number = (swarm.spec.get("CAConfig") or {}).get("ForceRotate", 0) + 1
    return StartCaRotation(cluster, key_id(swarm.tls.issuer_key), number)


def _waits(facts: Facts, nodes: Sequence[NodeFacts], before: str) -> list[Step]:
    """Return a step for each node on its own track, and the end: a node that is down does not block the others."""
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
    are, each = ("is", "it") if len(names) == 1 else ("are", "each")
    waits = f"the rotation waits until {each} is back or removed, and both roots are trusted until then."
    return (f"{listed(names)} {are} not ready: {waits}",)


def _expiry(settings: Update, issuer: Issuer | None) -> tuple[str, ...]:
    if issuer is None or settings.cert_expiry is None:
        return ()
    return ("The external CA decides how long its certificates are valid; `--cert-expiry` does not apply to them.",)


def _issues(swarm: ClusterFacts, issuer: Issuer) -> bool:
    """Return whether that CA's key issues, or is about to issue, the certificates."""
    return swarm.tls.issuer_key == public_key_of(issuer.cacert)
