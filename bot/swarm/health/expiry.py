"""Certificates that expire soon or have expired: those of nodes, and the root. Pure."""

from __future__ import annotations

from typing import Final

from bot.model import Certificate, Facts, HostFacts
from bot.swarm.health.issues import Issue, check_step
from bot.swarm.reading.certificates import root_expires, time_left

LATE_SHARE: Final = 0.2
"""The share of its validity that a certificate has left when its renewal is late: an engine renews it after 50 to 80 %
(``CertLowerRotationRange`` and ``CertUpperRotationRange`` in ca/certificates.go of SwarmKit)."""


def expires_soon(certificate: Certificate, at: float, within_s: float) -> bool:
    """Return whether it expires within this many seconds of ``at``, and its engine should have renewed it by now."""
    return certificate.expires - at < min(within_s, LATE_SHARE * (certificate.expires - certificate.begins))


def certificate_issue(facts: Facts, host: HostFacts, within_s: float) -> Issue | None:
    """Return that the certificate of a host expires within this many seconds; None if not, or if it was not read.

    Without a fix if the host's engine cannot start its membership: the fix of that makes a new certificate.
    """
    if host.certificate is None or not expires_soon(host.certificate, facts.at, within_s):
        return None
    left = time_left(host.certificate.expires, facts.at)
    text = f"the certificate of `{host.name}` {f'is valid for {left}' if left else 'has expired'}"
    if host.membership == "error":
        return Issue(critical=not left, text=text)
    return Issue(critical=not left, text=text, fix=_renewal(facts, host) if left else _replacement(facts, host))


def _renewal(facts: Facts, host: HostFacts) -> str:
    rotated = f"`/swarm ca --rotate` renews all certificates of {facts.name} at once"
    return f"{check_step(host.name, 'the managers, which renew it')}; {rotated}"


def _replacement(facts: Facts, host: HostFacts) -> str:
    """Return how a node whose certificate has expired gets another one.

    Its engine must not stop: it would not start again. Measured on 20.10.24: a rotation renews the certificate of the
    leader, which issues it itself, but not that of a worker.
    """
    if facts.swarm and facts.swarm.leader and facts.swarm.leader.host == host.name:
        return f"`/swarm ca --rotate` renews it; do not restart the engine of `{host.name}` before"
    role = "manager" if host.is_manager else "worker"
    return f"`/swarm leave {host.name}`, then `/swarm join {role} {host.name}`"


def root_issue(facts: Facts, within_s: float) -> Issue | None:
    """Return that the root certificate expires within this many seconds; None if not, or if it was not read."""
    expires = root_expires(facts.swarm) if facts.swarm else None
    if expires is None or expires - facts.at >= within_s:
        return None
    left = time_left(expires, facts.at)
    text = f"the root certificate of {facts.name} {f'is valid for {left}' if left else 'has expired'}"
    return Issue(critical=True, text=text, fix="`/swarm ca --rotate` makes a new one")
