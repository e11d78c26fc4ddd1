"""The objects of a cluster, and how two inventories differ. Pure, except for reading the engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.blocks import tick
from bot.model import Engine, Json
from bot.text.mrkdwn import safe_name

# Other keys of a network differ between the engines of hosts.
_NETWORK: Final = (
    "Driver",
    "EnableIPv6",
    "IPAM",
    "Internal",
    "Attachable",
    "Ingress",
    "ConfigOnly",
    "Options",
    "Labels",
)


@dataclass(frozen=True, slots=True)
class ClusterObject:
    """An object of the cluster."""

    kind: str
    """``service``, ``network``, ``secret``, ``config`` or ``node``."""
    name: str
    digest: str
    """SHA-256 of its content, in hex."""
    created: float
    """Unix seconds."""
    updated: float
    """Unix seconds."""

    @property
    def shown(self) -> str:
        """Return ``service `web```."""
        return f"{self.kind} {tick(self.name)}"


Inventory = Mapping[str, ClusterObject]
"""The objects of a cluster by their ids."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between a cluster and a backup of it."""

    same: int
    """The number of equal objects."""
    since: tuple[str, ...]
    """The objects that changed after the backup, in words."""
    faults: tuple[str, ...]
    """The objects that are missing or differ although they are older than the backup, in words."""


def read_inventory(engine: Engine) -> Inventory:
    """Return the services, networks, secrets (names and labels only), configs and nodes of a manager."""
    return {
        **_things("service", engine.services(), _spec_name, _spec),
        **_things("network", engine.networks(), lambda found: str(found["Name"]), _network),
        **_things("secret", engine.secrets(), _spec_name, _spec),
        **_things("config", engine.configs(), _spec_name, _spec),
        **_things("node", engine.nodes(), _node_name, _spec),
    }


def compare(living: Inventory, restored: Inventory, taken_at: float) -> Comparison:
    """Compare a cluster with a restored backup that was taken at ``taken_at`` (unix seconds)."""
    same, since, faults = 0, list[str](), list[str]()
    for object_id, thing in sorted(living.items(), key=lambda item: (item[1].kind, item[1].name)):
        then = restored.get(object_id)
        if then is not None and then.digest == thing.digest:
            same += 1
        elif then is None:
            told, newer = f"{thing.shown} was created", thing.created > taken_at
            (since if newer else faults).append(told if newer else f"{thing.shown} is not in it")
        else:
            newer = thing.updated > taken_at
            (since if newer else faults).append(f"{thing.shown} " + ("was changed" if newer else "differs in it"))
    since += [f"{then.shown} was removed" for object_id, then in restored.items() if object_id not in living]
    return Comparison(same, tuple(since), tuple(faults))


def _things(
    kind: str, records: Iterable[Json], name: Callable[[Json], str], content: Callable[[Json], Any]
) -> dict[str, ClusterObject]:
    return {
        _id(each): ClusterObject(
            kind=kind,
            name=name(each),
            digest=hashlib.sha256(json.dumps(content(each), sort_keys=True).encode()).hexdigest(),
            created=_moment(each.get("CreatedAt") or each.get("Created")),
            updated=_moment(each.get("UpdatedAt") or each.get("Created")),
        )
        for each in records
    }


def _id(record: Json) -> str:
    return str(record.get("ID") or record["Id"])


def _spec(record: Json) -> Any:
    return record["Spec"]


def _spec_name(record: Json) -> str:
    return str(record["Spec"]["Name"])


def _node_name(record: Json) -> str:
    return safe_name(str((record.get("Description") or {}).get("Hostname") or "")) or _id(record)


def _network(record: Json) -> Any:
    return {key: record.get(key) for key in _NETWORK}


def _moment(stamp: str | None) -> float:
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0
