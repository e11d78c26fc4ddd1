"""Answers that are given before everything is known, and say what is still awaited. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

from bot.blocks import WAITING, Message, context
from bot.errors import SwarmbotError
from bot.model import Facts, HostFacts, HostFailure
from bot.text.suggest import listed


def not_read_yet(facts: Facts, silent: Collection[str]) -> Facts:
    """Return the facts with the ``silent`` hosts as hosts that have not responded yet."""
    hosts = {
        name: HostFacts(name, host.address, HostFailure("not yet", f"`{name}` ({host.address}) has not responded yet."))
        if name in silent
        else host
        for name, host in facts.hosts.items()
    }
    return replace(facts, hosts=MappingProxyType(hosts))


def late_hosts(facts: Facts | SwarmbotError) -> list[str]:
    """Return the hosts that did not respond in the time of the read."""
    hosts = facts.hosts.items() if isinstance(facts, Facts) else ()
    return [name for name, host in hosts if host.failure and host.failure.problem == "slow"]


def is_unknown(result: Facts | SwarmbotError) -> bool:
    """Return whether the cluster could not be read in this time. One that does not exist was read."""
    if not isinstance(result, Facts):
        return True
    return result.swarm is None and not all(h.responds and h.membership == "inactive" for h in result.hosts.values())


def not_yet_text(names: list[str], what: str) -> str:
    """Return "`host-1` and `host-2` have not responded yet"; "" for no names."""
    return f"{listed(names)} {'has' if len(names) == 1 else 'have'} not {what} yet" if names else ""


def incomplete(message: Message, awaited: str, timeout_s: float) -> Message:
    """Return an answer with what is not known yet."""
    state = f"*{awaited}*. " if awaited else ""
    note = f"{WAITING} {state}The complete answer follows within {timeout_s:.0f} s."
    row = context(note)
    plain = (*message.plain, row) if message.plain else ()
    return replace(message, text=f"{message.text} {note}", blocks=(*message.blocks, row), plain=plain)
