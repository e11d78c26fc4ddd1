"""How many session channels a host gets at once: sshd refuses the eleventh (MaxSessions 10)."""

from __future__ import annotations

import threading
from typing import Final

MOST: Final = 8


class Sessions:
    """Counts session channels; who finds none free waits. Thread-safe."""

    def __init__(self) -> None:
        self._free = MOST
        self._changed = threading.Condition()

    def take(self, timeout: float) -> bool:
        """Take one within ``timeout`` seconds; whether there was one."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free > 0, timeout):
                return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        """Free one."""
        with self._changed:
            self._free += 1
            self._changed.notify()
