"""Who issues the certificates of a cluster's nodes, and which root they have. Pure."""

from __future__ import annotations

import hashlib

from bot.model import Backup, ClusterFacts, NodeFacts
from bot.swarm.reading.certificates import fingerprint_of, public_key_of


def key_id(public_key: str) -> str:
    """Sixteen hex digits that tell one issuer's public key from another."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def lacking(swarm: ClusterFacts) -> list[NodeFacts]:
    """The nodes whose certificate was not issued by the key that shall issue all."""
    return [node for node in swarm.nodes if node.tls.issuer_key != swarm.tls.issuer_key]


def issuing_urls(swarm: ClusterFacts) -> list[str]:
    """The external CAs that issue. One whose root was rotated away from stays in the spec and issues nothing."""
    named = (swarm.spec.get("CAConfig") or {}).get("ExternalCAs") or ()
    return [str(ca["URL"]) for ca in named if public_key_of(ca["CACert"] or swarm.tls.root) == swarm.tls.issuer_key]


def rotated_since(backup: Backup, swarm: ClusterFacts) -> bool:
    """Whether the cluster's root is another than when ``backup`` of it was taken."""
    known = bool(swarm.tls.root) and backup.cluster_id == swarm.id
    return known and fingerprint_of(swarm.tls.root) != backup.ca_fingerprint
