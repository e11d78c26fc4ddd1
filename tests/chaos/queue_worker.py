"""A worker process for tests: ``python -m tests.chaos.queue_worker URL NAME LEASE``.

It prints ``took ID`` and ``did ID`` to standard output, one change after the other. A job of the command ``hang`` is
never done in its first attempt; other jobs are done at once.
"""

from __future__ import annotations

import sys
import threading

from bot.audit import Audit
from bot.queue.lease import Lease
from bot.queue.queue import Queue
from bot.queue.worker import Worker
from bot.secrets.secret import Secret
from bot.store.client import connect


def main(url: str, name: str, lease_seconds: str) -> None:
    """Work until killed."""
    client = connect(Secret(url))
    queue = Queue(client, Audit(client), lease_s=float(lease_seconds))

    def handle(lease: Lease) -> None:
        _say(f"took {lease.job.id}")
        if lease.job.order.command == "hang" and lease.job.attempt == 1:
            threading.Event().wait(60)
        queue.finish(lease, "succeeded", "", [lease.audit_entry("ended", "succeeded")])
        _say(f"did {lease.job.id}")

    Worker(queue, handle, name, threads=1).start()
    threading.Event().wait(60)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
