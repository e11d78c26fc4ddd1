"""What a node's own engine says of the containers of tasks: log lines, use of CPU and memory, how they ended; its disk.

The managers know nothing of this, so it is read at each node (``FactsQuery.task_logs``, ``task_usage``, ``disk``,
``images``).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Log lines to read: of the tasks of a service, or of one task."""

    name: str
    """A service or a task (``web.2``), by its name or the start of its id."""
    lines: int
    """How many lines to read of each container at most: the last ones."""
    age_s: float = 0.0
    """Lines older than this, in seconds, are not read. 0: all are read."""
    failed: bool = False
    """Only of the latest tasks that failed; also read whether the kernel killed them at their memory limit."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that a container wrote."""

    at: float
    """Unix seconds, by the clock of its node."""
    text: str = field(repr=False)
    """As it was written, without the end of the line. It may hold a secret: show it through ``masked``."""


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """The last lines of a container."""

    lines: tuple[LogLine, ...] = ()
    cut: bool = False
    """Whether fewer lines were read than were asked for, because they are long."""


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """What a container uses now."""

    cpus: float
    """CPUs that it kept busy during the last second: 0.5 is half of one."""
    memory_bytes: int
    """Without the page cache that the kernel can take back, as ``docker stats`` shows it."""
    memory_limit_bytes: int
    """Its limit; without one, the memory of the machine."""


@dataclass(frozen=True, slots=True)
class TaskReading:
    """What was read of a task's container."""

    log: ContainerLog | None = None
    usage: ContainerUsage | None = None
    out_of_memory: bool | None = None
    """Whether the kernel killed it because it reached its memory limit. None if that was not read."""
    failure: str = ""
    """Why nothing could be read, in a sentence that names the host; "" if it was."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image on a host."""

    id: str
    """``sha256:`` and its digits."""
    names: tuple[str, ...]
    """Its tags (``web:1``) and digests (``web@sha256:…``). Empty for one without a name."""
    size_bytes: int
    """With the layers that other images share."""
    in_use: bool
    """Whether a container uses it, running or not."""
    parent: str = ""
    """The id of the image that it was made from on this host; "" if there is none or the engine does not say."""


@dataclass(frozen=True, slots=True)
class DiskPart:
    """What one kind of object occupies on a disk."""

    count: int
    in_use: int
    """How many of them a container uses (of containers: how many run)."""
    size_bytes: int
    reclaimable_bytes: int
    """The space that would be freed if all unused objects were deleted."""


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """What an engine's data occupies on its host (``GET /system/df``)."""

    images: DiskPart
    containers: DiskPart
    volumes: DiskPart
    build_cache: DiskPart
    free_bytes: int | None = None
    """Free space of the file system of the data folder. None if the host does not show it."""
    total_bytes: int | None = None
    """Its size."""
