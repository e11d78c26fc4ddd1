"""Fills the disk of a host's engine: all files of a fleet are on one tmpfs, so each engine gets one of its own.

A disk is full when its size is set to what is used of it. Then nothing can be written, not even by root.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bot.errors import Failed
from sandbox.fleet.host import Host
from sandbox.fleet.shell import sh, until

ROOM: Final = "4g"
"""A limit: memory is used for what is written."""
OTHER_DATA_BYTES: Final = 4 * 1024**2


@contextmanager
def disks_of_their_own(hosts: Iterable[Host]) -> Iterator[None]:
    """Give the engine of each host an empty disk; at the end, switch the hosts off and remove the disks.

    Raise Failed if a host does not see its disk: one with a root of its own does not.
    """
    own = [*hosts]
    for host in own:
        host.power_off()
        _disk(host).mkdir(exist_ok=True)
        sh("mount", "-t", "tmpfs", "-o", f"mode=710,size={ROOM}", "swarmbot-disk", str(_disk(host)))
    try:
        for host in own:
            host.power_on()
            host.run("mountpoint", "--quiet", str(_disk(host)))
        yield
    finally:
        for host in own:
            host.power_off()
            sh("umount", "--lazy", str(_disk(host)))


def fill(host: Host) -> None:
    """Leave no room on the disk of the host's engine. Raise Failed if it writes faster than this can be done."""
    until(lambda: _filled(host), f"the disk of {host.name} is full")


def nearly_fill(host: Host) -> None:
    """Leave a twentieth of the disk of the host's engine free, and more than a join needs."""
    (_disk(host) / "other-data").write_bytes(bytes(OTHER_DATA_BYTES))
    now = os.statvfs(_disk(host))
    _resize(host, str((now.f_blocks - now.f_bfree) * now.f_frsize * 20 // 19))


def leave_room(host: Host, size_bytes: int) -> None:
    """Leave this much of the disk of the host's engine free."""
    now = os.statvfs(_disk(host))
    _resize(host, str((now.f_blocks - now.f_bfree) * now.f_frsize + size_bytes))


def have_room(host: Host) -> None:
    """Undo what :func:`fill` and the like did."""
    _resize(host, ROOM)


def _filled(host: Host) -> bool:
    now = os.statvfs(_disk(host))
    with suppress(Failed):  # more is used by now
        _resize(host, str((now.f_blocks - now.f_bfree) * now.f_frsize))
    return os.statvfs(_disk(host)).f_bavail == 0


def _resize(host: Host, size: str) -> None:
    sh("mount", "-o", f"remount,size={size}", str(_disk(host)))


def _disk(host: Host) -> Path:
    return host.folder / "data"
