"""What an engine sends about containers and its disk, and what is read from it."""

from __future__ import annotations

import struct
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.api import containers
from bot.engine.api.containers import container_log, disk_parts, image_list, log_lines, usage_of
from bot.model import ContainerUsage, DiskPart, ImageFacts, LogLine

STAMP: Final = "2026-11-30T17:00:00.123456789Z"
AT: Final = 1796058000.123456


def frame(text: bytes, stream: int = 1) -> bytes:
    """Return a frame of a log without a TTY."""
    return struct.pack(">BxxxL", stream, len(text)) + text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=20), max_size=20))
def test_frames_are_joined_to_lines(texts: list[str]) -> None:
    """Each line keeps its time; frames of both streams are one log."""
    lines = [f"{STAMP} {text}\n".encode() for text in texts]
    content = b"".join(frame(line, 1 + number % 2) for number, line in enumerate(lines))
    assert [*log_lines(content, tty=False)] == [LogLine(AT, text) for text in texts]
    assert [*log_lines(b"".join(lines), tty=True)] == [LogLine(AT, text) for text in texts]


@pytest.mark.parametrize(
    "content",
    [
        frame(f"{STAMP} kept\n".encode()) + frame(b"Error grabbing logs: node x is not available", 3),
        frame(f"{STAMP} kept\n".encode()) + frame(f"{STAMP} lost\n".encode())[:-3],
        frame(f"{STAMP} kept\n".encode()) + b"\x01\x00",
        frame(b"without a time\n") + frame(f"{STAMP} ke".encode()) + frame(b"pt\n"),
    ],
    ids=["an engine's error", "an incomplete frame", "an incomplete header", "a line in two frames"],
)
def test_what_is_no_line(content: bytes) -> None:
    """Only whole lines with a time of the two streams are read."""
    assert [line.text for line in log_lines(content, tty=False)] == ["kept"]


def test_a_log_that_is_too_long_is_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last lines are asked for again, and fewer of them: those at its end matter."""
    monkeypatch.setattr(containers, "MAX_LOG_BYTES", 500)
    asked: list[int] = []

    def get(_: str, params: dict[str, str], **_options: Any) -> Any:
        count = int(params["tail"])
        asked.append(count)
        pieces = [frame(f"{STAMP} {number}\n".encode()) for number in range(1000 - count, 1000)]
        return nullcontext(SimpleNamespace(raise_for_status=lambda: None, iter_content=lambda _: iter(pieces)))

    client: Any = SimpleNamespace(read=lambda call: call(SimpleNamespace(base_url="", api_version="1.41", get=get)))
    log = container_log(client, "c1", lines=400, since=0.0, tty=False)
    assert asked == [400, 50, 6]
    assert log.cut
    assert [line.text for line in log.lines] == [str(number) for number in range(994, 1000)]


def test_usage_is_counted_as_docker_stats_does() -> None:
    """CPU time against the machine's; memory without the cache, by either kind of cgroup."""
    cpu = {"cpu_usage": {"total_usage": 3_000}, "system_cpu_usage": 20_000, "online_cpus": 2}
    before = {"cpu_usage": {"total_usage": 1_000}, "system_cpu_usage": 10_000}
    memory = {"usage": 900, "limit": 5_000, "stats": {"inactive_file": 200}}
    found = {"cpu_stats": cpu, "precpu_stats": before, "memory_stats": memory}
    assert usage_of(found) == ContainerUsage(0.4, 700, 5_000)
    older = {**memory, "stats": {"total_inactive_file": 300, "inactive_file": 1}}
    assert usage_of({**found, "memory_stats": older}) == ContainerUsage(0.4, 600, 5_000)
    assert usage_of({**found, "memory_stats": {}}) is None


def test_disk_usage_is_counted_as_docker_system_df_does() -> None:
    """Layers that images share are counted once; what is in use cannot be reclaimed."""
    found = {
        "LayersSize": 1_000,
        "Images": [
            {"Containers": 1, "Size": 700, "SharedSize": 300},
            {"Containers": 0, "Size": 600, "SharedSize": 300},
        ],
        "Containers": [{"State": "running", "SizeRw": 5}, {"State": "exited", "SizeRw": 7}, {"State": "created"}],
        "Volumes": [{"UsageData": {"Size": 50, "RefCount": 0}}, {"UsageData": {"Size": -1, "RefCount": 1}}, {}],
        "BuildCache": None,
    }
    usage = disk_parts(found, 10, 20)
    assert usage.images == DiskPart(2, 1, 1_000, 600)
    assert usage.containers == DiskPart(3, 1, 12, 7)
    assert usage.volumes == DiskPart(3, 1, 50, 50)
    assert usage.build_cache == DiskPart(0, 0, 0, 0)
    assert (usage.free_bytes, usage.total_bytes) == (10, 20)


def test_images_are_in_use_by_id_or_by_name() -> None:
    """A container names its image by id, or as it was typed; what has no name is shown as `<none>`, or as nothing."""
    found: list[dict[str, Any]] = [
        {"Id": "sha256:a", "ParentId": "sha256:b", "RepoTags": ["web:1"], "RepoDigests": ["web@sha256:1"], "Size": 7},
        {"Id": "sha256:b", "ParentId": "", "RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"], "Size": 5},
        {"Id": "sha256:c", "RepoTags": None, "RepoDigests": ["db@sha256:2"], "Size": 3},
    ]
    read = image_list(found, [{"ImageID": "sha256:a", "Image": "web"}, {"ImageID": "", "Image": "db@sha256:2"}])
    assert read == (
        ImageFacts("sha256:a", ("web:1", "web@sha256:1"), 7, in_use=True, parent="sha256:b"),
        ImageFacts("sha256:b", (), 5, in_use=False),
        ImageFacts("sha256:c", ("db@sha256:2",), 3, in_use=True),
    )
