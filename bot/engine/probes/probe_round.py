"""One script reads a host before others send to it; another one sends all of its probes and counts what arrives.

Nothing waits for an answer between them: the first script reads the counters while the engine is asked, the second one
ends when as much has arrived as all hosts together send. Everything else is tested by bot.engine.probes.prober.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from bot.engine.disk.data_root import DEFAULT_DATA_ROOT
from bot.engine.probes.machine import SCRIPT_TIMEOUT_S, parse_interfaces
from bot.engine.probes.prober import LOAD_STEP, PROBE_TIMEOUT_S, parse_counters
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import helper, last_line, read
from bot.model.network import BASELINE_S, Counters, DiskSpace, Examination, Probe, RoundReport, SentProbe

COUNTER_POLL_S: Final = 0.005
"""The least time between two reads of the counters in a round."""
_PART: Final = "--\n"

# Reading the counters forks nothing: on a busy host each process counts. It sets `shown` to the lines, whose verdict
# is made by the names in them; the sums of datagrams and resets, by their places, only say when enough has arrived.
# The uptimes are read so that two counts are at least, and a round at most, as far apart as these show.
_PRELUDE: Final = r"""
exec bash -c '
exec 2>/dev/null 3<> <(:)
set -f
count() {
  local line words
  shown=() datagrams=0 resets=0
  mapfile -t lines </proc/net/snmp
  mapfile -t -O ${#lines[@]} lines </proc/net/snmp6
  for line in "${lines[@]}"; do
    case $line in Tcp:* | Udp:* | Udp6In[DE]* | Udp6NoPorts*) ;; *) continue ;; esac
    shown+=("$line") words=($line)
    case $line in
      Tcp:*) resets=${words[14]} ;;
      Udp:*) datagrams=$((words[1] + words[2] + words[3])) ;;
      *) datagrams=$((datagrams + words[1])) ;;
    esac
  done
}
show() { printf "%s\n" "${shown[@]}"; }
uptime() { read -r up _ </proc/uptime && echo "up $up"; }
"""

# busybox and every version of iproute2 support -o (one line per address). The data root is the one that swarmbot.yml or
# daemon.json names, or dockerd's default: the engine, which knows, is asked meanwhile, and has the last word.
EXAMINE_SCRIPT: Final = (
    _PRELUDE
    + f"""
count; show; uptime
echo --
ip -o addr show up scope global && echo listed
echo --
root=$1 named="\\"data-root\\"[[:space:]]*:[[:space:]]*\\"([^\\"]+)"
mapfile -t settings </etc/docker/daemon.json
[[ $root || ! ${{settings[*]}} =~ $named ]] || root=${{BASH_REMATCH[1]}}
{{ df -P -k -- "${{root:={DEFAULT_DATA_ROOT}}}" && echo "$root"; }} &
read -r -t {BASELINE_S} -u 3
wait
echo --
uptime; count; show
' bash "$@"
"""
)

# Its arguments are the number of reads, the counts to wait for (datagrams, resets), then transport, address, port and
# number of each probe. Only a TCP endpoint, which a firewall may keep waiting, gets a process of its own. These report
# through a pipe, and reading it is the pause between two reads of the counters: so a busy host has more time. A pause
# may end within a line, whose beginning is kept. The counters are shown when they have reached what is waited for, each
# for itself: what is late for one must not make the other uncertain.
ROUND_SCRIPT: Final = (
    _PRELUDE
    + r"""
knock() {
  local tried=0
  while [ $tried -lt $4 ]; do
    if { :; } 5<>"/dev/tcp/$2/$3"; then echo "$1 accepted $tried" >&3; return; fi
    tried=$((tried + 1))
  done
  echo "$1 refused $tried" >&3
}
reached=
reach() {
  case $reached in *$1*) return ;; esac
  reached="$reached $1"
  echo "-- $1"
  show
  uptime
}
arrived() {
  count
  if [ $datagrams -ge $wanted_datagrams ]; then reach udp; fi
  if [ $resets -ge $wanted_resets ]; then reach tcp; fi
  [ "$waiting $reached" = "0  udp tcp" ] || [ "$waiting $reached" = "0  tcp udp" ]
}
looks=$1 wanted_datagrams=$2 wanted_resets=$3 number=0 waiting=0 pids= begun=
shift 3
while [ $# -ge 4 ]; do
  if [ $1 = tcp ]; then
    knock $number $2 $3 $4 &
    pids="$pids $!" waiting=$((waiting + 1))
  else
    for ((i = 0; i < $4; i++)); do echo >"/dev/udp/$2/$3"; done
    echo "$number sent $i"
  fi
  number=$((number + 1))
  shift 4
done
until arrived || [ $looks -le 0 ]; do
  while IFS= read -r -t 0.005 -u 3 said; do echo "$begun$said"; begun= waiting=$((waiting - 1)); done
  begun=$begun$said looks=$((looks - 1))
done
kill $pids
count
reach udp
reach tcp
' bash "$@"
"""
)


def examine(connection: SshConnection, data_root: str = "") -> Examination:
    """Return the interfaces, the counters and the disk of a host. Raises HostUnreachable, EngineError (no bash).

    ``data_root`` is that of the engine, if swarmbot.yml names it.
    """
    helper(connection)  # its start is no measure of how long a script takes
    began = time.monotonic()
    done = read(connection, EXAMINE_SCRIPT, data_root, timeout=SCRIPT_TIMEOUT_S)
    found = parse_examination(done.out, time.monotonic() - began)
    if found is None:
        what = f"does not show its packet counters: {last_line(done.err)}"
        raise failures.host_error(connection.target, what, LOAD_STEP)
    return found


def parse_examination(text: str, seconds: float) -> Examination | None:
    """Parse the output of EXAMINE_SCRIPT, which took ``elapsed_s`` seconds; None without counters."""
    first, listed, space, last = (*text.split(_PART), "", "", "")[:4]
    if "Udp:" not in first or "Udp:" not in last:
        return None
    interfaces = parse_interfaces(listed) if listed.endswith("listed\n") else None
    return Examination(interfaces, parse_counters(first), parse_counters(last), seconds, parse_space(space))


def parse_space(text: str) -> DiskSpace | None:
    """Parse the output of ``df -P -k`` for one folder, and the folder; None if it failed."""
    try:
        _, line, folder = text.splitlines()
        total, used, available = (int(word) * 1024 for word in line.rsplit(maxsplit=5)[1:4])
    except ValueError:
        return None
    return DiskSpace(folder, total, used, available)


def probe_round(connection: SshConnection, probes: Sequence[Probe], until: Counters, timeout_s: float) -> RoundReport:
    """Send all of ``probes``; report when the host has counted up to ``until``, or after ``timeout_s`` or more.

    Connections should come first: they are started in parallel, and datagrams are sent meanwhile. Raises
    HostUnreachable, EngineError (no bash).
    """
    words = [word for each in probes for word in (each.transport, each.address, str(each.port), str(each.number))]
    limits = (str(int(timeout_s / COUNTER_POLL_S)), str(until.datagrams), str(until.resets))
    late_s = timeout_s + PROBE_TIMEOUT_S
    done = read(connection, ROUND_SCRIPT, *limits, *words, timeout=late_s, again=False)  # more would be too many
    report = parse_round(done.out, len(probes))
    if report is None:
        raise failures.host_error(connection.target, f"could not probe: {last_line(done.err)}", LOAD_STEP)
    return report


def parse_round(text: str, number: int) -> RoundReport | None:
    """Parse the lines about ``number`` probes and the counters; None without these. A probe may lack its line."""
    sent = [SentProbe("unknown")] * number
    counted: dict[str, list[str]] = {}
    transport = ""
    for line in text.splitlines():
        place, _, value = line.partition(" ")
        outcome, _, count = value.partition(" ")
        if place == "--":
            transport = value
        elif not place.isdecimal():
            counted.setdefault(transport, []).append(line)
        elif outcome in {"sent", "refused", "accepted"}:
            sent[int(place)] = SentProbe(outcome, int(count))  # type: ignore[arg-type] # one of these
    udp, tcp = ("\n".join(counted.get(each, ())) for each in ("udp", "tcp"))
    if "Udp:" not in udp or "Tcp:" not in tcp:
        return None
    return RoundReport(tuple(sent), {"udp": parse_counters(udp), "tcp": parse_counters(tcp)})
