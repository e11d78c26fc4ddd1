"""The last spec of each service whose tasks were seen to run, encrypted. Docker has only the one before any update."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from redis import Redis

from bot.errors import Unavailable
from bot.model import Facts, GoodSpec, Operation
from bot.secrets.sealed_json import open_json, seal_json
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import translate_errors
from bot.swarm.services.rollout.rollout import running_spec


class GoodSpecs:
    """Safe to share between threads. ``key`` is SWARMBOT_SECRET_KEY; without it nothing is kept.

    A spec may hold secrets in its environment, so it is stored encrypted, bound to its service.
    """

    def __init__(self, redis: Redis, key: Secret | None) -> None:
        self._redis = redis
        self._key = key

    def note(self, facts: Facts, operation: Operation) -> None:
        """Keep the spec of the service that ``operation`` changes, if its tasks run. Do nothing without Redis.

        During an update that is the spec before it, if tasks of that one run.
        """
        service = facts.service(operation.changed_service)
        if self._key is None or facts.swarm is None or service is None or service.is_job:
            return
        spec = running_spec(facts.swarm, service, facts.cluster_time)
        if spec is None:
            return
        place = (facts.cluster_id, service.id)
        sealed = seal_json(self._key, _context(*place), GoodSpec(dict(spec), facts.at))
        try:
            with translate_errors():
                self._redis.set(keys.good_spec(*place), sealed, ex=keys.GOOD_SPEC_TTL_S)
        except Unavailable:
            return  # it is kept for a later order, and must not fail this one

    def added_to(self, facts: Facts, services: Iterable[str]) -> Facts:
        """Return the facts with what was kept of these services, by id. Raise Unavailable."""
        found = {service: self.read(facts.cluster_id, service) for service in services}
        return replace(facts, good_specs={key: spec for key, spec in found.items() if spec}) if found else facts

    def read(self, cluster_id: str, service_id: str) -> GoodSpec | None:
        """Return the spec that was kept; None if there is none or it cannot be decrypted. Raise Unavailable."""
        with translate_errors():
            sealed: Any = self._redis.get(keys.good_spec(cluster_id, service_id))
        return open_json(GoodSpec, self._key, _context(cluster_id, service_id), sealed)


def _context(cluster_id: str, service_id: str) -> str:
    """Return what a sealed spec is bound to."""
    return f"good spec {cluster_id} {service_id}"
