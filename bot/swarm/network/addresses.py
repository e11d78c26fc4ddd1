"""Which address a node shall advertise. Engines take any, also ones that destroy the quorum (facts/swarm.md)."""

from __future__ import annotations

import ipaddress
from typing import Final

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Finding, HostFacts
from bot.model.engine_versions import version_of

HIGHEST_PORT = 65535


def advertise_address(host: HostFacts, wanted: str | None) -> str:
    """The address to pass to the engine, with its port if one was given.

    ``wanted`` is an address or an interface, with ``:port`` or not. Without it: the host's only address, or else the
    one that swarmbot.yml has for it. Raises Refused for loopback, for what is not on the host, and when there is a
    choice to make.
    """
    if wanted:
        place, port = _split(wanted)
        return _joined(_on_host(host, place), port)
    addresses = _addresses(host)
    if len(addresses) == 1:
        return addresses[0]
    raise Refused(
        f"`{host.name}` has {len(addresses) or 'no'} addresses that could be advertised"
        + (f": {_listed(host)}." if addresses else "."),
        next_step="Say which: `--advertise-addr ADDRESS` (or the interface)."
        if addresses
        else f"Look at its network: `ip address` on `{host.name}`.",
    )


def joining_address(host: HostFacts, wanted: str | None) -> str:
    """As :func:`advertise_address`; of several addresses the one that swarmbot.yml has for the host is taken."""
    if not wanted and host.address in _addresses(host):
        return host.address
    return advertise_address(host, wanted)


def local_address(host: HostFacts, wanted: str, flag: str) -> str:
    """``wanted`` for a flag that binds (``--listen-addr``, ``--data-path-addr``): on the host, or all addresses."""
    try:
        place, port = _split(wanted)
        if place in {"0.0.0.0", "::"}:  # noqa: S104 - what the person asked for, and Docker's own default
            return wanted
        return _joined(_on_host(host, place), port)
    except Refused as error:
        raise Refused(f"`{flag}`: {error.happened}", next_step=error.next_step) from None


def is_loopback(address: str) -> bool:
    """Whether no other host reaches it there; False for what is no address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _on_host(host: HostFacts, place: str) -> str:
    by_interface = {interface.name: interface.addresses for interface in host.interfaces}
    if place in by_interface:
        return _only(host, place, by_interface[place])
    try:
        address = ipaddress.ip_address(place)
    except ValueError:
        raise Refused(
            f"{tick(place)} is neither an address nor an interface of `{host.name}`.",
            next_step=f"It has {_listed(host)}.",
        ) from None
    if address.is_loopback or address.is_unspecified:
        raise Refused(
            f"{tick(place)} would be advertised to other hosts, and none can reach `{host.name}` there.",
            next_step=f"It has {_listed(host)}.",
        )
    if str(address) not in _addresses(host):
        raise Refused(f"{tick(place)} is not an address of `{host.name}`.", next_step=f"It has {_listed(host)}.")
    return str(address)


def _joined(address: str, port: str) -> str:
    """An IPv6 address stands in brackets before a port and bare without one: engines refuse it otherwise."""
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _only(host: HostFacts, interface: str, addresses: tuple[str, ...]) -> str:
    if len(addresses) == 1:
        return addresses[0]
    raise Refused(
        f"Interface `{interface}` of `{host.name}` has {len(addresses) or 'no'} addresses.",
        next_step=f"Name one of {_listed(host)}.",
    )


def _addresses(host: HostFacts) -> list[str]:
    return [address for interface in host.interfaces for address in interface.addresses]


def _listed(host: HostFacts) -> str:
    pairs = [f"`{address}` ({interface.name})" for interface in host.interfaces for address in interface.addresses]
    return ", ".join(pairs) or "no address"


def _split(text: str) -> tuple[str, str]:
    """``10.0.0.1:2377`` → address and port; an IPv6 address has its port after brackets.

    Refused for what is no port: engines take any text there and advertise it.
    """
    address, port = text, ""
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT):
        raise Refused(f"{tick(port)} is not a port.", next_step="Write `ADDRESS:PORT`, or leave the port out.")
    return address, port


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
    return [Finding("warning", text, host.name)]


def _is_ipv6(address: str) -> bool:
    """Whether it is one, with a port or without: an IPv4 address has no more than the colon before its port."""
    return address.count(":") > 1
