"""Read the TLS certificates of nodes, and of the CAs that issue them, as Swarm keeps them."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from bot.model import Backup, Certificate, ClusterFacts, NodeFacts

HOUR_S: Final = 3600.0
DAY_S: Final = 24 * HOUR_S


def read_certificate(pem: str) -> Certificate:
    """The node's own certificate: the first of the PEM blocks in ``swarm-node.crt``. ValueError if there is none."""
    certificate = x509.load_pem_x509_certificates(pem.encode())[0]
    return Certificate(
        issuer=_common_name(certificate.issuer),
        expires=certificate.not_valid_after_utc.timestamp(),
    )


def time_left(certificate: Certificate, at: float) -> str:
    """How long it is good for from ``at`` (unix seconds) on, in words: "61 days". "" when it has ended."""
    left = certificate.expires - at
    if left <= 0:
        return ""
    if left < 2 * HOUR_S:
        return "less than 2 hours"
    return f"{left / DAY_S:.0f} days" if left >= 2 * DAY_S else f"{left / HOUR_S:.0f} hours"


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def fingerprint_of(pem: str) -> str:
    """The SHA-256 of a CA's certificate, in hex; of several, of the first. ValueError for no PEM."""
    return x509.load_pem_x509_certificates(pem.encode())[0].fingerprint(SHA256()).hex()


@dataclass(frozen=True, slots=True)
class RootCertificate:
    """A root certificate: its subject's common name, its SHA-256 fingerprint (hex), its dates in unix seconds."""

    subject: str
    fingerprint: str
    begins: float
    ends: float


def read_roots(pem: str) -> tuple[RootCertificate, ...]:
    """The root certificates of ``TLSInfo.TrustRoot``, usually one. ValueError if there is none."""
    return tuple(
        RootCertificate(
            subject=_common_name(certificate.subject),
            fingerprint=certificate.fingerprint(SHA256()).hex(":"),
            begins=certificate.not_valid_before_utc.timestamp(),
            ends=certificate.not_valid_after_utc.timestamp(),
        )
        for certificate in x509.load_pem_x509_certificates(pem.encode())
    )


def public_key_of(pem: str) -> str:
    """The public key of a CA's certificate, as ``TLSInfo.CertIssuerPublicKey`` has it. ValueError for no PEM."""
    key = x509.load_pem_x509_certificates(pem.encode())[0].public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def key_id(public_key: str) -> str:
    """Sixteen hex digits that tell one issuer's public key from another."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def nodes_of_old_issuer(swarm: ClusterFacts) -> list[NodeFacts]:
    """The nodes whose certificate was not issued by the key that shall issue all."""
    return [node for node in swarm.nodes if node.tls.issuer_key != swarm.tls.issuer_key]


def issuing_urls(swarm: ClusterFacts) -> list[str]:
    """The external CAs that issue. One whose root was rotated away from stays in the spec and issues nothing."""
    named = (swarm.spec.get("CAConfig") or {}).get("ExternalCAs") or ()
    return [str(ca["URL"]) for ca in named if public_key_of(ca["CACert"] or swarm.tls.root) == swarm.tls.issuer_key]


def ca_rotated_since(backup: Backup, swarm: ClusterFacts) -> bool:
    """Whether the cluster's root is another than when ``backup`` of it was taken."""
    known = bool(swarm.tls.root) and backup.cluster_id == swarm.id
    return known and fingerprint_of(swarm.tls.root) != backup.ca_fingerprint
