"""Probes from a host to other hosts, and the count of the packets that it receives."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final

from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import Completed, helper, last_line, read
from bot.model.network import Counters, Reach, Transport

PROBE_TIMEOUT_S: Final = 5.0
LOAD_STEP: Final = "Check the machine's load."
_SENT: Final = re.compile(r"^sent (\d+)$", re.MULTILINE)

ABLE_SCRIPT: Final = "command -v bash && command -v timeout"

COUNT_SCRIPT: Final = r"""
grep -hE '^(Tcp|Udp|Udp6.*):? ' /proc/net/snmp /proc/net/snmp6
grep -qhE '^ *[0-9]+: [0-9A-F:]+ [0-9A-F:]+ .. [0-9A-F]+:0*[1-9A-F]' /proc/net/udp /proc/net/udp6 && echo unread
"""

# Their arguments are address, port and number. bash can send datagrams without other programs. Each datagram
# has its own socket: on a shared one, the "port unreachable" for one datagram would fail the next before it is sent. A
# firewall that refuses by ICMP does so once a second, so connections are tried in parallel and not waited for. "sent"
# is the evidence that the packets went out: datagrams were all tried, and the kernel counted that many new connections,
# which is read 100 times: so a slow host has more time.
SEND_SCRIPTS: Final[Mapping[Transport, str]] = {
    "udp": r"""
timeout 3 bash -c 'for ((i = 0; i < $2; i++)); do echo >"/dev/udp/$0/$1"; done; echo >&3 "sent $i"' \
  "$1" "$2" "$3" 3>&1 >/dev/null 2>&1
""",
    "tcp": r"""
opens() { grep '^Tcp:' /proc/net/snmp | { read -r _; read -r _ _ _ _ _ opens _; echo "$opens"; }; }
before=$(opens)
timeout 10 bash -c 'for ((i = 0; i < $2; i++)); do : >"/dev/tcp/$0/$1" & done; wait' "$1" "$2" "$3" >/dev/null 2>&1 &
looks=0
until [ $(($(opens) - before)) -ge "$3" ] || [ $looks -ge 100 ]; do sleep 0.02; looks=$((looks + 1)); done
kill $! 2>/dev/null
echo "sent $(($(opens) - before))"
""",
}

# Its arguments are address, port and the peer as in /proc/net/tcp, for each endpoint. "no answer" needs evidence: the
# kernel has sent its request twice and still waits (state 02, SYN_SENT), in two reads, or it has an error of the route.
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
    sleep 0.3 >&- 3>&-
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

    def __init__(self, connection: SshConnection, round_trip_s: float) -> None:
        self._connection = connection
        self.round_trip_s = round_trip_s
        """How long an empty script took on the host."""

    def counters(self) -> Counters:
        """Return what the host's kernel has counted so far."""
        done = read(self._connection, COUNT_SCRIPT, timeout=PROBE_TIMEOUT_S)
        if "Udp:" not in done.out:
            what = f"does not show its packet counters: {last_line(done.err)}"
            raise failures.host_error(self._connection.target, what, LOAD_STEP)
        return parse_counters(done.out)

    def send(self, transport: Transport, address: str, port: int, number: int) -> None:
        """Send ``number`` datagrams, or try that many connections. Raise EngineError if not all were seen to go out."""
        script, words = SEND_SCRIPTS[transport], (address, str(port), str(number))
        done = read(self._connection, script, *words, timeout=PROBE_TIMEOUT_S, again=False)  # more would be too many
        match = _SENT.search(done.out)
        if match is None or int(match[1]) < number:
            raise failures.host_error(self._connection.target, "was too slow to send all probes", LOAD_STEP)

    def connect(self, endpoints: Sequence[tuple[str, int]]) -> list[Reach]:
        """Try a connection to each endpoint. May try twice."""
        words = [word for address, port in endpoints for word in (address, str(port), kernel_form(address, port))]
        return parse_reaches(read(self._connection, CONNECT_SCRIPT, *words, timeout=PROBE_TIMEOUT_S), len(endpoints))


def prober(connection: SshConnection) -> ShellProber:
    """Return a prober on a host. Raises HostUnreachable, EngineError (no bash)."""
    helper(connection)
    began = time.monotonic()
    if read(connection, ABLE_SCRIPT, timeout=PROBE_TIMEOUT_S).status:
        what = "has no bash (or no timeout), which the port probes need"
        raise failures.host_error(connection.target, what, "Install bash and coreutils.")
    return ShellProber(connection, time.monotonic() - began)


def parse_counters(text: str) -> Counters:
    """Parse the output of ``count``.

    It has lines of /proc/net/snmp (names above their numbers), those of /proc/net/snmp6 (a name and a number each),
    ``unread`` if a UDP socket has datagrams in its queue, and ``up`` with the uptime in seconds.
    """
    counts: dict[str, int] = {}
    names: list[str] = []
    uptime_s = 0.0
    for line in text.splitlines():
        head, *rest = line.split()
        if not rest:
            continue
        if head == "up":
            uptime_s = float(rest[0])
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
        uptime_s=uptime_s,
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
