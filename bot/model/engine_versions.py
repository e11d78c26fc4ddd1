"""Which engine versions Swarmbot supports.

The Engine API is chosen by the path of each call, and an engine accepts the versions from ``MinAPIVersion`` to
``ApiVersion`` of its ``GET /version``. What Swarmbot sends and reads is API 1.41, Docker 20.10's: it asks for the state
of services (``status=true``), which older ones lack. Of the changes from 1.42 to 1.56 none touches a call or a field
that it uses (read in moby's api/docs/CHANGELOG.md). Docker 29.0 took none below 1.44; later 29s take 1.40 again.
"""

from __future__ import annotations

from typing import Final

OLDEST_ENGINE: Final = "20.10"
NEWEST_ENGINE: Final = "29"
OLDEST_API: Final = "1.41"
NEWEST_API: Final = "1.56"


def common_api(oldest: str, newest: str) -> str | None:
    """Return the oldest API version that Swarmbot shares with an engine that takes ``oldest`` to ``newest``, or None.

    The oldest, because Swarmbot is tested with 1.41. Raises ValueError for a text that is not a version.
    """
    wanted = max((OLDEST_API, oldest), key=numbers)
    return wanted if numbers(wanted) <= min(numbers(NEWEST_API), numbers(newest)) else None


def too_old(newest: str) -> bool:
    """Return whether an engine whose newest API is ``newest`` is too old for Swarmbot."""
    return numbers(newest) < numbers(OLDEST_API)


def newer_than_known(engine: str) -> bool:
    """Return whether ``engine`` (a version like ``29.1.3``) is newer than the releases that were checked."""
    major = engine.partition(".")[0]
    return major.isdecimal() and int(major) > int(NEWEST_ENGINE)


def version_of(text: str) -> tuple[int, int]:
    """Return ``20.10.24+dfsg1`` as ``(20, 10)``; ``(0, 0)`` for a text that is not a version."""
    parts = text.split(".")
    head = [part for part in parts[:2] if part.isdecimal()]
    return (int(head[0]), int(head[1])) if len(head) == len(parts[:2]) and len(head) > 1 else (0, 0)


def numbers(version: str) -> tuple[int, ...]:
    """Return ``1.41`` as ``(1, 41)``. Raises ValueError."""
    return tuple(map(int, version.split(".")))
