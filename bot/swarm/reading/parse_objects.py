"""Parse the Engine API's JSON of networks, secrets, configs and volumes into facts. Contents are dropped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from bot.model import Json, NetworkFacts, StoredObject, VolumeFacts
from bot.swarm.reading.parse_services import seconds
from bot.text.mrkdwn import safe_name


def networks(records: Sequence[Json]) -> tuple[NetworkFacts, ...]:
    """Parse ``GET /networks``, sorted by name."""
    return _sorted(_network(each) for each in records)


def stored_objects(records: Sequence[Json]) -> tuple[StoredObject, ...]:
    """Parse ``GET /secrets`` or ``/configs``, sorted by name. An engine sends the content of configs, in ``Data``."""
    return _sorted(_stored_object(each) for each in records)


def volumes(records: Sequence[Json]) -> tuple[VolumeFacts, ...]:
    """Parse ``Volumes`` of ``GET /volumes``, sorted by name."""
    return _sorted(
        VolumeFacts(
            name=safe_name(each["Name"]),
            driver=safe_name(each["Driver"]),
            labels=_labels(each),
            created=_moment(each.get("CreatedAt")),
        )
        for each in records
    )


PARSERS: Final[Mapping[str, Callable[[Sequence[Json]], Any]]] = MappingProxyType(
    {"networks": networks, "secrets": stored_objects, "configs": stored_objects}
)
"""By the names of ``FactsQuery.objects``: the engine's calls and the fields of the facts have the same names."""


def _network(record: Json) -> NetworkFacts:
    options = record.get("Options") or {}
    subnets = (each.get("Subnet") for each in (record.get("IPAM") or {}).get("Config") or ())
    return NetworkFacts(
        id=record["Id"],
        name=safe_name(record["Name"]),
        driver=safe_name(record["Driver"]),
        subnets=tuple(filter(None, subnets)),
        attachable=bool(record.get("Attachable")),
        internal=bool(record.get("Internal")),
        ingress=bool(record.get("Ingress")),
        encrypted="encrypted" in options and options["encrypted"] != "false",
        labels=_labels(record),
        created=seconds(record.get("Created")),
    )


def _stored_object(record: Json) -> StoredObject:
    return StoredObject(
        id=record["ID"],
        name=safe_name(record["Spec"]["Name"]),
        labels=_labels(record["Spec"]),
        created=seconds(record.get("CreatedAt")),
        updated=seconds(record.get("UpdatedAt")),
    )


def _moment(time: str | None) -> float:
    """Return the unix seconds of a volume's time; 0 if its driver, which may be anybody's, writes something else."""
    try:
        return seconds(time)
    except ValueError:
        return 0.0


def _labels(record: Json) -> Mapping[str, str]:
    return MappingProxyType(record.get("Labels") or {})


def _sorted(objects: Any) -> tuple[Any, ...]:
    return tuple(sorted(objects, key=lambda each: each.name))
