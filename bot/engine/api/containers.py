"""What one engine says of its own containers and its disk."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import docker

from bot.engine.api.client import EngineClient
from bot.engine.ssh.shell import read
from bot.errors import EngineError
from bot.model.containers import ContainerLog, ContainerUsage, DiskPart, DiskUsage, ImageFacts, LogLine

MAX_LOG_BYTES: Final = 2 * 1024 * 1024
"""No more of a container's log is transferred at a time."""
FEWER_LINES: Final = 8
"""If the lines are longer than that, the number requested is divided by this."""
STREAM_TIMEOUT_S: Final = 3
"""A log that sends nothing for this long has failed."""
STDOUT_AND_STDERR: Final = frozenset({1, 2})
FRAME_HEADER: Final = struct.Struct(">BxxxL")
"""Before each piece of a log without a TTY: its stream, and its length in bytes."""
NAMELESS: Final = "<none>"
"""Begins the name that engines show of an image without a tag or a repository."""
DF_TIMEOUT_S: Final = 10.0
DF_SCRIPT: Final = 'df -P -k -- "$1"'

Record = Mapping[str, Any]


def container_log(client: EngineClient, container: str, *, lines: int, since: float, tty: bool) -> ContainerLog:
    """Return the last ``lines`` lines of a container since a time (unix seconds), or fewer if they are long.

    Raises HostUnreachable, EngineError (404 if it was removed).
    """
    line_count = lines
    while True:
        content, whole = _log(client, container, line_count, since)
        if whole or line_count == 1:
            return ContainerLog(tuple(log_lines(content, tty=tty)), cut=line_count < lines or not whole)
        line_count = max(1, line_count // FEWER_LINES)


def _log(client: EngineClient, container: str, lines: int, since: float) -> tuple[bytes, bool]:
    """Return a log, and whether it ended before the limit."""
    params = {"stdout": "1", "stderr": "1", "timestamps": "1", "tail": str(lines), "since": f"{since:.9f}"}

    def send(api: docker.APIClient) -> tuple[bytes, bool]:
        url = f"{api.base_url}/v{api.api_version}/containers/{quote(container, safe='')}/logs"
        with api.get(url, params=params, stream=True, timeout=STREAM_TIMEOUT_S) as answer:
            answer.raise_for_status()
            content = bytearray()
            for piece in answer.iter_content(65_536):
                content += piece
                if len(content) > MAX_LOG_BYTES:
                    return bytes(content), False
            return bytes(content), True

    return client.read(send)


def log_lines(content: bytes, *, tty: bool) -> Iterator[LogLine]:
    """Yield the lines of a log that was read with time stamps. With a TTY it has no frames."""
    for line in (content if tty else _joined(content)).decode(errors="replace").split("\n"):
        stamp, _, text = line.partition(" ")
        try:
            yield LogLine(datetime.fromisoformat(stamp).timestamp(), text.rstrip("\r"))
        except ValueError:  # the rest of a line whose beginning was lost
            continue


def _joined(content: bytes) -> bytes:
    """Return what the frames of a log hold; an incomplete last one is left out."""
    pieces, place = [], 0
    while place + FRAME_HEADER.size <= len(content):
        stream, length = FRAME_HEADER.unpack_from(content, place)
        place += FRAME_HEADER.size
        if stream in STDOUT_AND_STDERR and place + length <= len(content):
            pieces.append(content[place : place + length])
        place += length
    return b"".join(pieces)


def out_of_memory(client: EngineClient, container: str) -> bool:
    """Return whether the kernel killed a container at its memory limit. Raises HostUnreachable, EngineError."""
    found: Record = client.read(lambda api: api.inspect_container(container))
    return bool(found["State"].get("OOMKilled"))


def container_usage(client: EngineClient, container: str) -> ContainerUsage:
    """Return what a container uses: the engine measures for a second. Raises HostUnreachable, EngineError.

    EngineError also if it does not run: the engine then sends a reading without numbers.
    """
    found: Record = client.read(lambda api: api.stats(container, stream=False))
    usage = usage_of(found)
    if usage is None:
        raise EngineError(client.host, 0, f"A container on `{client.host}` does not run any more.")
    return usage


def usage_of(record: Record) -> ContainerUsage | None:
    """Parse ``GET /containers/{id}/stats``; None for a container that does not run. As ``docker stats`` counts."""
    memory, now, before = record["memory_stats"], record["cpu_stats"], record["precpu_stats"]
    if not memory.get("usage"):
        return None
    busy = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    count = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or ()) or 1
    stats = memory.get("stats") or {}
    cache = stats.get("total_inactive_file", stats.get("inactive_file", 0))
    return ContainerUsage(
        cpus=busy / passed * count if passed > 0 and busy > 0 else 0.0,
        memory_bytes=max(0, memory["usage"] - cache),
        memory_limit_bytes=memory.get("limit", 0),
    )


def images(client: EngineClient) -> tuple[ImageFacts, ...]:
    """Return the engine's images, and which of them its containers use. Raises HostUnreachable, EngineError."""
    found: list[Record] = client.read(lambda api: api.images(all=True))
    using: list[Record] = client.read(lambda api: api.containers(all=True))
    return image_list(found, using)


def image_list(images: Sequence[Record], containers: Sequence[Record]) -> tuple[ImageFacts, ...]:
    """Parse ``GET /images/json`` and ``GET /containers/json``, whose containers name images by id or as typed."""
    used = {container.get(key) for container in containers for key in ("ImageID", "Image")}
    return tuple(
        ImageFacts(
            id=image["Id"],
            names=(names := tuple(name for name in _image_names(image) if not name.startswith(NAMELESS))),
            size_bytes=image.get("Size", 0),
            in_use=not used.isdisjoint((image["Id"], *names)),
            parent=image.get("ParentId") or "",
        )
        for image in images
    )


def _image_names(image: Record) -> list[str]:
    return [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]


def disk_usage(client: EngineClient) -> DiskUsage:
    """Return what the engine's data occupies, and how much space is left. Raises HostUnreachable, EngineError."""
    found: Record = client.read(lambda api: api.df())
    free, total = _space(client)
    return disk_parts(found, free, total)


def disk_parts(usage: Record, free: int | None, total: int | None) -> DiskUsage:
    """Parse ``GET /system/df``, as ``docker system df`` counts: layers that images share count once."""
    images, containers, volumes, cache = (
        usage.get(kind) or [] for kind in ("Images", "Containers", "Volumes", "BuildCache")
    )
    used = [image for image in images if image.get("Containers", 0) > 0]
    needed = sum(max(0, image["Size"] - max(0, image.get("SharedSize", 0))) for image in used)
    layers = usage.get("LayersSize") or 0
    return DiskUsage(
        images=DiskPart(len(images), len(used), layers, max(0, layers - needed)),
        containers=_part(containers, lambda each: each.get("SizeRw", 0), lambda each: each["State"] == "running"),
        volumes=_part(
            volumes,
            lambda each: max(0, (each.get("UsageData") or {}).get("Size", 0)),
            lambda each: (each.get("UsageData") or {}).get("RefCount", 0) > 0,
        ),
        build_cache=_part(cache, lambda each: each.get("Size", 0), lambda each: bool(each.get("InUse"))),
        free_bytes=free,
        total_bytes=total,
    )


def _part(records: Sequence[Record], size: Callable[[Record], int], used: Callable[[Record], bool]) -> DiskPart:
    sizes = [(size(each), used(each)) for each in records]
    return DiskPart(
        count=len(sizes),
        in_use=sum(in_use for _, in_use in sizes),
        size_bytes=sum(each for each, _ in sizes),
        reclaimable_bytes=sum(each for each, in_use in sizes if not in_use),
    )


def _space(client: EngineClient) -> tuple[int | None, int | None]:
    """Return free space and size of the data folder's file system, in bytes; None if the host does not report them."""
    try:
        done = read(client.dialer.connection, DF_SCRIPT, client.data_root(), timeout=DF_TIMEOUT_S)
        *_, line = done.out.splitlines()
        _, total, _, free, *_ = line.split()
        return int(free) * 1024, int(total) * 1024
    except (EngineError, ValueError):
        return None, None
