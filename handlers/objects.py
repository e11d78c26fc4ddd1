"""`/swarm networks`, `secrets`, `configs`, `volumes NODE`: names, and which services use them. Never contents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from bot.blocks import DONE, Message, long_table, section, text_message, tick
from bot.commands import NoArguments, Word, question, text
from bot.errors import Failed
from bot.model import Facts, FactsQuery, NetworkFacts, ServiceFacts, StoredObject, VolumeFacts
from bot.swarm.reading.node_lookup import find_node, require_cluster
from bot.text.durations import age
from bot.text.suggest import first_of, number_of

MAX_USERS: Final = 4
"""The number of services that a row names."""
MAX_VOLUME_CHARS: Final = 40
"""Volumes without a name of their own have one of 64 digits."""
REST: Final = "Those that are not shown come later in the alphabet."


@dataclass(frozen=True, slots=True)
class VolumesArguments:
    """The arguments of ``volumes``."""

    name: Annotated[str, Word(text("NODE"), "a node's name, or the start of its id")]


def _query(kind: Literal["networks", "secrets", "configs"]) -> Callable[[NoArguments], FactsQuery]:
    return lambda _: FactsQuery(services=True, objects=(kind,))


def _volumes_query(arguments: VolumesArguments) -> FactsQuery:
    name = arguments.name
    return FactsQuery(hosts=(name,), all_hosts=True, services=True, volumes=(name,))


@question(
    "networks",
    group="Services",
    help="List the cluster's networks, and the services on each",
    example="networks",
    permission="view",
    risk="none",
    approval=0,
    query=_query("networks"),
)
def networks(facts: Facts, _: NoArguments) -> Message:
    """Return a row for each network of the cluster; those of single hosts are not listed."""
    swarm = require_cluster(facts)
    users = _users(swarm.services, _networks_of)
    published = [each.name for each in swarm.services if any(not port.on_host for port in each.ports)]
    rows = [
        (
            *(each.name, each.driver, ", ".join(each.subnets), _kinds(each)),
            _named(published if each.ingress else users.get(each.id, [])),
        )
        for each in swarm.networks
    ]
    return _listed(facts, "network", ("network", "driver", "subnet", "kind", "used by"), rows)


@question(
    "secrets",
    group="Services",
    help="List the secrets by name, and the services that use each",
    example="secrets",
    permission="view",
    risk="none",
    approval=0,
    query=_query("secrets"),
)
def secrets(facts: Facts, _: NoArguments) -> Message:
    """Return a row for each secret. An engine never returns a secret's content."""
    return _stored(facts, "Secret", require_cluster(facts).secrets)


@question(
    "configs",
    group="Services",
    help="List the configs by name, and the services that use each",
    example="configs",
    permission="view",
    risk="none",
    approval=0,
    query=_query("configs"),
)
def configs(facts: Facts, _: NoArguments) -> Message:
    """Return a row for each config. Its content is not read."""
    return _stored(facts, "Config", require_cluster(facts).configs)


@question(
    "volumes",
    group="Services",
    help="List the volumes of one node, read from its own engine",
    example="volumes host-2",
    permission="view",
    risk="none",
    approval=0,
    query=_volumes_query,
)
def volumes(facts: Facts, arguments: VolumesArguments) -> Message:
    """Return a row for each volume on a node. Raise Failed if its engine could not be asked."""
    swarm, node = require_cluster(facts), find_node(facts, arguments.name)
    host = facts.hosts.get(node.host)
    if host is None:
        raise Failed(
            f"{tick(node.name)} is not a host of swarmbot.yml, so Swarmbot cannot reach its engine.",
            next_step=f"Add it to the hosts of {facts.name} in swarmbot.yml, or run `docker volume ls` on it.",
        )
    if host.failure:
        raise Failed(
            f"The volumes of {tick(node.name)} are unknown. {host.failure.happened}", next_step=host.failure.next_step
        )
    if host.volumes is None:
        raise Failed(
            f"The volumes of {tick(node.name)} were not read.", next_step=f"Try again: `/swarm volumes {node.name}`"
        )
    users = _users(swarm.services, _volumes_of)
    rows = [(*_volume_cells(facts, each), _named(users.get(each.name, []))) for each in host.volumes]
    columns = ("volume", "driver", "stack", "created", "mounted by")
    return _listed(facts, "volume", columns, rows, where=f"on {node.name}")


def _stored(facts: Facts, kind: str, objects: Iterable[StoredObject]) -> Message:
    """Return a row for each secret or config. ``kind`` is "Secret" or "Config", as specs name them."""

    def used_by(service: ServiceFacts) -> Iterable[Any]:
        return (each.get(f"{kind}ID") for each in service.container.get(f"{kind}s") or ())

    users = _users(require_cluster(facts).services, used_by)
    rows = [(each.name, each.stack, _age(facts, each.created), _named(users.get(each.id, []))) for each in objects]
    return _listed(facts, kind.lower(), (kind.lower(), "stack", "created", "used by"), rows)


def _listed(
    facts: Facts, noun: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], where: str = ""
) -> Message:
    title = f"{number_of(len(rows), noun)} {where or f'in {facts.name}'}"
    if not rows:
        return text_message(f"{DONE} *{title}*")
    return Message(f"{DONE} {title}", (section(f"{DONE} *{title}*"), *long_table(columns, rows, REST)))


def _age(facts: Facts, created: float) -> str:
    return f"{age(facts.at - created)} ago" if created else ""


def _kinds(network: NetworkFacts) -> str:
    kinds = {
        "ingress": network.ingress,
        "attachable": network.attachable,
        "internal": network.internal,
        "encrypted": network.encrypted,
    }
    return ", ".join(kind for kind, is_so in kinds.items() if is_so)


def _volume_cells(facts: Facts, volume: VolumeFacts) -> tuple[str, ...]:
    name = volume.name if len(volume.name) <= MAX_VOLUME_CHARS else f"{volume.name[:12]}…"
    return name, volume.driver, volume.stack, _age(facts, volume.created)


def _users(services: Iterable[ServiceFacts], used_by: Callable[[ServiceFacts], Iterable[Any]]) -> dict[str, list[str]]:
    """Return the names of the services that use each object, by its id or name."""
    users: dict[str, list[str]] = {}
    for service in services:
        for each in dict.fromkeys(used_by(service)):
            users.setdefault(str(each), []).append(service.name)
    return users


def _networks_of(service: ServiceFacts) -> Iterable[Any]:
    attached = service.template.get("Networks") or service.spec.get("Networks") or ()
    return (each.get("Target") for each in attached)


def _volumes_of(service: ServiceFacts) -> Iterable[Any]:
    mounts = service.container.get("Mounts") or ()
    return (each.get("Source") for each in mounts if each.get("Type", "volume") == "volume" and each.get("Source"))


def _named(names: list[str]) -> str:
    return first_of(names, MAX_USERS)
