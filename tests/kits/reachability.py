"""Checks whether hosts are reachable: from the bot's side, from another host, by the kernel's counters."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress

from bot.errors import Failed
from sandbox.fleet import Fleet, Host
from sandbox.fleet.shell import until


def ssh(fleet: Fleet, host: Host, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run ``words`` on ``host`` over SSH as the bot does: with its key, and strict known_hosts."""
    argv = [*fleet.ssh_argv(host, user), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)


def bot_reaches(host: Host, port: int = 22) -> bool:
    """Return whether a TCP connection from the bot's side opens within 1 s."""
    with suppress(OSError), socket.create_connection((host.address, port), 1):
        return True
    return False


def reaches(host: Host, address: str, port: int = 22) -> bool:
    """Return whether a TCP connection from a host opens within 1 s."""
    return works(host, "timeout", "1", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}")


def pings(host: Host, address: str) -> bool:
    """Return whether a ping is answered within 1 s."""
    return works(host, "busybox", "ping", "-c1", "-W1", address)


def sees(query: Callable[[Host, str], bool], host: Host, address: str) -> None:
    """Wait until :func:`reaches` or :func:`pings` is true: a busy machine may need more than 1 s."""
    until(lambda: query(host, address), f"{host.name} {query.__name__} {address}")


def works(host: Host, *argv: str) -> bool:
    """Return whether a command on the host succeeds."""
    with suppress(Failed):
        host.run(*argv)
        return True
    return False


def counter(host: Host, protocol: str, name: str) -> int:
    """Return a counter of /proc/net/snmp on the host."""
    names, values = (line.split() for line in host.run("grep", f"^{protocol}:", "/proc/net/snmp").splitlines())
    return int(values[names.index(name)])


def datagrams_that_arrive(sender: Host, target: Host, port: int) -> int:
    """Send five datagrams to a port without a listener, and return how many the target's kernel received."""
    before = counter(target, "Udp", "NoPorts")
    for _ in range(5):  # sending fails if the port is blocked
        works(sender, "bash", "-c", f"echo >/dev/udp/{target.address}/{port}")
    return counter(target, "Udp", "NoPorts") - before


def engine_id(host: Host) -> str:
    """Return the engine's id, which is stored on its disk."""
    return host.docker("info", "--format", "{{.ID}}").strip()
