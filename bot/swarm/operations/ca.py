"""Rotate the root certificate: an update of the spec starts it, and the managers renew node by node.

Measured on 20.10: ``GET /swarm`` shows the rotation and the new issuer's key at once. Each node that is up gets its
certificate within a second or two. When the last record has one, also that of a node that is down, only the new root
is trusted. So a node that is down delays a rotation and breaks nothing.
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

# A node is ``unknown`` for a moment, at first and after another manager became the leader: not away.
AWAY_STATES: Final = frozenset({"down", "disconnected"})


@dataclass(frozen=True, slots=True)
class StartCaRotation(Operation):
    """Change the issuer of the cluster's certificates: to an external CA, or to a new root of the managers.

    An external CA is set after init only: at init the engine ignores it or fails.
    """

    kind: ClassVar[str] = "start-ca-rotation"

    cluster: str
    before: str = ""
    """The :func:`~bot.swarm.reading.certificates.key_id` of the old issuer."""
    number: int = 0
    """The new ``ForceRotate`` of the spec. A plan that runs twice does not rotate twice."""
    url: str = ""
    """The signing URL of the CFSSL server; "" for a new root of the managers."""
    cacert: str = ""
    """The external CA's certificate (PEM)."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"making {self._issuer} the issuer of {self.cluster}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{self._issuer} issues the certificates of {self.cluster}"

    @property
    def _issuer(self) -> str:
        return f"the CA at {self.url}" if self.url else "a new root"

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the issuer has the wanted key and the spec names the external CA."""
        swarm = facts.swarm
        if swarm is None or not swarm.tls.issuer_key:
            return False
        if self.url:
            return self.url in external_urls(swarm.spec) and swarm.tls.issuer_key == public_key_of(self.cacert)
        return key_id(swarm.tls.issuer_key) != self.before

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change only the CA section of the cluster's spec."""
        update_cluster_spec(reading_manager(engines, facts), self._edited)

    def _edited(self, spec: Json) -> Json:
        if not self.url:
            number = max(self.number, (spec.get("CAConfig") or {}).get("ForceRotate", 0))
            return with_section(spec, "CAConfig", SigningCACert="", SigningCAKey="", ForceRotate=number)
        # The old CA stays in the spec: it signs the new root, so that nodes with either root trust each other.
        others = [ca for ca in spec["CAConfig"].get("ExternalCAs") or () if ca.get("URL") != self.url]
        external = {"Protocol": "cfssl", "URL": self.url, "CACert": self.cacert}
        return with_section(spec, "CAConfig", SigningCACert=self.cacert, ExternalCAs=[*others, external])

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with whether a rotation has started."""
        del engines
        if facts.swarm is None:
            state = f"{self.cluster} cannot be read: the issuer of its certificates is unknown."
        elif facts.swarm.rotating:
            state = f"{self.cluster} is rotating its root, but not to {self._issuer}."
        else:
            state = f"The root of {self.cluster} is unchanged; no certificate was renewed."
        step = f"Check the CA at {self.url}: managers must reach it over https, with a server certificate of its own."
        return Failed(error.happened, true_now=state, next_step=step if self.url else "`/swarm ca` shows the issuer.")


@dataclass(frozen=True, slots=True)
class AwaitCertificate(Operation):
    """Wait until a node has a certificate of the new issuer. The managers renew it; this step changes nothing."""

    kind: ClassVar[str] = "await-certificate"
    timeout_s: ClassVar[float] = 60.0

    cluster: str
    node: str
    """The node's id."""
    called: str
    """The node's name, or its id where the name is not unique."""
    before: str
    """The :func:`~bot.swarm.reading.certificates.key_id` of the old issuer; "" if the rotation had started before."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"renewing the certificate of `{self.called}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.called}` has a certificate of the new issuer"

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the node reports the new issuer."""
        swarm = facts.swarm
        node = swarm.node(self.node) if swarm else None
        if swarm is None or node is None or key_id(swarm.tls.issuer_key) == self.before:
            return False
        return node.tls.issuer_key == swarm.tls.issuer_key

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Raise Failed if the node is away or removed: it is not waited for."""
        del engines
        node = facts.swarm.node(self.node) if facts.swarm else None
        if facts.swarm is not None and node is None:
            raise Failed(f"`{self.called}` is not a node of {self.cluster} any more.")
        if node is not None and node.state in AWAY_STATES:
            raise Failed(f"`{self.called}` is {node.state}.")

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state of the node's certificate."""
        del engines
        if facts.swarm is not None and facts.swarm.node(self.node) is None:
            return error
        return Failed(
            error.happened,
            true_now=f"`{self.called}` has its old certificate, which {self.cluster} still trusts.",
            next_step=f"Bring `{self.called}` back: it then gets its new certificate by itself.",
        )


@dataclass(frozen=True, slots=True)
class AwaitCaRotation(Operation):
    """Wait until every node has its new certificate and trusts only the new root."""

    kind: ClassVar[str] = "await-ca-rotation"
    timeout_s: ClassVar[float] = 90.0

    cluster: str
    before: str = ""
    """As in :class:`AwaitCertificate`."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"waiting until every node of {self.cluster} trusts only the new root"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"every node of {self.cluster} trusts only the new root"

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the managers ended the rotation and each node reports the cluster's root and issuer."""
        swarm = facts.swarm
        if swarm is None or swarm.rotating or key_id(swarm.tls.issuer_key) == self.before:
            return False
        return all(node.tls == swarm.tls for node in swarm.nodes)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Raise Failed if a node that is away delays the rotation: it is not waited for."""
        del engines
        if facts.swarm and any(node.state in AWAY_STATES for node in nodes_of_old_issuer(facts.swarm)):
            raise Failed("The rotation is not complete.")

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the nodes that delay the rotation."""
        del engines
        if facts.swarm is None:
            return Failed(error.happened, true_now=f"{self.cluster} cannot be read.", next_step=error.next_step)
        waiting = nodes_of_old_issuer(facts.swarm)
        away = [node for node in waiting if node.state != "ready"]
        names = [f"`{unambiguous_name(facts.swarm, node)}` ({node.state})" for node in away or waiting]
        lost = " ".join(unambiguous_name(facts.swarm, node) for node in away)
        remove = (
            f" If {'it is' if len(away) == 1 else 'they are'} permanently lost: `/swarm remove {lost}`." if lost else ""
        )
        return Failed(
            f"The rotation waits for {listed(names)}." if names else error.happened,
            true_now=f"{self.cluster} trusts both roots until then, and services keep running.",
            next_step=f"It completes by itself. `/swarm ca` shows its progress.{remove}",
        )
