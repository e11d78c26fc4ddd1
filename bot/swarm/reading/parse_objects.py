"""Parse the Engine API's JSON of networks, secrets, configs and volumes into facts. Contents are dropped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from bot.model import Json, NetworkFacts, StoredObject, VolumeFacts
from bot.swarm.reading.parse_services import seconds
from bot.text.mrkdwn import safe_name


def networks(found: Sequence[Json]) -> tuple[NetworkFacts, ...]:
    """Parse ``GET /networks``, sorted by name."""
    return _sorted(_network(each) for each in found)


def stored_objects(found: Sequence[Json]) -> tuple[StoredObject, ...]:
    """Parse ``GET /secrets`` or ``/configs``, sorted by name. An engine sends the content of configs, in ``Data``."""
    return _sorted(_stored_object(each) for each in found)


def volumes(found: Sequence[Json]) -> tuple[VolumeFacts, ...]:
    """Parse ``Volumes`` of ``GET /volumes``, sorted by name."""
    return _sorted(
        VolumeFacts(
            name=safe_name(each["Name"]),
            driver=safe_name(each["Driver"]),
            labels=_labels(each),
            created=_moment(each.get("CreatedAt")),
        )
        for each in found
    )


PARSERS: Final[Mapping[str, Callable[[Sequence[Json]], Any]]] = MappingProxyType(
    {"networks": networks, "secrets": stored_objects, "configs": stored_objects}
)
"""By the names of ``FactsQuery.objects``: the engine's calls and the fields of the facts have the same names."""


def _network(found: Json) -> NetworkFacts:
    options = found.get("Options") or {}
    subnets = (each.get("Subnet") for each in (found.get("IPAM") or {}).get("Config") or ())
    return NetworkFacts(
        id=found["Id"],
        name=safe_name(found["Name"]),
        driver=safe_name(found["Driver"]),
        subnets=tuple(filter(None, subnets)),
        attachable=bool(found.get("Attachable")),
        internal=bool(found.get("Internal")),
        ingress=bool(found.get("Ingress")),
        encrypted="encrypted" in options and options["encrypted"] != "false",
        labels=_labels(found),
        created=seconds(found.get("Created")),
    )


def _stored_object(found: Json) -> StoredObject:
    return StoredObject(
        id=found["ID"],
        name=safe_name(found["Spec"]["Name"]),
        labels=_labels(found["Spec"]),
        created=seconds(found.get("CreatedAt")),
        updated=seconds(found.get("UpdatedAt")),
    )


def _moment(time: str | None) -> float:
    """Return the unix seconds of a volume's time; 0 if its driver, which may be anybody's, writes something else."""
    try:
        return seconds(time)
    except ValueError:
        return 0.0


def _labels(found: Json) -> Mapping[str, str]:
    return MappingProxyType(found.get("Labels") or {})


def _sorted(found: Any) -> tuple[Any, ...]:
    return tuple(sorted(found, key=lambda each: each.name))
