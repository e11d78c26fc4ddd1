"""Read a node's TLS certificate as Swarm keeps it."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from bot.plan import Certificate


def read_certificate(pem: str) -> Certificate:
    """The node's own certificate: the first of the PEM blocks in ``swarm-node.crt``. ValueError if there is none."""
    certificate = x509.load_pem_x509_certificates(pem.encode())[0]
    names = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(
        issuer=str(names[0].value) if names else certificate.issuer.rfc4514_string(),
        issuer_key=_issuer_key(certificate),
        expires=certificate.not_valid_after_utc.timestamp(),
    )


def _issuer_key(certificate: x509.Certificate) -> str:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return ""
    return (extension.value.key_identifier or b"").hex()


def fingerprint_of(pem: str) -> str:
    """The SHA-256 of a CA's certificate, in hex; of several, of the first. ValueError for no PEM."""
    return x509.load_pem_x509_certificates(pem.encode())[0].fingerprint(SHA256()).hex()


def key_of(pem: str) -> str:
    """The key id of a CA's own certificate, as the certificates that it issues name it. ValueError for no PEM."""
    certificate = x509.load_pem_x509_certificates(pem.encode())[0]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest.hex()
    return extension.value.digest.hex()
