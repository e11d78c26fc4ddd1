"""The outcome of a job that met an error."""

from __future__ import annotations

import json

from bot.errors import Failed, SwarmbotError
from bot.queue.lease import Lease
from bot.secrets.redact import redact


def of_error(error: SwarmbotError) -> str:
    """JSON ``{"error": {"severity", "happened", "true_now", "next_step"}}``, with what looks like a secret masked."""
    fields = {name: redact(getattr(error, name)) for name in ("severity", "happened", "true_now", "next_step")}
    return json.dumps({"error": fields}, ensure_ascii=False)


def worker_lost(lease: Lease) -> SwarmbotError:
    """What is told when every attempt at a job ended with its worker."""
    return Failed(
        f"Worker lost: `{lease.job.id}` was tried {lease.job.attempt} times, and each time its worker went away.",
        true_now="Steps that were under way may have been carried out.",
        next_step="Look with `/swarm status`, then ask again.",
    )
