"""Options of ``join`` and ``init`` for a host that is a member already: those that differ, and those nobody can see."""

from __future__ import annotations

from collections.abc import Mapping

from bot.blocks import tick
from bot.errors import SwarmbotError
from bot.model import Facts, Finding, HostFacts, NodeFacts, ip_of
from bot.swarm.network.addresses import joining_address
from bot.text.suggest import listed


def differing_option(
    facts: Facts, host: HostFacts, node: NodeFacts, availability: str | None, advertise_addr: str | None
) -> Finding | None:
    """Return a failure if a member differs from an option that applies only to a new member."""
    state = f"`{host.name}` is a {node.role} of {facts.name} already"
    if availability and availability != node.availability:
        verb = "activate" if availability == "active" else availability
        text = f"{state}, and its availability is `{node.availability}`, not `{availability}`."
        return Finding("failed", text, host.name, f"`/swarm {verb} {host.name}` changes it.")
    if not advertise_addr:
        return None
    try:
        address = joining_address(host, advertise_addr)
    except SwarmbotError as error:
        return Finding("failed", error.happened, host.name, error.next_step)
    if host.node_address in {address, ip_of(address)}:
        return None
    text = f"{state}, and is advertised at {tick(host.node_address)}, not at {tick(address)}."
    return Finding("failed", text, host.name, "Make it leave, then join it again with `--advertise-addr`.")


def unseen_options(options: Mapping[str, object]) -> str:
    """Return the given options that no engine reports for a member, as the end of a sentence."""
    flags = [tick(flag) for flag, value in options.items() if value]
    return f" (whether it has this {listed(flags)} is unknown)" if flags else ""
