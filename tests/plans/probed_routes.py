"""Makes the results of probing routes between described hosts, and of testing their overlay network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.model import Mesh, ProbedRoute, Reach, Route
from bot.swarm.network.routes import GOSSIP_PORT
from tests.plans.parts import Machine, Trial


def mesh_facts(trial: Trial, machines: Mapping[str, Machine], addresses: Mapping[str, str]) -> Mesh:
    """Return the overlay test between all members that are ready."""
    inside = {
        name: addresses[name]
        for name, host in machines.items()
        if host.role != "nothing" and name not in trial.skipped and host.record.state == "ready"
    }
    cut, deaf = [tuple(pair.split(" > ")) for pair in trial.cut], [tuple(pair.split(" > ")) for pair in trial.deaf]
    once = [pair.split(" > ") for pair in trial.unsure]
    return Mesh(
        name="swarmbot-check-1800000000-abcd",
        addresses=inside,
        reached={
            name: frozenset(other for other in inside if other != name and (name, other) not in cut)
            for name in inside
            if name not in trial.silent
        },
        unsure={name: frozenset(target for source, target in once if source == name) for name, _ in once},
        gossip_peers={
            name: frozenset(address for other, address in inside.items() if (name, other) not in deaf)
            for name in inside
        },
        skipped={**trial.skipped, **trial.silent},
        leftovers=tuple(trial.leftovers),
    )


def probed(route: Route, machines: Mapping[str, Machine], closed: Sequence[str], unseen: Sequence[str]) -> ProbedRoute:
    """Return the result for a route; ``closed`` and ``unseen`` list the routes that are not open."""
    written = f"{route.source} > {route.target} {route.name}"
    if written in closed:
        return ProbedRoute(route, "blocked", "no answer" if route.transport == "tcp" else "nothing arrived")
    if written in unseen:
        return ProbedRoute(route, "untested", f"`{route.source}` has no bash")
    if route.transport == "udp":
        return ProbedRoute(route, "passed")
    if route.port != GOSSIP_PORT:
        source, target = machines[route.source], machines[route.target]
        if target.role == "nothing":
            return ProbedRoute(route, target.reached, "no answer" if target.reached == "blocked" else "")
        return _met(route, source.reaches.get(f"{route.address}:{route.port}", "open"))
    return ProbedRoute(route, "passed" if machines[route.target].role == "nothing" else "open")


def _met(route: Route, reach: Reach) -> ProbedRoute:
    met: dict[Reach, ProbedRoute] = {
        "open": ProbedRoute(route, "open"),
        "refused": ProbedRoute(route, "passed", refused=True),
        "no answer": ProbedRoute(route, "blocked", "no answer"),
    }
    return met[reach]
