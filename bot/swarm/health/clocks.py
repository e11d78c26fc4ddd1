"""Whether a host's clock is good enough for a cluster. Pure: facts in, findings out.

A wrong clock breaks TLS, because certificates have dates (docs/decisions/0020). SwarmKit backdates each node's
certificate by one hour (``CertBackdate`` in its ca/certificates.go). If a host is further behind the manager that
issues it, the certificate is not valid yet. The root certificate is backdated by only five minutes: a host whose clock
is before its start trusts no manager.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from bot.model import Facts, Finding, HostFacts
from bot.swarm.reading.certificates import read_roots

WARNING_OFFSET_S: Final = 2.0
MAX_OFFSET_S: Final = 1800.0
"""An offset of WARNING_OFFSET_S is reported: logs become hard to read. MAX_OFFSET_S is half of what breaks TLS."""


def clock_offset(facts: Facts, host: HostFacts) -> tuple[float | None, str]:
    """Return how many seconds the host's clock is ahead, and of whose: the managers' if known, otherwise Swarmbot's."""
    managers = {node.host for node in facts.swarm.managers} if facts.swarm else set()
    clocks = [
        other.clock_offset
        for name, other in facts.hosts.items()
        if name in managers - {host.name} and other.clock_offset is not None
    ]
    if host.clock_offset is None or not clocks:
        return host.clock_offset, "Swarmbot's"
    return host.clock_offset - median(clocks), "the managers'"


def clock_findings(facts: Facts, host: HostFacts) -> list[Finding]:
    """Return findings about a wrong clock; ``failed`` means that TLS would fail, now or soon."""
    offset, whose = clock_offset(facts, host)
    if offset is None or abs(offset) < WARNING_OFFSET_S:
        return []
    text = f"the clock of `{host.name}` is {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} {whose}"
    step = f"Set the clock of `{host.name}` (NTP)"
    if _before_root(facts, host):
        why = f"so the root certificate of {facts.name} is not valid yet on this host"
        return [Finding("failed", f"{_capital(text)}, {why}.", host.name, f"{step}.")]
    if abs(offset) < MAX_OFFSET_S:
        return [Finding("warning", text, host.name)]
    return [
        Finding(
            "failed",
            f"{_capital(text)}.",
            host.name,
            f"{step}. With a difference of one hour, TLS between nodes fails.",
        )
    ]


def _before_root(facts: Facts, host: HostFacts) -> bool:
    if facts.swarm is None or not facts.swarm.tls.root or host.clock_offset is None:
        return False
    by_host = facts.at + host.clock_offset
    return all(root.begins > by_host for root in read_roots(facts.swarm.tls.root))


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
