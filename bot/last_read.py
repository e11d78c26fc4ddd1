"""The nodes and services of each cluster as last read: the web process reaches no host, but has their names."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from redis import Redis

from bot.errors import Unavailable
from bot.model import ClusterFacts
from bot.store import keys
from bot.store.client import translate_errors
from bot.stored_json import from_json, to_json

NOTE_INTERVAL_S: Final = 5.0
"""Names that did not change are stored again after this time. Running steps read the cluster several times a second."""


@dataclass(frozen=True, slots=True)
class ReadNodes:
    """The nodes of a cluster when it was last read."""

    names: tuple[str, ...]
    """Each node's name in swarmbot.yml or host name, in the order of the cluster's list."""
    hostnames: tuple[str, ...]
    ids: tuple[str, ...]
    at: float
    """When it was read, unix seconds."""

    def has(self, name: str) -> bool:
        """Return whether ``name`` means one of them: a name, a host name, or the start of an id."""
        return name in {*self.names, *self.hostnames} or any(each.startswith(name) for each in self.ids)


@dataclass(frozen=True, slots=True)
class ReadServices:
    """The services of a cluster when they were last read."""

    names: tuple[str, ...]
    ids: tuple[str, ...]
    at: float
    """When they were read, unix seconds."""

    def has(self, name: str) -> bool:
        """Return whether ``name`` means one of them: a name, or the start of an id."""
        return name in self.names or any(each.startswith(name) for each in self.ids)


class LastRead:
    """Safe to share between threads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._noted: dict[str, ReadNodes | ReadServices] = {}

    def note(self, cluster: str, swarm: ClusterFacts, *, services: bool = False) -> None:
        """Store the nodes that were just read, and the services if those were (``services``).

        Without Redis nothing is stored: a read must not fail because of that.
        """
        nodes = ReadNodes(
            names=tuple(node.name for node in swarm.nodes),
            hostnames=tuple(node.hostname for node in swarm.nodes),
            ids=tuple(node.id for node in swarm.nodes),
            at=time.time(),
        )
        self._store(keys.last_read("nodes", cluster), nodes)
        if services:
            found = swarm.services
            names, ids = tuple(service.name for service in found), tuple(service.id for service in found)
            self._store(keys.last_read("services", cluster), ReadServices(names, ids, nodes.at))

    def nodes(self, cluster: str) -> ReadNodes | None:
        """Return the nodes as they were last read; None if that is not known. Raise Unavailable."""
        stored = self._stored(keys.last_read("nodes", cluster))
        return from_json(ReadNodes, stored) if stored else None

    def services(self, cluster: str) -> ReadServices | None:
        """Return the services as they were last read; None if that is not known. Raise Unavailable."""
        stored = self._stored(keys.last_read("services", cluster))
        return from_json(ReadServices, stored) if stored else None

    def _stored(self, key: str) -> str:
        with translate_errors():
            return str(self._redis.get(key) or "")

    def _store(self, key: str, read: ReadNodes | ReadServices) -> None:
        if self._is_due(key, read):
            with suppress(Unavailable), translate_errors():
                self._redis.set(key, to_json(read), ex=keys.LAST_READ_TTL_S)

    def _is_due(self, key: str, read: ReadNodes | ReadServices) -> bool:
        with self._lock:
            last = self._noted.get(key)
            same = last is not None and (last.names, last.ids) == (read.names, read.ids)
            if same and last is not None and read.at - last.at < NOTE_INTERVAL_S:
                return False
            self._noted[key] = read
            return True
