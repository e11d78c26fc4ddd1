"""Pending rotations in Redis: created before a token is shown, deleted when every requester was told its end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit
from bot.blocks import tick
from bot.errors import Failed
from bot.model import Facts, FactsQuery, Role
from bot.one_time_tokens.pending_rotation import REQUESTER, PendingRotation, TokenRequester, node_ids, secret_of
from bot.queue.job import Order
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script
from bot.stored_json import to_json
from bot.swarm.operations import secret_fingerprint

LUA: Final = Path(__file__).parent / "lua"
ROLES: Final[tuple[Role, ...]] = ("worker", "manager")
CLAIM_MS: Final = 30_000
"""How long a claim lasts. If the worker dies, another may claim the rotation after this time."""


class PendingRotations:
    """Safe to share between threads. Every method raises :class:`~bot.errors.Unavailable`.

    A token that is shown for one node is rotated after ``max_age_s`` seconds at the latest.
    """

    def __init__(self, redis: Redis, audit: Audit, max_age_s: float) -> None:
        self._redis = redis
        self._audit = audit
        self._max_age_ms = int(max_age_s * 1000)
        self._run = {
            name: Script(redis, LUA / f"{name}.lua") for name in ("create", "claim", "update", "forget_requester")
        }

    def ensure_rotation(self, order: Order, worker: str, query: FactsQuery, facts: Facts) -> Facts:
        """Create the rotation of a token in ``facts`` that is about to be shown, if ``query`` asks for it once.

        Return the facts with the time until which the token is valid, if it has a pending rotation. Raise Failed if the
        rotation is already due.
        """
        for role in ROLES:
            secret = secret_of(role)
            if secret in facts.secrets:
                found = secret_fingerprint(facts.secrets[secret])
                until = (
                    self._create(order, worker, facts, role, found)
                    if query.one_time
                    else self._until(facts.name, role, found)
                )
                facts = replace(facts, token_valid_until=until)
        return facts

    def _create(self, order: Order, worker: str, facts: Facts, role: Role, found: str) -> float:
        pending_rotation = PendingRotation(facts.name, role, found, 0, frozenset(), ())
        requester = TokenRequester(order.id, order.requester, order.channel, order.response_url)
        places = [keys.pending_rotation(pending_rotation.id), keys.PENDING_ROTATIONS, *keys.AUDIT]
        args = [pending_rotation.id, facts.name, role, found, node_ids(facts), str(self._max_age_ms)]
        args += [REQUESTER + requester.job, to_json(requester)]
        entries = [order.audit_entry("promised", worker, f"rotate the {role} token after the next node that joins")]
        word, deadline = self._audit.commit(entries, lambda tail: self._run["create"](places, args + tail))
        if word == "due":
            raise Failed(
                f"The {role} token of {tick(facts.name)} is being rotated.",
                true_now="No token was shown.",
                next_step="Ask again in a moment.",
            )
        return float(deadline) / 1000

    def _until(self, cluster: str, role: Role, found: str) -> float:
        """Return the deadline of the token's pending rotation; 0.0 if it has none."""
        with translate_errors():
            deadline: Any = self._redis.hget(
                keys.pending_rotation(PendingRotation(cluster, role, found, 0, frozenset(), ()).id), "deadline"
            )
        return int(deadline) / 1000 if deadline else 0.0

    def open(self) -> list[str]:
        """Return the ids of all pending rotations, the one to check next first."""
        with translate_errors():
            ids: Any = self._redis.zrange(keys.PENDING_ROTATIONS, 0, -1)
        return list(ids)

    def claim(self, rotation_id: str) -> tuple[PendingRotation, float] | None:
        """Claim a rotation for this worker. Return it and Redis' time (unix seconds); None if no check is due."""
        with translate_errors():
            word, *reply = self._run["claim"](
                [keys.pending_rotation(rotation_id), keys.PENDING_ROTATIONS], [rotation_id, str(CLAIM_MS)]
            )
        if word != "yours":
            return None
        now, *flat = reply
        return PendingRotation.from_hash(dict(zip(flat[::2], flat[1::2], strict=True))), float(now) / 1000

    def update(self, pending_rotation: PendingRotation, again_in: float, **fields: str | int) -> None:
        """Write ``fields``, and check the rotation next in ``again_in`` seconds."""
        texts: Mapping[str, str] = {name: str(value) for name, value in fields.items()}
        args = [pending_rotation.id, str(int(again_in * 1000)), json.dumps(texts, ensure_ascii=False)]
        with translate_errors():
            self._run["update"]([keys.pending_rotation(pending_rotation.id), keys.PENDING_ROTATIONS], args)

    def forget_requester(self, pending_rotation: PendingRotation, requester: TokenRequester) -> None:
        """Delete a requester who was told the end; with the last one, delete the rotation."""
        with translate_errors():
            self._run["forget_requester"](
                [keys.pending_rotation(pending_rotation.id), keys.PENDING_ROTATIONS],
                [pending_rotation.id, REQUESTER + requester.job, REQUESTER],
            )
