"""Who issues the certificates of a cluster's nodes, and what they trust."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Certificate:
    """A node's TLS certificate: its issuer's common name and its end in unix seconds."""

    issuer: str
    expires: float


@dataclass(frozen=True, slots=True)
class TlsInfo:
    """``TLSInfo``: the root certificates that are trusted (PEM), and the public key (base64) that issues.

    Of a node it is what the node itself reported. Of the cluster the key is the one that all certificates shall be
    issued by: while the root is rotated it is the new one's already, and ``root`` is still the old (measured on 20.10).
    """

    root: str = ""
    issuer_key: str = ""
