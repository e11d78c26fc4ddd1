"""Certificates like those of SwarmKit and CFSSL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.swarm.reading.certificates import read_certificate, time_left

END = datetime(2027, 3, 1, 12, 30, tzinfo=UTC)


def _name(common: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "swarm")]
    return x509.Name([*attributes, *([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])])


def _certificate(subject: str, issuer: str, signer: ec.EllipticCurvePrivateKey) -> str:
    key = signer if subject == issuer else ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(END - timedelta(days=90))
        .not_valid_after(END)
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def ca_key() -> ec.EllipticCurvePrivateKey:
    """Return the key of a CA."""
    return ec.generate_private_key(ec.SECP256R1())


def test_issuer_and_expiry(ca_key: ec.EllipticCurvePrivateKey) -> None:
    """The node's certificate comes first in its file; its issuer and expiry are read, not those of the CA."""
    node = _certificate("node", "swarm-ca", ca_key)
    root = _certificate("swarm-ca", "swarm-ca", ca_key)
    found = read_certificate(node + root)
    assert found.issuer == "swarm-ca"
    assert found.begins == END.timestamp() - timedelta(days=90).total_seconds()
    assert found.expires == END.timestamp()


def test_an_issuer_without_a_common_name(ca_key: ec.EllipticCurvePrivateKey) -> None:
    """The whole name is shown."""
    node = _certificate("node", "", ca_key)
    assert read_certificate(node).issuer == "O=swarm"


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_an_invalid_certificate(text: str) -> None:
    """A broken file raises ValueError, not IndexError."""
    with pytest.raises(ValueError, match=r".+"):
        read_certificate(text)


@pytest.mark.parametrize(
    ("hours", "left"),
    [
        (90 * 24, "90 days"),
        (48, "2 days"),
        (47, "47 hours"),
        (2, "2 hours"),
        (1, "less than 2 hours"),
        (0, ""),
        (-50, ""),
    ],
)
def test_time_left(hours: float, left: str) -> None:
    """In days, then in hours; "" once it has expired."""
    assert time_left(1_800_000_000.0 + hours * 3600, 1_800_000_000.0) == left
