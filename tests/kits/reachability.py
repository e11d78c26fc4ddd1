"""Looks at hosts from outside: from the bot's side, from another host, from the kernel's counters."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress

from bot.errors import Failed
from sandbox.fleet import Fleet, Host
from sandbox.fleet.shell import until


def ssh(fleet: Fleet, host: Host, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run ``words`` on ``host`` as the bot would: over the network, with its key, trusting only known_hosts."""
    argv = [*fleet.ssh_argv(host, user), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)


def bot_reaches(host: Host, port: int = 22) -> bool:
    """Whether a TCP connection from the bot's side opens within a second."""
    with suppress(OSError), socket.create_connection((host.address, port), 1):
        return True
    return False


def reaches(host: Host, address: str, port: int = 22) -> bool:
    """Whether a TCP connection from a host opens within a second."""
    return works(host, "timeout", "1", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}")


def pings(host: Host, address: str) -> bool:
    """Whether an echo comes back within a second."""
    return works(host, "busybox", "ping", "-c1", "-W1", address)


def sees(query: Callable[[Host, str], bool], host: Host, address: str) -> None:
    """Wait until :func:`reaches` or :func:`pings` says so: a busy machine may take more than a second to answer."""
    until(lambda: query(host, address), f"{host.name} {query.__name__} {address}")


def works(host: Host, *argv: str) -> bool:
    """Whether a command on the host ends with 0."""
    with suppress(Failed):
        host.run(*argv)
        return True
    return False


def counter(host: Host, protocol: str, name: str) -> int:
    """One number of /proc/net/snmp on the host."""
    names, values = (line.split() for line in host.run("grep", f"^{protocol}:", "/proc/net/snmp").splitlines())
    return int(values[names.index(name)])


def datagrams_that_arrive(sender: Host, target: Host, port: int) -> int:
    """Of five datagrams sent one after the other, how many the target's kernel saw; no one listens there."""
    before = counter(target, "Udp", "NoPorts")
    for _ in range(5):  # a blocked sender is told so, and goes on
        works(sender, "bash", "-c", f"echo >/dev/udp/{target.address}/{port}")
    return counter(target, "Udp", "NoPorts") - before


def engine_id(host: Host) -> str:
    """The engine's identity, which lives on its disk."""
    return host.docker("info", "--format", "{{.ID}}").strip()
