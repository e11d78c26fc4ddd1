"""The TLS certificates of nodes, the CAs that issue them, and the cluster's root. Pure."""

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

NODE_CERTIFICATE: Final = "swarm/certificates/swarm-node.crt"
"""A node's certificate and its issuers, below the engine's data root."""
HOUR_S: Final = 3600.0
DAY_S: Final = 24 * HOUR_S


def read_certificate(pem: str) -> Certificate:
    """Return the node's own certificate: the first PEM block of ``swarm-node.crt``.

    Raise ValueError if there is none.
    """
    certificate = x509.load_pem_x509_certificates(pem.encode())[0]
    return Certificate(
        issuer=_common_name(certificate.issuer),
        begins=certificate.not_valid_before_utc.timestamp(),
        expires=certificate.not_valid_after_utc.timestamp(),
    )


def time_left(expires: float, at: float) -> str:
    """Return how long until ``expires`` from ``at`` on (unix seconds), in words: "61 days"; "" if that has passed."""
    left = expires - at
    if left <= 0:
        return ""
    if left < 2 * HOUR_S:
        return "less than 2 hours"
    return f"{left / DAY_S:.0f} days" if left >= 2 * DAY_S else f"{left / HOUR_S:.0f} hours"


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def fingerprint_of(pem: str) -> str:
    """Return the SHA-256 fingerprint of the first CA certificate, in hex. Raise ValueError if it is not PEM."""
    return x509.load_pem_x509_certificates(pem.encode())[0].fingerprint(SHA256()).hex()


@dataclass(frozen=True, slots=True)
class RootCertificate:
    """A root certificate."""

    subject: str
    """The common name of its subject."""
    fingerprint: str
    """SHA-256, in hex with colons."""
    begins: float
    """Unix seconds."""
    expires: float
    """Unix seconds."""


def read_roots(pem: str) -> tuple[RootCertificate, ...]:
    """Return the root certificates of ``TLSInfo.TrustRoot``, usually one. Raise ValueError if there is none."""
    return tuple(
        RootCertificate(
            subject=_common_name(certificate.subject),
            fingerprint=certificate.fingerprint(SHA256()).hex(":"),
            begins=certificate.not_valid_before_utc.timestamp(),
            expires=certificate.not_valid_after_utc.timestamp(),
        )
        for certificate in x509.load_pem_x509_certificates(pem.encode())
    )


def root_expires(swarm: ClusterFacts) -> float | None:
    """Return when the last of the cluster's root certificates expires, unix seconds; None if that was not read."""
    try:
        return max(root.expires for root in read_roots(swarm.tls.root))
    except ValueError:
        return None


def public_key_of(pem: str) -> str:
    """Return the public key of a CA certificate as ``TLSInfo.CertIssuerPublicKey`` has it.

    Raise ValueError if it is not PEM.
    """
    key = x509.load_pem_x509_certificates(pem.encode())[0].public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def key_id(public_key: str) -> str:
    """Return 16 hex digits that identify an issuer's public key."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def nodes_of_old_issuer(swarm: ClusterFacts) -> list[NodeFacts]:
    """Return the nodes whose certificate was not issued by the cluster's present issuer."""
    return [node for node in swarm.nodes if node.tls.issuer_key != swarm.tls.issuer_key]


def issuing_urls(swarm: ClusterFacts) -> list[str]:
    """Return the URLs of the external CAs in use. After a rotation, an unused one stays in the spec."""
    named = (swarm.spec.get("CAConfig") or {}).get("ExternalCAs") or ()
    return [str(ca["URL"]) for ca in named if public_key_of(ca["CACert"] or swarm.tls.root) == swarm.tls.issuer_key]


def ca_rotated_since(backup: Backup, swarm: ClusterFacts) -> bool:
    """Return whether the cluster's root CA was rotated after ``backup`` was taken."""
    known = bool(swarm.tls.root) and backup.cluster_id == swarm.id
    return known and fingerprint_of(swarm.tls.root) != backup.ca_fingerprint
