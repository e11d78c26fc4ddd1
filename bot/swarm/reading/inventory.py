"""What a cluster holds, object by object, and how two looks at it differ. Pure, but for asking the engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.blocks import tick
from bot.model import Engine, Json

# What the engine of each host adds to a network's description by itself.
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
    """An object of the cluster: its kind and name, a digest of what is in it, and when it was last changed."""

    kind: str
    name: str
    digest: str
    created: float
    updated: float

    @property
    def shown(self) -> str:
        """``service `web```."""
        return f"{self.kind} {tick(self.name)}"


Inventory = Mapping[str, ClusterObject]
"""The objects of a cluster by their ids."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many objects are the same; in words, those that changed after a moment, and those that just differ."""

    same: int
    since: tuple[str, ...]
    faults: tuple[str, ...]


def read_inventory(engine: Engine) -> Inventory:
    """Services, networks, secrets (their names and labels), configs and nodes, as a manager has them."""
    return {
        **_things("service", engine.services(), _spec_name, _spec),
        **_things("network", engine.networks(), lambda found: str(found["Name"]), _network),
        **_things("secret", engine.secrets(), _spec_name, _spec),
        **_things("config", engine.configs(), _spec_name, _spec),
        **_things("node", engine.nodes(), _node_name, _spec),
    }


def compare(living: Inventory, restored: Inventory, taken_at: float) -> Comparison:
    """Compare a cluster with what came out of a backup that was taken at ``taken_at`` (unix seconds)."""
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
    kind: str, found: Sequence[Json], name: Callable[[Json], str], content: Callable[[Json], Any]
) -> dict[str, ClusterObject]:
    return {
        _id(each): ClusterObject(
            kind=kind,
            name=name(each),
            digest=hashlib.sha256(json.dumps(content(each), sort_keys=True).encode()).hexdigest(),
            created=_moment(each.get("CreatedAt") or each.get("Created")),
            updated=_moment(each.get("UpdatedAt") or each.get("Created")),
        )
        for each in found
    }


def _id(found: Json) -> str:
    return str(found.get("ID") or found["Id"])


def _spec(found: Json) -> Any:
    return found["Spec"]


def _spec_name(found: Json) -> str:
    return str(found["Spec"]["Name"])


def _node_name(found: Json) -> str:
    return str((found.get("Description") or {}).get("Hostname") or _id(found))


def _network(found: Json) -> Any:
    return {key: found.get(key) for key in _NETWORK}


def _moment(stamp: str | None) -> float:
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0
