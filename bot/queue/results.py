"""The outcome of a job: a JSON text that is stored with it."""

from __future__ import annotations

import json
from typing import Any

from bot.errors import Failed, SwarmbotError
from bot.queue.lease import Lease
from bot.secrets.redact import redact


def success(told: str, **shown: Any) -> str:
    """Return JSON ``{"told": …}`` of what the requester was told; ``shown`` are messages to keep with it."""
    return json.dumps({"told": told, **shown}, ensure_ascii=False)


def failure(error: SwarmbotError) -> str:
    """Return JSON ``{"error": {"severity", "happened", "true_now", "next_step"}}``, with secrets masked."""
    fields = {name: redact(getattr(error, name)) for name in ("severity", "happened", "true_now", "next_step")}
    return json.dumps({"error": fields}, ensure_ascii=False)


def worker_lost(lease: Lease) -> SwarmbotError:
    """Return what the requester is told if the worker was lost in every attempt at a job."""
    return Failed(
        f"Worker lost: `{lease.job.id}` was tried {lease.job.attempt} times, and its worker went away each time.",
        true_now="Steps that were running may have been carried out.",
        next_step="Check with `/swarm status`, then ask again.",
    )
