"""What is done again and again beside a test."""

from __future__ import annotations

from threading import Event, Thread
from typing import ClassVar, Self

END_TIMEOUT_S = 60.0
"""A run may wait for an engine that hangs."""


class Repeating:
    """Calls :meth:`run_once` again and again in a thread of its own, while it is entered."""

    pause_s: ClassVar[float]
    """Before each run."""

    def __init__(self) -> None:
        self._ended = Event()
        self._thread = Thread(target=self._run, name=type(self).__name__, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(END_TIMEOUT_S)

    def run_once(self) -> None:
        """Do it once."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._ended.wait(self.pause_s):
            self.run_once()
