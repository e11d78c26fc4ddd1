"""A worker whose jobs do nothing: ``python -m bench.queue_worker URL NAME``. A ``hang`` ends in its second attempt."""

from __future__ import annotations

import sys
import time
from threading import Event
from typing import Final

from bot.audit import Audit
from bot.queue.lease import Lease
from bot.queue.queue import Queue
from bot.queue.worker import Worker
from bot.secrets.secret import Secret
from bot.store.client import connect

STARTED: Final = "bench:started"
"""A list of when each job began, unix seconds."""
HANG: Final = "hang"


def main(url: str, name: str) -> None:
    """Work until killed."""
    redis = connect(Secret(url))
    queue = Queue(redis, Audit(redis))

    def handle(lease: Lease) -> None:
        redis.rpush(STARTED, f"{time.time():.6f}")
        if lease.job.order.command == HANG and lease.job.attempt == 1:
            Event().wait()
        queue.finish(lease, "succeeded", "{}", [lease.audit_entry("ended", "succeeded")])

    Worker(queue, handle, name).start()
    Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
