"""Whether a host's clock lets it be in a cluster. Pure: facts in, findings out.

What breaks is TLS, by the dates of certificates (docs/decisions/0020). SwarmKit dates each node's certificate back by
an hour (``CertBackdate`` in its ca/certificates.go): where the host is further behind the manager that issues, or that
manager ahead of anybody, the certificate is not valid yet. A root's own certificate is dated back by five minutes only:
to a host that is behind the moment when it begins no manager can be trusted, for as long as that lasts.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from bot.model import Facts, Finding, HostFacts
from bot.swarm.reading.certificates import read_roots

WARNING_OFFSET_S: Final = 2.0
MAX_OFFSET_S: Final = 1800.0
"""Seconds: what is told, for logs and leases become hard to read; and half of the hour at which TLS fails."""


def clock_offset(facts: Facts, host: HostFacts) -> tuple[float | None, str]:
    """How far the host's clock is ahead, in seconds, and of whose: the managers' where they are known."""
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
    """Nothing for a clock that is right; ``failed`` is one with which a join would fail, or soon something else."""
    offset, whose = clock_offset(facts, host)
    if offset is None or abs(offset) < WARNING_OFFSET_S:
        return []
    text = f"the clock of `{host.name}` is {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} {whose}"
    step = f"Set the clock of `{host.name}` (NTP)"
    if _before_root(facts, host):
        why = f"so far that {facts.name}'s root certificate is not valid yet"
        return [Finding("failed", f"{_capital(text)}, {why}.", host.name, f"{step}.")]
    if abs(offset) < MAX_OFFSET_S:
        return [Finding("warning", text, host.name)]
    return [Finding("failed", f"{_capital(text)}.", host.name, f"{step}: an hour apart, TLS between nodes fails.")]


def _before_root(facts: Facts, host: HostFacts) -> bool:
    if facts.swarm is None or not facts.swarm.tls.root or host.clock_offset is None:
        return False
    by_host = facts.at + host.clock_offset
    return all(root.begins > by_host for root in read_roots(facts.swarm.tls.root))


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
