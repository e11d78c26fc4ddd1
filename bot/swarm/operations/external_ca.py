"""An external certificate authority: given at init the engine ignores it or breaks, so it is rotated to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.plan import Engines, Facts, Look, Operation
from bot.swarm.certificates import key_of
from bot.swarm.operations.spec import update_spec, with_section
from bot.swarm.settings import external_urls


@dataclass(frozen=True, slots=True)
class UseExternalCa(Operation):
    """The nodes' certificates are signed by the CFSSL server at ``url``, whose CA certificate is ``cacert`` (PEM)."""

    kind: ClassVar[str] = "use-external-ca"
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str
    url: str
    cacert: str
    protocol: str = "cfssl"

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"rotating {self.cluster} to the CA at {self.url}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` holds a certificate issued by the CA at {self.url}"

    @property
    def look(self) -> Look:
        """The certificate that the host holds."""
        return Look(hosts=(self.host,), certificates=True)

    def satisfied(self, facts: Facts) -> bool:
        """The spec names the CA, and the certificate that the host holds was issued by its key."""
        if facts.swarm is None:
            return False
        named = self.url in external_urls(facts.swarm.spec)
        certificate = facts.host(self.host).certificate
        return named and certificate is not None and certificate.issuer_key == key_of(self.cacert)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Rotate: the external CA's certificate becomes the root, and the CA signs from then on."""
        if facts.swarm is None:
            raise Failed(f"No manager of {self.cluster} with a quorum could be read.", true_now="Its CA is as it was.")
        external = {"Protocol": self.protocol, "URL": self.url, "CACert": self.cacert}
        update_spec(
            engines[facts.swarm.read_from],
            lambda spec: with_section(spec, "CAConfig", SigningCACert=self.cacert, ExternalCAs=[external]),
        )

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """The cluster is there; who signs for it is what its certificate says."""
        del engines
        certificate = facts.host(self.host).certificate if self.host in facts.hosts else None
        signer = f"its certificate is still issued by {certificate.issuer}" if certificate else "its CA was not seen"
        return Failed(
            error.happened,
            true_now=f"{self.cluster} runs on `{self.host}`; {signer}.",
            next_step=f"Look at the CA at {self.url} (https, a server certificate of that same CA), then press Retry.",
        )
