"""Informs a requester before the answer if the answer takes long: at least that the work continues."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from bot.blocks import RUNNING, order_text, text_message, tick
from bot.errors import SwarmbotError
from bot.execution.replies import Replies
from bot.queue.lease import Lease, LeaseLost

STILL_WORKING_S: Final = 3.0
log = logging.getLogger(__name__)


def still_working(replies: Replies, lease: Lease) -> AbstractContextManager[threading.Timer]:
    """Tell the requester of the job once if the work of the context takes longer than 3 s; never after its end."""
    job = lease.job
    text = f"{RUNNING} *Still working on it*: {order_text(job.order.words)} · job {tick(job.id)}"
    return after(STILL_WORKING_S, lambda: replies.meanwhile(lease, text_message(text)), lease)


@contextmanager
def after(seconds: float, tell: Callable[[], None], lease: Lease) -> Iterator[threading.Timer]:
    """Call ``tell`` once if the work of the context takes longer than this many seconds; never after its end.

    Yield a timer that can be cancelled before.
    """
    timer = threading.Timer(seconds, _tell, (tell, lease))
    timer.daemon = True
    timer.start()
    try:
        yield timer
    finally:
        timer.cancel()
        timer.join()


def _tell(tell: Callable[[], None], lease: Lease) -> None:
    try:
        tell()
    except (SwarmbotError, LeaseLost) as error:  # the answer itself is still to come
        log.warning("The requester of job %s was not told something before the answer: %s", lease.job.id, error)
