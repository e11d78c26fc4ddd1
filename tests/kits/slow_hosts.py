"""Hosts of a fleet whose login shell starts slowly, and hosts that are short of processor time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sandbox.fleet import Host
from sandbox.fleet.slow_shell import SHELL_START_S, STARTS, restore_shell, slow_down_shell

CGROUPS: Final = Path("/sys/fs/cgroup")
CPU_PERIOD_US: Final = 100_000


class StartedShells:
    """The starts of a host's login shell."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def number(self) -> int:
        """How many there were."""
        return len(self._host.run("cat", STARTS).splitlines())


@contextmanager
def slow_shell(host: Host, seconds: float = SHELL_START_S) -> Iterator[StartedShells]:
    """Give root a bash whose ``.bashrc`` takes ``seconds``, as with pyenv, nvm or conda; yield the count of its starts.

    Debian's bash reads ``.bashrc`` for each command over SSH, and for each bash that such a command starts.
    """
    slow_down_shell(host, seconds)
    try:
        yield StartedShells(host)
    finally:
        restore_shell(host)


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
