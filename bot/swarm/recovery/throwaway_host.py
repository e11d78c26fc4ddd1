"""Where a throwaway engine may run. Pure."""

from __future__ import annotations

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Facts


def throwaway_host(facts: Facts, named: str) -> str:
    """The host for a throwaway engine: in no cluster, for the CA's key is in its memory meanwhile."""
    if not named:
        free = [host.name for host in facts.hosts.values() if host.answers and host.membership == "inactive"]
        if not free:
            raise Refused(
                f"a drill needs a host that is in no cluster, and {facts.name} has none that answers.",
                true_now="Nothing was changed.",
                next_step="Add a machine with Docker to the cluster's hosts in swarmbot.yml.",
            )
        return free[0]
    host = facts.host(named)
    if host.failure:
        raise Refused(host.failure.happened, true_now="Nothing was changed.", next_step=host.failure.next_step)
    if host.membership != "inactive":
        raise Refused(
            f"{tick(named)} is in a cluster ({host.membership}): a drill runs on a host that is in none.",
            true_now="Nothing was changed.",
            next_step="Name another, or none: the first free host is taken.",
        )
    return named
