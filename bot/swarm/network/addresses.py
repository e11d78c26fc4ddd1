"""The address that a node advertises. Pure.

Engines accept any address, even one that destroys the quorum (docs/swarm-behaviour.md#init-and-addresses).

Overlay networks over IPv6 carry no traffic before engine 25.0 (moby/moby#46790), although all ports are open and all
nodes ready (seen on 20.10.24). With an IPv4 address as ``--data-path-addr`` they work there too (seen).
"""

from __future__ import annotations

import ipaddress
from typing import Final

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Finding, HostFacts
from bot.model.engine_versions import version_of

MAX_PORT = 65535


def advertise_address(host: HostFacts, wanted: str | None) -> str:
    """Return the address to pass to the engine, with its port if one was given.

    ``wanted`` is an address or an interface, with or without ``:port``. Without it, return the host's only address.
    Raise Refused for a loopback address, for an address that the host does not have, and if there is no single address.
    """
    if wanted:
        place, port = _split(wanted)
        return _joined(_on_host(host, place), port)
    addresses = _addresses(host)
    if len(addresses) == 1:
        return addresses[0]
    raise Refused(
        f"`{host.name}` has {len(addresses) or 'no'} addresses that it could advertise"
        + (f": {_listed(host)}." if addresses else "."),
        next_step="Choose one: `--advertise-addr ADDRESS` (or the name of its interface)."
        if addresses
        else f"Check its network: run `ip address` on `{host.name}`.",
    )


def joining_address(host: HostFacts, wanted: str | None) -> str:
    """Return :func:`advertise_address`; among several addresses, prefer the one in swarmbot.yml."""
    if not wanted and host.address in _addresses(host):
        return host.address
    return advertise_address(host, wanted)


def local_address(host: HostFacts, wanted: str, flag: str) -> str:
    """Return ``wanted`` for ``--listen-addr`` or ``--data-path-addr``: an address of the host, or all addresses.

    Raise Refused for any other address.
    """
    try:
        place, port = _split(wanted)
        if place in {"0.0.0.0", "::"}:  # noqa: S104 - requested by the user, and Docker's own default
            return wanted
        return _joined(_on_host(host, place), port)
    except Refused as error:
        raise Refused(f"`{flag}`: {error.happened}", next_step=error.next_step) from None


def is_loopback(address: str) -> bool:
    """Return whether ``address`` is a loopback address; False for text that is not an address."""
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
            f"{tick(place)} is not an address or interface of `{host.name}`.",
            next_step=f"Its addresses: {_listed(host)}.",
        ) from None
    if address.is_loopback or address.is_unspecified:
        raise Refused(
            f"{tick(place)} cannot be advertised: no other host can reach `{host.name}` at this address.",
            next_step=f"Its addresses: {_listed(host)}.",
        )
    if str(address) not in _addresses(host):
        raise Refused(
            f"{tick(place)} is not an address of `{host.name}`.", next_step=f"Its addresses: {_listed(host)}."
        )
    return str(address)


def _joined(address: str, port: str) -> str:
    """Return address and port. Engines need brackets around IPv6 with a port, and refuse them without."""
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _only(host: HostFacts, interface: str, addresses: tuple[str, ...]) -> str:
    if len(addresses) == 1:
        return addresses[0]
    raise Refused(
        f"Interface `{interface}` of `{host.name}` has {len(addresses) or 'no'} addresses.",
        next_step=f"Choose one of: {_listed(host)}.",
    )


def _addresses(host: HostFacts) -> list[str]:
    return [address for interface in host.interfaces for address in interface.addresses]


def _listed(host: HostFacts) -> str:
    pairs = [f"`{address}` ({interface.name})" for interface in host.interfaces for address in interface.addresses]
    return ", ".join(pairs) or "none"


def _split(text: str) -> tuple[str, str]:
    """Return address and port of ``10.0.0.1:2377`` or ``[fd00::1]:2377``; the port is "" if there is none.

    Raise Refused for an invalid port: engines accept any text there and advertise it.
    """
    address, port = text, ""
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT):
        raise Refused(f"{tick(port)} is not a valid port.", next_step="Use `ADDRESS:PORT`, or omit the port.")
    return address, port


IPV6_OVERLAY_SINCE: Final = (25, 0)


def overlay_findings(host: HostFacts, advertised: str, data_path: str | None = "") -> list[Finding]:
    """Return a warning if overlay networks cannot work with these addresses.

    ``data_path`` is "" if none is given, None if it is unknown.
    """
    version = version_of(host.engine_version)
    if not _is_ipv6(data_path or advertised) or version >= IPV6_OVERLAY_SINCE or version == (0, 0):
        return []
    hint = "" if data_path is not None else "; `/swarm check --all` tests this"
    text = (
        f"{tick(data_path or advertised)} is an IPv6 address: before engine 25.0, overlay networks over IPv6 carry no "
        f"traffic unless `--data-path-addr` is an IPv4 address{hint}"
    )
    return [Finding("warning", text, host.name)]


def _is_ipv6(address: str) -> bool:
    """Return whether ``address`` is IPv6, with or without a port. An IPv4 address has at most one colon."""
    return address.count(":") > 1
