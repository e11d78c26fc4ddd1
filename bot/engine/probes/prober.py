"""A shell on a host that sends probes to other hosts and counts the packets that it receives."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
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
LOAD_STEP: Final = "Check the machine's load."
_SENT: Final = re.compile(r"^sent (\d+)$", re.MULTILINE)

# bash can send datagrams without other programs. Each datagram has its own socket: on a shared one, the "port
# unreachable" for one datagram would fail the next before it is sent. A firewall that refuses by ICMP does so once a
# second, so connections are tried in parallel and not waited for. "sent" is the evidence that the packets went out:
# datagrams were all tried, and the kernel counted that many new connections.
PROBER_SCRIPT: Final = r"""
command -v bash >/dev/null && command -v timeout >/dev/null || { echo unable; echo .; exit; }
opens() { grep '^Tcp:' /proc/net/snmp | { read -r _; read -r _ _ _ _ _ opens _; echo "$opens"; }; }
echo .
while read -r verb address port number; do
  case $verb in
    count)
      grep -hE '^(Tcp|Udp|Udp6.*):? ' /proc/net/snmp /proc/net/snmp6
      grep -qhE '^ *[0-9]+: [0-9A-F:]+ [0-9A-F:]+ .. [0-9A-F]+:0*[1-9A-F]' /proc/net/udp /proc/net/udp6 &&
        echo unread ;;
    udp) timeout 3 bash -c 'for ((i = 0; i < $2; i++)); do echo >"/dev/udp/$0/$1"; done; echo >&3 "sent $i"' \
      "$address" "$port" "$number" 3>&1 >/dev/null 2>&1 ;;
    tcp) before=$(opens)
      timeout 0.5 bash -c 'for ((i = 0; i < $2; i++)); do : >"/dev/tcp/$0/$1" & done; wait' \
        "$address" "$port" "$number" >/dev/null 2>&1
      echo "sent $(($(opens) - before))" ;;
  esac 2>/dev/null
  echo .
done
"""

# Its arguments are address, port and the peer as in /proc/net/tcp, for each endpoint. "no answer" needs evidence: the
# kernel has sent its request twice and still waits (state 02, SYN_SENT), in two looks, or it has an error of the route.
# A program that is late proves nothing.
CONNECT_SCRIPT: Final = r"""
try() {
  said=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3" 2>&1) && { echo "$1 open"; return; }
  case $said in
    *refused*) echo "$1 refused" ;;
    *"No route"* | *nreachable* | *"timed out"* | *"not permitted"* | *"ermission denied"*) echo "$1 no answer" ;;
  esac
}
watch() {
  sleep 1.1 3>&-
  table=
  for look in 1 2 3 4 5 6 7; do
    before=$table
    table=$(grep -hE ' 02 [0-9A-F:]+ [0-9A-F:]+ 0*[1-9A-F]' /proc/net/tcp /proc/net/tcp6)
    for each; do
      seen=" ${each##*/} 02 "
      case $before in *"$seen"*) case $table in *"$seen"*)
        each=${each%/*}; echo "${each%/*} no answer"; kill "${each#*/}" ;;
      esac ;; esac
    done
    sleep 0.3 3>&-
  done >&3
}
exec 2>/dev/null
number=0 tries= pids=
while [ $# -gt 2 ]; do
  try $number "$1" "$2" &
  pids="$pids $!" tries="$tries $number/$!/$3"
  number=$((number + 1)); shift 3
done
watch $tries 3>&1 >/dev/null &
wait $pids
kill $!
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
        """Send ``number`` datagrams, or try that many connections. Raise EngineError if not all were seen to go out."""
        said = _SENT.search(self.ask(f"{transport} {address} {port} {number}"))
        if said is None or int(said[1]) < number:
            raise failures.host_error(self._connection.target, "was too slow to send all probes", LOAD_STEP)

    def connect(self, endpoints: Sequence[tuple[str, int]]) -> list[Reach]:
        """Try a connection to each endpoint, in a separate shell, so that the other is not blocked. May try twice."""
        words = [word for address, port in endpoints for word in (address, str(port), kernel_form(address, port))]
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
    """Parse the output of ``count``.

    It has lines of /proc/net/snmp (names above their numbers), those of /proc/net/snmp6 (a name and a number each), and
    ``unread`` if a UDP socket has datagrams in its queue.
    """
    counts: dict[str, int] = {}
    names: list[str] = []
    for line in text.splitlines():
        head, *rest = line.split()
        if not rest:
            continue
        if not head.endswith(":"):
            counts[head] = int(rest[0])
        elif rest and not rest[0].lstrip("-").isdecimal():
            names = rest
        else:
            counts |= {head.removesuffix(":") + name: int(number) for name, number in zip(names, rest, strict=False)}
    came = [f"{family}{name}" for family in ("Udp", "Udp6") for name in ("InDatagrams", "NoPorts", "InErrors")]
    return Counters(
        datagrams=sum(counts.get(name, 0) for name in came),
        resets=counts.get("TcpOutRsts", 0),
        unread="unread" in text.splitlines(),
    )


def parse_reaches(done: Completed, number: int) -> list[Reach]:
    """Parse the output of CONNECT_SCRIPT; nothing is known about an endpoint without a line."""
    words: dict[str, Reach] = {"open": "open", "refused": "refused", "no answer": "no answer"}
    met = dict(line.partition(" ")[::2] for line in done.out.splitlines())
    return [words.get(met.get(str(place), ""), "unknown") for place in range(number)]


def kernel_form(address: str, port: int) -> str:
    """Return an endpoint as /proc/net/tcp and tcp6 show it on a little-endian machine; "-" for a name."""
    try:
        packed = ip_address(address).packed
    except ValueError:
        return "-"
    words = [packed[place : place + 4][::-1].hex().upper() for place in range(0, len(packed), 4)]
    return f"{''.join(words)}:{port:04X}"


def _slow(target: SshTarget) -> EngineError:
    return failures.host_error(target, f"did not finish a probe within {PROBE_TIMEOUT_S:g} s", LOAD_STEP)
