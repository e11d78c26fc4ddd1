"""Rotation of the root certificate: begun by an update of the spec, carried out by the managers, node by node.

On 20.10 (measured): ``GET /swarm`` says at once that the root is rotated and which key shall issue; each node that is
up gets its certificate within a second or two; once the last record has one, a node that is down included, the new
root becomes the only one that is trusted. So a node that is down holds a rotation up and breaks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, Json, Operation
from bot.swarm.operations.spec_updates import reading_manager, update_cluster_spec, with_section
from bot.swarm.reading.certificates import key_id, nodes_of_old_issuer, public_key_of
from bot.swarm.reading.cluster_settings import external_urls
from bot.swarm.reading.node_lookup import unambiguous_name
from bot.text.suggest import listed

# Not ``unknown``: that is what a node is for a moment, at first and when another manager has come to lead.
AWAY: Final = frozenset({"down", "disconnected"})


@dataclass(frozen=True, slots=True)
class StartCaRotation(Operation):
    """Another key issues the certificates of ``cluster``: that of the CFSSL server at ``url``, whose CA is ``cacert``.

    Without ``url`` it is one that the managers make, and not ``before`` (its ``key_id``).
    ``number`` is the ``ForceRotate`` of the spec: given as a number, for adding one twice would rotate twice.
    ``cacert`` is PEM. An external CA is given after init alone: at init the engine ignores it or breaks.
    """

    kind: ClassVar[str] = "start-ca-rotation"

    cluster: str
    before: str = ""
    number: int = 0
    url: str = ""
    cacert: str = ""

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"{self._issuer} becoming the issuer of {self.cluster}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"certificates of {self.cluster} are issued by {self._issuer}"

    @property
    def _issuer(self) -> str:
        return f"the CA at {self.url}" if self.url else "a new root"

    def satisfied(self, facts: Facts) -> bool:
        """The key that shall issue is the wanted one, and the spec names the external CA."""
        swarm = facts.swarm
        if swarm is None or not swarm.tls.issuer_key:
            return False
        if self.url:
            return self.url in external_urls(swarm.spec) and swarm.tls.issuer_key == public_key_of(self.cacert)
        return key_id(swarm.tls.issuer_key) != self.before

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the CA's part of the whole spec."""
        update_cluster_spec(reading_manager(engines, facts), self._edited)

    def _edited(self, spec: Json) -> Json:
        if not self.url:
            number = max(self.number, (spec.get("CAConfig") or {}).get("ForceRotate", 0))
            return with_section(spec, "CAConfig", SigningCACert="", SigningCAKey="", ForceRotate=number)
        # The CA of the old root stays named: it has to sign the new root, so that nodes of either trust each other.
        others = [ca for ca in spec["CAConfig"].get("ExternalCAs") or () if ca.get("URL") != self.url]
        external = {"Protocol": "cfssl", "URL": self.url, "CACert": self.cacert}
        return with_section(spec, "CAConfig", SigningCACert=self.cacert, ExternalCAs=[*others, external])

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell whether a rotation has begun all the same."""
        del engines
        if facts.swarm is None:
            truth = f"{self.cluster} cannot be read, so it is not known who issues its certificates."
        elif facts.swarm.rotating:
            truth = f"{self.cluster} is rotating its root, and not to {self._issuer}."
        else:
            truth = f"The root of {self.cluster} is as it was; no certificate was changed."
        query = f"Look at the CA at {self.url}: https, reachable from the managers, its server certificate its own."
        return Failed(error.happened, true_now=truth, next_step=query if self.url else "`/swarm ca` shows more.")


@dataclass(frozen=True, slots=True)
class AwaitCertificate(Operation):
    """The node ``node`` (its id; ``called`` is how people call it) has a certificate of the new issuer.

    ``before`` is the ``key_id`` of the old one, "" when the rotation had begun before.
    Nothing is applied: the managers do it, or, where the node is down, they do not yet.
    """

    kind: ClassVar[str] = "await-certificate"
    patience: ClassVar[float] = 60.0

    cluster: str
    node: str
    called: str
    before: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.called}` getting a new certificate"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.called}` has a certificate of the new issuer"

    def satisfied(self, facts: Facts) -> bool:
        """The node itself reported the key that shall issue."""
        swarm = facts.swarm
        node = swarm.node(self.node) if swarm else None
        if swarm is None or node is None or key_id(swarm.tls.issuer_key) == self.before:
            return False
        return node.tls.issuer_key == swarm.tls.issuer_key

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Wait for no node that is not there. Raises Failed."""
        del engines
        node = facts.swarm.node(self.node) if facts.swarm else None
        if facts.swarm is not None and node is None:
            raise Failed(f"`{self.called}` is no node of {self.cluster} any more.")
        if node is not None and node.state in AWAY:
            raise Failed(f"`{self.called}` is {node.state}.")

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell that the old certificate is good still."""
        del engines
        if facts.swarm is not None and facts.swarm.node(self.node) is None:
            return error
        return Failed(
            error.happened,
            true_now=f"It has its old certificate, which {self.cluster} still trusts.",
            next_step="It gets the new one by itself when it is back.",
        )


@dataclass(frozen=True, slots=True)
class AwaitCaRotation(Operation):
    """Every node has its new certificate and trusts the new root alone. ``before`` as in RenewCertificate."""

    kind: ClassVar[str] = "await-ca-rotation"
    patience: ClassVar[float] = 90.0

    cluster: str
    before: str = ""

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"every node of {self.cluster} coming to trust the new root alone"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"every node of {self.cluster} trusts the new root alone"

    def satisfied(self, facts: Facts) -> bool:
        """The managers have ended the rotation, and each node reported the cluster's root and issuer."""
        swarm = facts.swarm
        if swarm is None or swarm.rotating or key_id(swarm.tls.issuer_key) == self.before:
            return False
        return all(node.tls == swarm.tls for node in swarm.nodes)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Wait for no rotation that a node which is not there holds up. Raises Failed."""
        del engines
        if facts.swarm and any(node.state in AWAY for node in nodes_of_old_issuer(facts.swarm)):
            raise Failed("The rotation is not at its end.")

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Name the nodes that hold it up."""
        del engines
        if facts.swarm is None:
            return Failed(error.happened, true_now=f"{self.cluster} cannot be read.", next_step=error.next_step)
        waiting = nodes_of_old_issuer(facts.swarm)
        away = [node for node in waiting if node.state != "ready"]
        names = [f"`{unambiguous_name(facts.swarm, node)}` ({node.state})" for node in away or waiting]
        return Failed(
            f"The rotation waits for {listed(names)}." if names else error.happened,
            true_now=f"{self.cluster} trusts both roots until then, and services run on.",
            next_step="It ends by itself; `/swarm ca` shows how far it is. Gone for good: `/swarm remove NODE`.",
        )
