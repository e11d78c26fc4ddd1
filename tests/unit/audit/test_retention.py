"""Retention: old entries are in the archive before they leave Redis, and the chain continues across both."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from redis import Redis

from bot.audit import Archive, Audit, Entry, Retention
from bot.errors import Failed
from bot.store import keys
from tests.kits.audit_log import DAY, NOVEMBER, archived, put, stored, write

DIES = """
import os, signal, sys
from pathlib import Path
from bot.audit import Archive, Audit, Retention
from bot.audit import archive as module
from bot.audit.stream import Stream
from bot.secrets.secret import Secret
from bot.store.client import connect

def die(*_): os.kill(os.getpid(), signal.SIGKILL)

url, folder, now, where = sys.argv[1:]
if where == "before the trim":
    Stream.trim = die
elif where == "during the write":
    whole = module.gzip.compress
    def half(data, **how):
        torn = whole(data, **how)
        os.write(os.open(next(Path(folder).glob("audit-*"), Path(folder, "audit-2026-11.jsonl.gz")),
                         os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), torn[: len(torn) // 2])
        die()
    module.gzip.compress = half
elif where == "after a trim":
    trim = Stream.trim
    Stream.trim = lambda self, upto: trim(self, upto) and die()
stream = Audit(connect(Secret(url))).stream
Retention(stream, Archive(Path(folder)), 86400).move_old_entries(float(now))
"""


def test_old_entries_go_into_files_by_month(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Each month has its file of JSON Lines with hashes; Redis keeps the rest, and the whole verifies."""
    heads = write(client, 40)
    archive = archived(audit, tmp_path / "archive", 35)
    assert [place for place, _ in stored(client)] == [f"{seq}-0" for seq in range(36, 41)]
    files = sorted(path.name for path in archive.folder.glob("*.gz"))
    assert files == ["audit-2026-11.jsonl.gz", "audit-2026-12.jsonl.gz"]
    lines = [
        json.loads(line)
        for name in files
        for line in gzip.decompress((archive.folder / name).read_bytes()).splitlines()
    ]
    assert [line["seq"] for line in lines] == list(range(1, 36))
    assert [line["hash"] for line in lines] == [head.hash for head in heads[:35]]
    verdict = audit.verify(archive)
    assert (verdict.ok, verdict.count, verdict.head) == (True, 40, heads[-1])
    alone = audit.verify()
    assert (alone.ok, alone.count, alone.start) == (True, 5, heads[34])


def test_the_newest_entry_stays(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """However old all are, the one to which the next is chained stays in Redis; later turns append members."""
    write(client, 3)
    archive = Archive(tmp_path)
    retention = Retention(audit.stream, archive, keep=DAY)
    assert retention.move_old_entries(NOVEMBER + 1000 * DAY) == 2
    audit.append([Entry("asked", "U1")] * 3)
    assert retention.move_old_entries(NOVEMBER + 1e9) == 3
    assert audit.verify(archive).count == 6


def test_batches(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """More entries than a batch go in several members, none lost and none twice."""
    write(client, 1203, apart=1.0)
    archive = Archive(tmp_path)
    assert Retention(audit.stream, archive, keep=DAY).move_old_entries(NOVEMBER + 10 * DAY) == 1202
    assert [int(json.loads(text)["seq"]) for _, text, _ in archive.rows()] == list(range(1, 1203))
    assert audit.verify(archive).count == 1203


@pytest.mark.parametrize("where", ["before the trim", "during the write", "after a trim"])
def test_killed_in_between(audit: Audit, client: Redis, redis_url: str, tmp_path: Path, where: str) -> None:
    """A worker killed between the file and Redis loses nothing and doubles nothing, then and after the next turn."""
    write(client, 40)
    archived(audit, tmp_path, 5)
    now = NOVEMBER + 35.5 * DAY
    killed = subprocess.run(
        [sys.executable, "-c", DIES, redis_url, str(tmp_path), str(now), where], timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    archive = Archive(tmp_path)
    verdict = audit.verify(archive)
    assert (verdict.ok, verdict.count, verdict.problem) == (True, 40, "")
    Retention(audit.stream, archive, keep=DAY).move_old_entries(now)
    assert [int(json.loads(text)["seq"]) for _, text, _ in archive.rows()] == list(range(1, 36))
    assert stored(client)[0][0] == "36-0"
    verdict = audit.verify(archive)
    assert (verdict.ok, verdict.count) == (True, 40)


def test_many_workers_move_each_entry_once(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Whichever worker takes its turn, also several at once: each entry is in the archive once."""
    write(client, 700, apart=60.0)
    moved: list[int] = []
    retention = Retention(audit.stream, Archive(tmp_path), keep=DAY)
    threads = [
        threading.Thread(target=lambda: moved.append(retention.move_old_entries(NOVEMBER + 9 * DAY))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(moved) == 699
    assert [int(json.loads(text)["seq"]) for _, text, _ in Archive(tmp_path).rows()] == list(range(1, 700))


def test_a_chain_that_does_not_hold_is_not_moved(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """What was tampered with stays where it is, and is not made to look right by archiving it."""
    write(client, 10)
    rows = stored(client)
    rows[3][1]["entry"] = rows[3][1]["entry"].replace("U4", "U9")
    put(client, rows)
    with pytest.raises(Failed, match="entry 4 is edited"):
        Retention(audit.stream, Archive(tmp_path), keep=DAY).move_old_entries(NOVEMBER + 100 * DAY)
    assert len(stored(client)) == 10
    assert list(Archive(tmp_path).rows()) == []


def test_another_workers_archive(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """An archive that does not continue where Redis begins is not written to: entries never lie in two places."""
    write(client, 10)
    archived(audit, tmp_path / "one", 4)
    with pytest.raises(Failed, match="entries 1 to 4 are neither"):
        Retention(audit.stream, Archive(tmp_path / "two"), keep=DAY).move_old_entries(NOVEMBER + 100 * DAY)
    assert stored(client)[0][0] == "5-0"


def test_a_folder_that_cannot_be_written(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """A full disk is reported as such, and everything is still in Redis."""
    write(client, 3)
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="is not writable"):
        Retention(audit.stream, Archive(tmp_path / "file" / "archive"), keep=DAY).move_old_entries(NOVEMBER + 100 * DAY)
    assert len(stored(client)) == 3


def test_the_archive_is_the_owners_alone(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Nobody else on the machine can read the folder or its files."""
    write(client, 3)
    archive = archived(audit, tmp_path / "archive", 2)
    modes = {path.stat().st_mode & 0o077 for path in [archive.folder, *archive.folder.glob("*.gz")]}
    assert modes == {0}


def test_writing_goes_on_after_a_trim(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """The next entry is chained to the last one, and a fresh process finds the head."""
    write(client, 10)
    archive = archived(audit, tmp_path, 9)
    Audit(client).append([Entry("asked", "U1")])
    assert audit.verify(archive).count == 11
    client.delete(keys.AUDIT_TRIMMED)
    assert audit.verify(archive).ok
    assert audit.verify().first_bad == 1
