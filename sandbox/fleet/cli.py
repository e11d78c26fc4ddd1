"""``python -m bot sandbox fleet …``: run a fleet and inject faults by hand."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, get_args

from bot.errors import Failed, SwarmbotError
from sandbox.fleet.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.releases import Release
from sandbox.fleet.slots import running

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse gives it no other name

STATE = Path("/var/lib/swarmbot-fleet")
"""The folder for fleets. It is not below /run, which Debian mounts noexec."""
DEMO_PREFIX = "swarmbot-demo-"
"""The beginning of the name of the folder of a demo's fleet."""

_HOST_COMMANDS: dict[str, tuple[Callable[[Host], None], str]] = {
    "power-off": (Host.power_off, "power off without a shutdown"),
    "power-on": (Host.power_on, "boot"),
    "restart": (Host.restart, "power off and on again"),
    "wipe": (Host.wipe, "power off, delete the engine's data, boot"),
    "stop-docker": (Host.stop_docker, "stop dockerd and its containers"),
    "kill-docker": (Host.kill_docker, "kill dockerd with SIGKILL; its containers go on"),
    "start-docker": (Host.start_docker, "start dockerd"),
    "cut": (Host.cut_cable, "cut the network cable"),
    "fix": (Host.fix, "remove all network faults"),
}


def add_parser(subparsers: Subparsers) -> None:
    """Add ``fleet`` with its commands; ``args.act(args)`` returns the exit status."""
    fleet = subparsers.add_parser("fleet", help="run real Docker hosts on this machine")
    words = f"the fleet's folder (default: the running demo's; without one {STATE})"
    fleet.add_argument("--state", type=Path, default=None, help=words)
    commands = fleet.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start hosts that run until `down`")
    up.add_argument("--size", type=int, default=5, help="number of hosts (default %(default)s)")
    up.add_argument(
        "--release",
        choices=get_args(Release),
        help="their Debian release, with its Docker engine (default: the machine's)",
    )
    up.set_defaults(act=_up)
    commands.add_parser("down", help="stop and remove them").set_defaults(act=_down)
    commands.add_parser("status", help="show power, dockerd, swarm and faults of each host").set_defaults(act=_status)
    commands.add_parser("reset", help="remove all faults, swarms and containers").set_defaults(act=_reset)
    for name, (_, words) in _HOST_COMMANDS.items():
        command = commands.add_parser(name, help=words)
        command.add_argument("hosts", nargs="+", metavar="HOST")
        command.set_defaults(act=_on_hosts, name=name)
    for name, words in (("partition", "drop all packets from and to the other hosts"), ("heal", "undo a partition")):
        command = commands.add_parser(name, help=words)
        command.add_argument("hosts", nargs="+", metavar="HOST")
        command.add_argument("--direction", choices=("in", "out"), action="append", default=[])
        command.set_defaults(act=_partition, name=name)
    for name, words in (("block", "drop all packets for one port"), ("unblock", "undo a block")):
        command = commands.add_parser(name, help=words)
        command.add_argument("host", metavar="HOST")
        command.add_argument("port", metavar="PORT[/udp]")
        command.add_argument("--direction", choices=("in", "out"), default="in")
        command.add_argument("--peer", metavar="HOST", help="only from or to this host")
        command.set_defaults(act=_block, name=name)
    for name, words in (("run", "run a command on a host, without the network"), ("ssh", "open SSH as the bot does")):
        command = commands.add_parser(name, help=words)
        command.add_argument("host", metavar="HOST")
        command.add_argument("words", nargs=argparse.REMAINDER, metavar="WORD")
        command.set_defaults(act=_run if name == "run" else _ssh)


def main(argv: list[str] | None = None) -> int:
    """Run a command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox")
    add_parser(parser.add_subparsers(required=True, metavar="PART"))
    args = parser.parse_args(argv)
    try:
        status: int = args.act(args)
    except SwarmbotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return status


def _running(args: argparse.Namespace) -> Fleet:
    """Return the fleet that ``--state`` names, or the only one of a demo. Raise Failed if there is none."""
    demos = [held.state for held in running() if held.state.name.startswith(DEMO_PREFIX)]
    return Fleet.attach(args.state or (demos[0] if len(demos) == 1 else STATE))


def _say(text: str) -> int:
    sys.stdout.write(f"{text.rstrip()}\n" if text else "")
    return 0


def _up(args: argparse.Namespace) -> int:
    start = monotonic()
    fleet = Fleet(args.state or STATE, size=args.size, stays=True, releases=(args.release,)).up()
    hosts = "\n".join(f"{host.name}  {host.address}" for host in fleet)
    return _say(f"{hosts}\n{fleet.size} hosts up in {monotonic() - start:.1f} s")


def _down(args: argparse.Namespace) -> int:
    _running(args).down()
    return 0


def _reset(args: argparse.Namespace) -> int:
    _running(args).reset()
    return 0


def _status(args: argparse.Namespace) -> int:
    return _say("\n".join(_line(host) for host in _running(args)))


def _line(host: Host) -> str:
    swarm = "docker stopped"
    if not host.up:
        swarm = "off"
    elif host.docker_answers:
        swarm = host.docker("info", "--format", "docker up, swarm {{.Swarm.LocalNodeState}}").strip()
    return f"{host.name}  {host.address}  {swarm}  {host.faults.words()}".rstrip()


def _on_hosts(args: argparse.Namespace) -> int:
    fleet = _running(args)
    for name in args.hosts:
        _HOST_COMMANDS[args.name][0](fleet[name])
    return 0


def _partition(args: argparse.Namespace) -> int:
    fleet = _running(args)
    for name in args.hosts:
        (fleet[name].partition if args.name == "partition" else fleet[name].heal)(*args.direction)
    return 0


def _block(args: argparse.Namespace) -> int:
    fleet = _running(args)
    port, _, protocol = args.port.partition("/")
    if not port.isdigit() or protocol not in {"", "tcp", "udp"}:
        raise Failed(f"{args.port} is not a valid port.", next_step="Use 2377, 7946/tcp or 4789/udp.")
    host = fleet[args.host]
    peer = fleet[args.peer] if args.peer else None
    act = host.block if args.name == "block" else host.unblock
    act(int(port), "udp" if protocol == "udp" else "tcp", direction=args.direction, peer=peer)
    return 0


def _run(args: argparse.Namespace) -> int:
    return _say(_running(args)[args.host].run(*args.words))


def _ssh(args: argparse.Namespace) -> int:
    fleet = _running(args)
    words = [*fleet.ssh_argv(fleet[args.host]), *args.words]
    os.execvp(words[0], words)  # noqa: S606 - ssh takes over the terminal
