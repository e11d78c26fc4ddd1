"""One fleet's wires: a switch in a network namespace of its own, a cable to each host, one to the bot's side.

The switch is not in the machine's own namespace, where a Docker engine's firewall would drop what passes a bridge.
Subnets are of 198.18.0.0/15 (RFC 2544, for tests of networks): neither Docker's address pools nor private networks.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.errors import Failed
from sandbox.fleet.faults import Faults
from sandbox.fleet.shell import kill, sh, until

_NAMES = Path("/run/netns")
_FIRST_ADDRESS = 10


@dataclass(frozen=True)
class Network:
    """The network of the fleet in ``slot`` (0…255)."""

    slot: int

    @property
    def prefix(self) -> str:
        """What the names of this fleet's link, namespaces and control groups begin with."""
        return f"swb{self.slot}"

    @property
    def subnet(self) -> str:
        """The hosts' subnet."""
        return f"198.18.{self.slot}.0/24"

    @property
    def gateway(self) -> str:
        """The bot's own address."""
        return f"198.18.{self.slot}.1"

    @property
    def _switch(self) -> str:
        return f"{self.prefix}-switch"

    def address(self, number: int) -> str:
        """Return the address of host ``number`` (1…)."""
        return f"198.18.{self.slot}.{_FIRST_ADDRESS + number}"

    def namespace(self, host: str) -> str:
        """Return the name of the host's network namespace."""
        return f"{self.prefix}-{host}"

    def path(self, host: str) -> Path:
        """Return the file that enters the host's network namespace."""
        return _NAMES / self.namespace(host)

    def up(self) -> None:
        """Set up the switch and the bot's cable to it."""
        sh("ip", "netns", "add", self._switch)
        sh("ip", "link", "add", self.prefix, "type", "veth", "peer", "name", "bot", "netns", self._switch)
        switch = "link add br0 type bridge\nlink set bot master br0\nlink set bot up\nlink set br0 up\n"
        sh("ip", "-n", self._switch, "-batch", "-", text_in=switch)
        mine = f"addr add {self.gateway}/24 dev {self.prefix}\nlink set {self.prefix} up\n"
        sh("ip", "-batch", "-", text_in=mine)

    def plug_in(self, host: str, number: int, faults: Faults) -> None:
        """Give a host a new network card, in a new namespace, with its faults.

        Its hardware address is always the same, so that its peers need not learn it anew.
        """
        name, mac = self.namespace(host), f"02:5b:{self.slot:02x}:00:00:{number:02x}"
        sh("ip", "netns", "add", name)
        sh(*f"ip link add eth0 netns {name} address {mac} type veth peer name {host} netns {self._switch}".split())
        card = (
            f"link set lo up\naddr add {self.address(number)}/24 dev eth0\nlink set eth0 up\n"
            "route add unreachable default\n"
        )
        sh("ip", "-n", name, "-batch", "-", text_in=card)
        sh("ip", "-n", self._switch, "link", "set", host, "master", "br0")
        self.apply(host, faults)

    def apply(self, host: str, faults: Faults, before: Faults | None = None) -> None:
        """Make the host's network have these faults and no others."""
        before = before or Faults()
        name = self.namespace(host)
        sh("ip", "-n", self._switch, "link", "set", host, "down" if faults.cut else "up")
        rules = faults.rules(self.subnet, self.gateway)
        sh("nsenter", f"--net={self.path(host)}", "iptables-restore", "-w", "5", text_in=rules)
        for address in before.addresses - faults.addresses:
            sh("ip", "-n", name, "addr", "del", f"{address}/24", "dev", "eth0")
        for address in faults.addresses - before.addresses:
            sh("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")

    def unplug(self, host: str) -> None:
        """Remove a host's network, then kill whatever runs there, so that nothing that dies can tell a peer."""
        if self.path(host).exists():
            # By name, at once: with its namespace the card would go some time later, and be in the next one's way.
            with suppress(Failed):  # a start that failed may have come before the card
                sh("ip", "-n", self._switch, "link", "del", host)
            self._remove(self.namespace(host))

    def down(self) -> None:
        """Kill and remove everything whose name is of this fleet's slot; what is gone already is no error."""
        link = Path("/sys/class/net", self.prefix)
        if link.exists():
            with suppress(Failed):  # it is on its way out already if its other end has gone
                sh("ip", "link", "del", self.prefix)
            until(lambda: not link.exists(), f"link {self.prefix} is gone")
        for name in sorted(path.name for path in _NAMES.glob(f"{self.prefix}-*")):
            self._remove(name)

    def remains(self) -> list[str]:
        """Return the names of what stands of this slot's fleet."""
        links = [self.prefix] if Path("/sys/class/net", self.prefix).exists() else []
        return links + sorted(path.name for path in _NAMES.glob(f"{self.prefix}-*"))

    def _remove(self, name: str) -> None:
        path = _NAMES / name
        if path.exists():
            kill(_processes(path))
            sh("ip", "netns", "del", name)
        _remove_cgroups(name)


def _processes(namespace: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # gone meanwhile, or the machine's own process 1, closed even to root
                if (entry / "ns/net").samefile(namespace):
                    found.append(int(entry.name))
    return found


def _remove_cgroups(name: str) -> None:
    root = Path("/sys/fs/cgroup")
    for top in [root / name, *root.glob(f"*/{name}")]:
        if top.exists():
            until(partial(_rmdir, top), f"{top} is gone")


def _rmdir(top: Path) -> bool:
    with suppress(OSError):  # a group is busy for a moment after its last process has gone
        for folder, _, _ in os.walk(top, topdown=False):
            Path(folder).rmdir()
    return not top.exists()
