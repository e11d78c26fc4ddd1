"""The nodes of each cluster as they were last read: the web process cannot reach a host, and knows their names so."""

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


class LastRead:
    """Safe to share between threads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._noted: dict[str, ReadNodes] = {}

    def note(self, cluster: str, swarm: ClusterFacts) -> None:
        """Store the nodes that were just read. Without Redis nothing is stored: a reader must not fail for it."""
        nodes = ReadNodes(
            names=tuple(node.name for node in swarm.nodes),
            hostnames=tuple(node.hostname for node in swarm.nodes),
            ids=tuple(node.id for node in swarm.nodes),
            at=time.time(),
        )
        if self._is_due(cluster, nodes):
            with suppress(Unavailable), translate_errors():
                self._redis.set(keys.last_read(cluster), to_json(nodes), ex=keys.LAST_READ_TTL_S)

    def nodes(self, cluster: str) -> ReadNodes | None:
        """Return the nodes as they were last read; None if that is not known. Raise Unavailable."""
        with translate_errors():
            stored = self._redis.get(keys.last_read(cluster))
        return from_json(ReadNodes, str(stored)) if stored else None

    def _is_due(self, cluster: str, nodes: ReadNodes) -> bool:
        with self._lock:
            last = self._noted.get(cluster)
            same = last is not None and (last.names, last.ids) == (nodes.names, nodes.ids)
            if same and last is not None and nodes.at - last.at < NOTE_INTERVAL_S:
                return False
            self._noted[cluster] = nodes
            return True
