"""A shell on a host that sends probes to other hosts and counts the packets that it receives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import paramiko

from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import Completed, run, spawn
from bot.engine.ssh.target import SshTarget
from bot.errors import EngineError, HostUnreachable
from bot.model.network import Counters, Reach, Transport

PROBE_TIMEOUT_S: Final = 5.0
CHUNK_BYTES: Final = 16_384
ANSWER_END: Final = b".\n"

# bash can send datagrams without other programs. Each datagram has its own socket: on a shared one, the "port
# unreachable" for one datagram would fail the next before it is sent. A firewall that refuses by ICMP does so once a
# second, so connections are tried in parallel and not waited for.
PROBER_SCRIPT: Final = r"""
command -v bash >/dev/null && command -v timeout >/dev/null || { echo unable; echo .; exit; }
echo .
while read -r verb address port number; do
  case $verb in
    count) grep -hE '^(Tcp|Udp|Udp6.*):? ' /proc/net/snmp /proc/net/snmp6 2>/dev/null ;;
    udp) timeout 1 bash -c 'for ((i = 0; i < $2; i++)); do echo >"/dev/udp/$0/$1"; done' \
      "$address" "$port" "$number" 2>/dev/null ;;
    tcp) timeout 0.5 bash -c 'for ((i = 0; i < $2; i++)); do : >"/dev/tcp/$0/$1" & done; wait' \
      "$address" "$port" "$number" 2>/dev/null ;;
  esac
  echo .
done
"""

CONNECT_SCRIPT: Final = r"""
number=0
while [ $# -gt 1 ]; do
  ( said=$(timeout 1.5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1) && echo "$number open" && exit
    case $said in *refused*) echo "$number refused" ;; *) echo "$number no answer" ;; esac ) &
  number=$((number + 1)); shift 2
done
wait
"""


class ShellProber:
    """See :class:`bot.model.engine_api.Prober`."""

    def __init__(self, connection: SshConnection, channel: paramiko.Channel) -> None:
        self._connection = connection
        self._channel = channel
        self._lock = threading.Lock()

    def counters(self) -> Counters:
        """Return what the host's kernel has counted so far."""
        return parse_counters(self.ask("count"))

    def send(self, transport: Transport, address: str, port: int, number: int) -> None:
        """Send ``number`` datagrams, or try that many connections."""
        self.ask(f"{transport} {address} {port} {number}")

    def connect(self, endpoints: Sequence[tuple[str, int]]) -> list[Reach]:
        """Try a connection to each endpoint, in a separate shell, so that the other is not blocked. May try twice."""
        words = [word for address, port in endpoints for word in (address, str(port))]
        try:
            done = run(self._connection, CONNECT_SCRIPT, *words, timeout=PROBE_TIMEOUT_S)
        except HostUnreachable as error:
            if error.problem != "lost":
                raise
            done = run(self._connection, CONNECT_SCRIPT, *words, timeout=PROBE_TIMEOUT_S)
        return parse_reaches(done, len(endpoints))

    def ask(self, line: str = "") -> str:
        """Send ``line`` if it is not empty, and return the output up to the end mark."""
        deadline = time.monotonic() + PROBE_TIMEOUT_S
        target = self._connection.target
        came = b""
        with self._lock:
            try:
                if line:
                    self._channel.sendall(f"{line}\n".encode())
                while not came.endswith(ANSWER_END):
                    self._channel.settimeout(max(0.0, deadline - time.monotonic()))
                    part = self._channel.recv(CHUNK_BYTES)
                    if not part:
                        raise failures.connection_lost(target)
                    came += part
            except TimeoutError:
                raise _slow(target) from None
            except (paramiko.SSHException, OSError, EOFError):
                raise failures.connection_lost(target) from None
        return came.removesuffix(ANSWER_END).decode(errors="replace")


@contextmanager
def prober(connection: SshConnection) -> Iterator[ShellProber]:
    """Yield a shell for probes, which ends with its channel. Raises HostUnreachable, EngineError (no bash)."""
    with spawn(connection, PROBER_SCRIPT, timeout=PROBE_TIMEOUT_S) as channel:
        shell = ShellProber(connection, channel)
        if shell.ask():
            what = "has no bash (or no timeout), which the port probes need"
            raise failures.host_error(connection.target, what, "Install bash and coreutils.")
        yield shell


def parse_counters(text: str) -> Counters:
    """Parse /proc/net/snmp (names above their numbers) and /proc/net/snmp6 (a name and a number per line)."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for line in text.splitlines():
        head, *rest = line.split()
        if not head.endswith(":"):
            counts[head] = int(rest[0])
        elif rest and not rest[0].lstrip("-").isdecimal():
            names = rest
        else:
            counts |= {head.removesuffix(":") + name: int(number) for name, number in zip(names, rest, strict=False)}
    came = [f"{family}{name}" for family in ("Udp", "Udp6") for name in ("InDatagrams", "NoPorts", "InErrors")]
    return Counters(datagrams=sum(counts.get(name, 0) for name in came), resets=counts.get("TcpOutRsts", 0))


def parse_reaches(done: Completed, number: int) -> list[Reach]:
    """Parse the output of CONNECT_SCRIPT; an endpoint without a line did not respond."""
    met: dict[int, Reach] = {}
    for line in done.out.splitlines():
        place, _, word = line.partition(" ")
        if place.isdecimal() and word in {"open", "refused"}:
            met[int(place)] = "open" if word == "open" else "refused"
    return [met.get(place, "no answer") for place in range(number)]


def _slow(target: SshTarget) -> EngineError:
    return failures.host_error(
        target, f"did not finish a probe within {PROBE_TIMEOUT_S:g} s", "Check the machine's load."
    )
