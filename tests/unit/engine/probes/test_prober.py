"""Parsing of the kernel's counters and of the connection tries."""

from __future__ import annotations

import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which
from typing import Final

import pytest

from bot.engine.probes import prober
from bot.engine.ssh.shell import Completed
from bot.model.network import Counters, Reach

SHELLS: Final = ("dash", "bash")
SNMP = """Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm MaxConn OutRsts InCsumErrors
Tcp: 1 -1 7 0
Udp: InDatagrams NoPorts InErrors OutDatagrams
Udp: 100 20 3 4000
UdpLite: InDatagrams NoPorts InErrors OutDatagrams
UdpLite: 9 9 9 9
Udp6InDatagrams                 	5
Udp6NoPorts                     	6
Udp6InErrors                    	1
"""


def test_received_packets_are_counted_for_ipv4_and_ipv6() -> None:
    """Whether the port is open, closed, or its buffer full. MaxConn is a negative number."""
    assert prober.parse_counters(SNMP) == Counters(datagrams=135, resets=7)


def test_counters_of_a_kernel_without_ipv6() -> None:
    """It has no /proc/net/snmp6."""
    assert prober.parse_counters(SNMP.partition("Udp6")[0]) == Counters(datagrams=123, resets=7)


def test_unread_datagrams_are_seen() -> None:
    """They may not be counted yet."""
    assert prober.parse_counters(f"{SNMP}unread\n") == Counters(datagrams=135, resets=7, unread=True)


def test_a_connection_without_a_line_is_unknown() -> None:
    """Lines come in any order; a line that is missing, cut or garbled is no result."""
    done = Completed(0, "2 refused\n0 open\n4 no ans\n3 no answer\n", "")
    assert prober.parse_reaches(done, 5) == ["open", "unknown", "refused", "no answer", "unknown"]


def test_no_answer_needs_a_request_that_the_kernel_sent_twice(tmp_path: Path) -> None:
    """A listener whose queue is full lets requests wait; if bash itself is late, nothing is known."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_server(("127.0.0.1", 0)) as open_port:
        queued = [_begin_connection(full) for _ in range(2)]
        ports = [full.getsockname()[1], open_port.getsockname()[1], 9]
        late, two_looks = _late_bash(tmp_path), prober.CONNECT_SCRIPT.replace("timeout 3 ", "timeout 1.5 ")
        with ThreadPoolExecutor(2 * len(SHELLS)) as pool:  # the kernel needs a second, so all at once
            found = [pool.submit(_connect, shell, ports) for shell in SHELLS]
            unknown = [pool.submit(_connect, shell, ports[1:], two_looks, path=late) for shell in SHELLS]
        for each in queued:
            each.close()
    assert [each.result() for each in found] == [["no answer", "open", "refused"]] * len(SHELLS)
    assert [each.result() for each in unknown] == [["unknown", "unknown"]] * len(SHELLS)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("10.0.0.1", "0100000A:0949"), ("fd00::1", "000000FD000000000000000001000000:0949"), ("host-1", "-")],
)
def test_an_endpoint_is_written_as_the_kernel_shows_it(address: str, expected: str) -> None:
    """Each word of an address is in the order of a little-endian machine."""
    assert prober.kernel_form(address, 2377) == expected


def _late_bash(folder: Path) -> str:
    """Return a search path on which bash takes longer to start than a probe may take."""
    late = folder / "bash"
    late.write_text("#!/bin/sh\nexec sleep 5\n")
    late.chmod(0o755)
    return f"{folder}:"


def _begin_connection(server: socket.socket) -> socket.socket:
    waiting = socket.socket()
    waiting.setblocking(False)
    waiting.connect_ex(server.getsockname())
    return waiting


def _connect(shell: str, ports: list[int], script: str = prober.CONNECT_SCRIPT, path: str = "") -> list[Reach]:
    words = [word for port in ports for word in ("127.0.0.1", str(port), prober.kernel_form("127.0.0.1", port))]
    argv = [str(which(shell)), "-c", script, "sh", *words]
    environment = {"PATH": f"{path}{os.environ['PATH']}"}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False, env=environment)
    return prober.parse_reaches(Completed(0, done.stdout, ""), len(ports))
