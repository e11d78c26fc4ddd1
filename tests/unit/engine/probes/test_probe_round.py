"""The two scripts of a round, run on this machine, and what is parsed of their output."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.engine.probes.probe_round import EXAMINE_SCRIPT, ROUND_SCRIPT, parse_examination, parse_round, parse_space
from bot.model.network import BASELINE_S, Counters, Interface, RoundReport, SentProbe

NUMBER = 25
CLOSED = 9
NOTHING = Counters(0, 0)


def run(shell: str, script: str, *words: str) -> str:
    """Return what a script prints."""
    done = subprocess.run([shell, "-c", script, "sh", *words], capture_output=True, text=True, timeout=20, check=True)
    return done.stdout


def sent(shell: str, ports: Sequence[tuple[str, int]], until: Counters = NOTHING, *, looks: int = 10) -> RoundReport:
    """Send to ports of this machine; read the counters this often, or until they have reached this."""
    words = [word for transport, port in ports for word in (transport, "127.0.0.1", str(port), str(NUMBER))]
    wanted = (str(until.datagrams), str(until.resets))
    report = parse_round(run(shell, ROUND_SCRIPT, str(looks), *wanted, *words), len(ports))
    assert report is not None
    return report


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_round_sends_and_counts(shell: str) -> None:
    """A connection that is accepted is tried once, one that is refused as often as wanted; each refusal is counted."""
    first = parse_examination(run(shell, EXAMINE_SCRIPT), 0.1)
    assert first is not None
    assert first.last.uptime_s - first.first.uptime_s >= BASELINE_S - 0.01
    with socket.create_server(("127.0.0.1", 0)) as server:
        ports = [("tcp", server.getsockname()[1]), ("tcp", CLOSED), ("udp", CLOSED)]
        until = Counters(first.last.datagrams + NUMBER, first.last.resets + NUMBER)
        report = sent(shell, ports, until, looks=1000)
    assert report.sent == (SentProbe("accepted"), SentProbe("refused", NUMBER), SentProbe("sent", NUMBER))
    assert report.counters["udp"].datagrams >= until.datagrams
    assert report.counters["tcp"].resets >= until.resets
    assert min(each.uptime_s for each in report.counters.values()) >= first.last.uptime_s > 0


def test_a_report_is_read_in_two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy host the pause between two reads ends within a line."""
    parts = 'printf "%s " "$1" >&3; sleep 0.05; echo "refused $tried" >&3'
    in_parts = ROUND_SCRIPT.replace('echo "$1 refused $tried" >&3', parts)
    assert in_parts != ROUND_SCRIPT
    monkeypatch.setattr(f"{__name__}.ROUND_SCRIPT", in_parts)
    assert sent("dash", [("tcp", CLOSED)], looks=1000).sent == (SentProbe("refused", NUMBER),)


def test_what_is_late_for_one_counter_does_not_delay_the_other() -> None:
    """The resets are shown as soon as they have come; datagrams that never come are waited for."""
    first = parse_examination(run("dash", EXAMINE_SCRIPT), 0.1)
    assert first is not None
    until = Counters(first.last.datagrams + 10**9, first.last.resets)
    counters = sent("dash", [("tcp", CLOSED)], until, looks=20).counters
    assert counters["udp"].uptime_s - counters["tcp"].uptime_s >= 0.08, "20 looks of 5 ms, and the clock of 10 ms"


def test_a_connection_without_an_answer_is_not_waited_for() -> None:
    """A listener whose queue is full lets requests wait, as a firewall that drops them does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        queued = [socket.socket() for _ in range(2)]
        for each in queued:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        try:
            report = sent("dash", [("tcp", full.getsockname()[1]), ("udp", CLOSED)])
        finally:
            for each in queued:
                each.close()
    assert report.sent == (SentProbe("unknown"), SentProbe("sent", NUMBER))


def test_the_interfaces_are_those_that_ip_lists(tmp_path: Path) -> None:
    """A host without ``ip`` is examined without them."""
    program = tmp_path / "ip"
    program.write_text('#!/bin/sh\necho "2: eth0    inet 192.0.2.1/24 scope global eth0"\n')
    program.chmod(0o755)
    found = parse_examination(run("dash", f"PATH={tmp_path}:$PATH {EXAMINE_SCRIPT.strip()}"), 0.1)
    without = parse_examination(run("dash", EXAMINE_SCRIPT.replace("ip -o", "no-such-program")), 0.1)
    assert found is not None
    assert without is not None
    assert found.interfaces == (Interface("eth0", ("192.0.2.1",), ("192.0.2.0/24",)),)
    assert without.interfaces is None
    assert without.last.uptime_s > 0


@pytest.mark.parametrize("shell", ["dash", "bash"])
@pytest.mark.parametrize("named", ["in swarmbot.yml", "in daemon.json", "nowhere", "somewhere else"])
def test_the_space_is_that_of_the_folder_that_is_named(tmp_path: Path, shell: str, named: str) -> None:
    """A folder that swarmbot.yml names comes before that of daemon.json; a folder that does not exist has no space."""
    settings = tmp_path / "daemon.json"
    settings.write_text(
        f'{{\n  "live-restore": false,\n  "data-root" : "{"/proc" if shell == "dash" else tmp_path}"\n}}'
    )
    script = EXAMINE_SCRIPT.replace("/etc/docker/daemon.json", str(settings if named != "nowhere" else tmp_path / "no"))
    script = script.replace("/var/lib/docker", "/dev")
    folder = {"in swarmbot.yml": str(tmp_path), "somewhere else": str(tmp_path / "none")}.get(named, "")
    found = parse_examination(run(shell, script, folder), 0.1)
    assert found is not None
    if named == "somewhere else":
        assert found.space is None
        return
    assert found.space is not None
    expected = folder or ("/dev" if named == "nowhere" else "/proc" if shell == "dash" else str(tmp_path))
    assert found.space.folder == expected
    now = os.statvfs(expected)
    assert found.space.total == now.f_blocks * now.f_frsize
    assert (found.space.root_available == 0) == (now.f_bfree == 0)


DF_TITLES = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"


@pytest.mark.parametrize(
    ("text", "available"),
    [
        (f"{DF_TITLES}/dev/sda1 100 60 35 64% /\n/srv/a b\n", 35 * 1024),
        (f"{DF_TITLES}/dev/sda1 100 95 0 100% /\n/srv\n", 0),
        (f"{DF_TITLES}/dev/sda1 100 60 35 64% /a\n/dev/sdb1 1 1 0 9% /b\n/a\n", None),
        ("df: /srv: No such file or directory\n", None),
        ("", None),
    ],
)
def test_what_df_prints(text: str, available: int | None) -> None:
    """What is not one line as POSIX has it is unknown."""
    found = parse_space(text)
    assert (found.available if found else None) == available


COUNTED = "Tcp: OutRsts\nTcp: 7\nUdp: InDatagrams NoPorts InErrors\nUdp: 1 2 3\nUdp6NoPorts 4\nup 12.34\n"


def test_a_probe_without_a_line_is_unknown() -> None:
    """It was still running, or its line is garbled."""
    ends = (SentProbe("unknown"), SentProbe("refused", 20), SentProbe("unknown"), SentProbe("sent", 25))
    later = COUNTED.replace("12.34", "12.5").replace("Tcp: 7", "Tcp: 8")
    report = RoundReport(ends, {"tcp": Counters(10, 7, uptime_s=12.34), "udp": Counters(10, 8, uptime_s=12.5)})
    assert parse_round(f"3 sent 25\n-- tcp\n{COUNTED}1 refused 20\n2 ref\n-- udp\n{later}", 4) == report


@pytest.mark.parametrize("text", ["", "0 sent 25\n", "bash: not found\n"])
def test_a_host_that_does_not_count_has_no_report(text: str) -> None:
    """It has no bash, say."""
    assert parse_round(text, 1) is None
    assert parse_examination(text, 0.1) is None
