"""Hosts of a fleet whose login shell starts slowly, and hosts that are short of processor time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bot.errors import Failed
from sandbox.fleet import Host

SHELL_START_S: Final = 0.4
CGROUPS: Final = Path("/sys/fs/cgroup")
CPU_PERIOD_US: Final = 100_000


class StartedShells:
    """The starts of a host's login shell."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def number(self) -> int:
        """How many there were."""
        return len(self._host.run("cat", "/run/shells").splitlines())


@contextmanager
def slow_shell(host: Host, seconds: float = SHELL_START_S) -> Iterator[StartedShells]:
    """Give root a bash whose ``.bashrc`` takes ``seconds``, as with pyenv, nvm or conda; yield the count of its starts.

    Debian's bash reads ``.bashrc`` for each command over SSH, and for each bash that such a command starts.
    """
    home = "/run/slow-home"
    host.run("install", "-d", home)
    host.run("sh", "-c", f"echo 'echo start >>/run/shells; sleep {seconds}' >{home}/.bashrc; : >/run/shells")
    host.run("sh", "-c", f"sed 's|^root:.*|root:x:0:0:root:{home}:/bin/bash|' /etc/passwd >/run/slow-passwd")
    host.run("mount", "--bind", "/run/slow-passwd", "/etc/passwd")
    try:
        yield StartedShells(host)
    finally:
        with suppress(Failed):  # the mount is gone if the host booted again
            host.run("umount", "/etc/passwd")


@contextmanager
def busy(host: Host, share: float) -> Iterator[None]:
    """Leave the host's processes ``share`` of one processor, as beside a program that takes all the rest."""
    parent = CGROUPS / "cpu" if (CGROUPS / "cpu").exists() else CGROUPS
    group = parent / f"swarmbot-busy-{host.name}-{host.pid}"
    group.mkdir()
    quota_us = int(CPU_PERIOD_US * share)
    try:
        if parent == CGROUPS:
            (group / "cpu.max").write_text(f"{quota_us} {CPU_PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(CPU_PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota_us))
        for pid in _processes(host):
            with suppress(ProcessLookupError):
                (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for line in (group / "cgroup.procs").read_text().split():
            with suppress(ProcessLookupError):
                (parent / "cgroup.procs").write_text(line)
        group.rmdir()


def _processes(host: Host) -> Iterator[int]:
    """Yield the processes in the host's PID namespace, by the machine's ids."""
    space = Path(f"/proc/{host.pid}/ns/pid_for_children").readlink()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is of the machine's own
            if (path / "ns/pid").readlink() == space:
                yield int(path.name)
