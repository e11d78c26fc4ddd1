"""Tells that a freeze is over by itself, in the channel where it was announced: each worker looks, one tells it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bot.audit import Entry
from bot.blocks import DONE, WARNING, Message, user, when
from bot.config import Config
from bot.freeze.commands import message_of, scheduled_text
from bot.freeze.freezes import Freezes
from bot.model import Freeze
from bot.outbox.deliverer import Deliverer, Ready
from bot.outbox.outgoing import Outgoing


class FreezeEnds:
    """For one thread.

    ``waiting`` returns which orders of a cluster still wait for an approval that a freeze added, as lines. ``worker``
    is the name of the process.
    """

    def __init__(
        self,
        *,
        config: Config,
        freezes: Freezes,
        waiting: Callable[[str], Sequence[str]],
        deliverer: Deliverer,
        worker: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._freezes = freezes
        self._waiting = waiting
        self._deliverer = deliverer
        self._worker = worker
        self._now = now

    def run_once(self) -> None:
        """Tell each freeze that is over and was not told yet. Raises Unavailable."""
        now = self._now()
        for cluster in self._config.clusters:
            stored = self._freezes.kept(cluster)
            if stored is not None and stored.until <= now:
                self._tell(stored, now)

    def _tell(self, ended: Freeze, now: float) -> None:
        channel = self._config.clusters[ended.cluster].channel
        about = Entry("", self._worker, cluster=ended.cluster, channel=channel, command="freeze", words="freeze")
        message = Outgoing(
            id=f"freeze-end:{ended.cluster}:{ended.until:.3f}",
            target="channel",
            message=self._message(ended, now),
            about=about,
            made_at=now,
            channel=channel,
            user=ended.by,
        )
        entry = Entry("freeze ended", self._worker, cluster=ended.cluster, channel=channel, command="freeze")
        if self._freezes.end(ended, message, [entry]):
            self._deliverer.send([Ready(message)])

    def _message(self, ended: Freeze, now: float) -> Message:
        over = f"The freeze that {user(ended.by)} set ended {when(ended.until)}"
        if scheduled := self._freezes.scheduled(ended.cluster, now):
            return message_of(f"{WARNING} {over}, but {scheduled_text(scheduled)}.")
        return message_of(f"{DONE} *{ended.cluster} is not frozen any more*. {over}.", *self._waiting(ended.cluster))
