"""Overlay networks over IPv6. Pure.

They carry nothing before engine 25.0 (moby/moby#46790; seen on 20.10.24, where all ports are open and nodes ready all
the same), unless the data path is another: with ``--data-path-addr`` of IPv4 they work there too (seen).
"""

from __future__ import annotations

from typing import Final

from bot.blocks import tick
from bot.model import Finding, HostFacts
from bot.model.engine_versions import version_of

CARRIED_SINCE: Final = (25, 0)


def overlay_findings(host: HostFacts, advertised: str, data_path: str | None = "") -> list[Finding]:
    """What there is to say of a node with these addresses; ``data_path`` is "" where none is given, None if unknown."""
    version = version_of(host.engine_version)
    if not _is_ipv6(data_path or advertised) or version >= CARRIED_SINCE or version == (0, 0):
        return []
    known = "" if data_path is not None else ", which `/swarm check --all` tells"
    text = (
        f"{tick(data_path or advertised)} is IPv6, over which overlay networks carry nothing before engine 25.0 "
        f"unless `--data-path-addr` is an IPv4 address{known}"
    )
    return [Finding("look", text, host.name)]


def _is_ipv6(address: str) -> bool:
    """Whether it is one, with a port or without: an IPv4 address has no more than the colon before its port."""
    return address.count(":") > 1
