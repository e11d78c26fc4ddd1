"""Promises to rotate a token, in Redis: made before the token is shown, gone when everybody was told of its end."""

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
from bot.one_time_tokens.pending_rotation import REQUESTER, PendingRotation, TokenRequester, known_of, secret_of
from bot.queue.lease import Lease
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script
from bot.stored_json import to_json
from bot.swarm.operations import fingerprint

LUA: Final = Path(__file__).parent / "lua"
ROLES: Final[tuple[Role, ...]] = ("worker", "manager")
HELD_MS: Final = 30_000
"""How long one worker alone looks after a promise; when it dies meanwhile, the next one looks then."""


class PendingRotations:
    """Safe to share between threads; every method raises :class:`~bot.errors.Unavailable`.

    ``once_for`` is how many seconds a token that is shown for one node stays good at the longest.
    """

    def __init__(self, redis: Redis, audit: Audit, once_for: float) -> None:
        self._redis = redis
        self._audit = audit
        self._once_for_ms = int(once_for * 1000)
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in ("make", "claim", "note", "told")}

    def cover(self, lease: Lease, query: FactsQuery, facts: Facts) -> Facts:
        """Promise what ``query`` says of the token in ``facts``, which is about to be shown to who asked.

        Returns the facts with the moment until which the token is good, where somebody was promised one. Raises Failed
        for a token that is about to be rotated.
        """
        for role in ROLES:
            secret = secret_of(role)
            if secret in facts.secrets:
                found = fingerprint(facts.secrets[secret])
                until = self._make(lease, facts, role, found) if query.once else self._until(facts.name, role, found)
                facts = replace(facts, good_until=until)
        return facts

    def _make(self, lease: Lease, facts: Facts, role: Role, found: str) -> float:
        order = lease.job.order
        pending_rotation = PendingRotation(facts.name, role, found, 0, frozenset(), ())
        requester = TokenRequester(order.id, order.requester, order.channel, order.response_url)
        places = [keys.pending_rotation(pending_rotation.id), keys.PENDING_ROTATIONS, *keys.AUDIT]
        args = [pending_rotation.id, facts.name, role, found, known_of(facts), str(self._once_for_ms)]
        args += [REQUESTER + requester.job, to_json(requester)]
        entries = [lease.audit_entry("promised", f"rotate the {role} token after the next node that joins")]
        word, deadline = self._audit.commit(entries, lambda tail: self._run["make"](places, args + tail))
        if word == "due":
            raise Failed(
                f"The {role} token of {tick(facts.name)} is just being rotated.",
                true_now="No token was shown.",
                next_step="Ask again in a moment.",
            )
        return float(deadline) / 1000

    def _until(self, cluster: str, role: Role, found: str) -> float:
        """When the token that somebody was promised for one node is rotated at the latest; 0.0 if nobody was."""
        with translate_errors():
            deadline: Any = self._redis.hget(
                keys.pending_rotation(PendingRotation(cluster, role, found, 0, frozenset(), ()).id), "deadline"
            )
        return int(deadline) / 1000 if deadline else 0.0

    def open(self) -> list[str]:
        """Ids of the promises that are not kept yet, the one to be looked at next first."""
        with translate_errors():
            ids: Any = self._redis.zrange(keys.PENDING_ROTATIONS, 0, -1)
        return list(ids)

    def claim(self, promise_id: str) -> tuple[PendingRotation, float] | None:
        """The promise and the time by Redis' clock, for this worker alone; None if it is not to be looked at now."""
        with translate_errors():
            word, *reply = self._run["claim"](
                [keys.pending_rotation(promise_id), keys.PENDING_ROTATIONS], [promise_id, str(HELD_MS)]
            )
        if word != "yours":
            return None
        now, *flat = reply
        return PendingRotation.from_hash(dict(zip(flat[::2], flat[1::2], strict=True))), float(now) / 1000

    def note(self, pending_rotation: PendingRotation, again_in: float, **fields: str | int) -> None:
        """Write ``fields``, and have the promise looked at again in so many seconds."""
        texts: Mapping[str, str] = {name: str(value) for name, value in fields.items()}
        args = [pending_rotation.id, str(int(again_in * 1000)), json.dumps(texts, ensure_ascii=False)]
        with translate_errors():
            self._run["note"]([keys.pending_rotation(pending_rotation.id), keys.PENDING_ROTATIONS], args)

    def told(self, pending_rotation: PendingRotation, requester: TokenRequester) -> None:
        """Forget an asker who knows how it ended; with the last one goes the promise."""
        with translate_errors():
            self._run["told"](
                [keys.pending_rotation(pending_rotation.id), keys.PENDING_ROTATIONS],
                [pending_rotation.id, REQUESTER + requester.job, REQUESTER],
            )
