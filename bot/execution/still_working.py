"""Tells a requester who has not been answered for some seconds that the work goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bot.blocks import RUNNING, text_message, tick
from bot.errors import SwarmbotError
from bot.execution.replies import Replies
from bot.queue.lease import Lease, LeaseLost

STILL_WORKING_S: Final = 3.0
log = logging.getLogger(__name__)


@contextmanager
def still_working(replies: Replies, lease: Lease) -> Iterator[None]:
    """Tell the requester of the job once if the work of the context takes longer than 3 s; never after its end."""
    timer = threading.Timer(STILL_WORKING_S, _tell, (replies, lease))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _tell(replies: Replies, lease: Lease) -> None:
    job = lease.job
    text = f"{RUNNING} *Still working on it*: {tick('/swarm ' + job.order.words)} · job {tick(job.id)}"
    try:
        replies.meanwhile(lease, text_message(text))
    except (SwarmbotError, LeaseLost) as error:  # the answer itself is still to come
        log.warning("The requester of job %s was not told that it goes on: %s", job.id, error)
