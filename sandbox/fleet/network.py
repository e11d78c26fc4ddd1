"""The network of a fleet: a switch in its own network namespace, with a cable to each host and one to the bot.

The switch is not in the machine's namespace, because a Docker engine's firewall there would drop bridged packets.
Subnets are from 198.18.0.0/15 (RFC 2544, for network tests), which overlaps neither Docker's address pools nor private
networks.
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

_NAMESPACES = Path("/run/netns")
_FIRST_ADDRESS = 10


@dataclass(frozen=True)
class Network:
    """The network of the fleet in ``slot`` (0…255)."""

    slot: int

    @property
    def prefix(self) -> str:
        """The prefix of the names of this fleet's link, namespaces and control groups."""
        return f"swb{self.slot}"

    @property
    def subnet(self) -> str:
        """The hosts' subnet."""
        return f"198.18.{self.slot}.0/24"

    @property
    def gateway(self) -> str:
        """The bot's address."""
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
        """Return the file of the host's network namespace."""
        return _NAMESPACES / self.namespace(host)

    def up(self) -> None:
        """Create the switch and the bot's cable to it."""
        sh("ip", "netns", "add", self._switch)
        sh("ip", "link", "add", self.prefix, "type", "veth", "peer", "name", "bot", "netns", self._switch)
        switch = "link add br0 type bridge\nlink set bot master br0\nlink set bot up\nlink set br0 up\n"
        sh("ip", "-n", self._switch, "-batch", "-", text_in=switch)
        mine = f"addr add {self.gateway}/24 dev {self.prefix}\nlink set {self.prefix} up\n"
        sh("ip", "-batch", "-", text_in=mine)

    def plug_in(self, host: str, number: int, faults: Faults) -> None:
        """Create a network card for a host, in a new namespace, with its faults.

        A host always has the same hardware address, so that its peers' ARP tables stay valid.
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
        """Set the host's network faults to exactly these; ``before`` are the current ones."""
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
        """Remove a host's network, then kill its processes, so that none of them can notify a peer."""
        if self.path(host).exists():
            # The card is removed by name: with its namespace it would go later and collide with the next one.
            with suppress(Failed):  # a failed start may not have created the card
                sh("ip", "-n", self._switch, "link", "del", host)
            self._remove(self.namespace(host))

    def down(self) -> None:
        """Kill and remove everything with this slot's prefix; missing parts are ignored."""
        link = Path("/sys/class/net", self.prefix)
        if link.exists():
            with suppress(Failed):  # the kernel already removes it if its other end is gone
                sh("ip", "link", "del", self.prefix)
            until(lambda: not link.exists(), f"link {self.prefix} is gone")
        for name in sorted(path.name for path in _NAMESPACES.glob(f"{self.prefix}-*")):
            self._remove(name)

    def remains(self) -> list[str]:
        """Return the names of all links and namespaces of this slot."""
        links = [self.prefix] if Path("/sys/class/net", self.prefix).exists() else []
        return links + sorted(path.name for path in _NAMESPACES.glob(f"{self.prefix}-*"))

    def _remove(self, name: str) -> None:
        path = _NAMESPACES / name
        if path.exists():
            kill(_processes(path))
            sh("ip", "netns", "del", name)
        _remove_cgroups(name)


def _processes(namespace: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it has ended, or it is the machine's process 1, which even root cannot read
                if (entry / "ns/net").samefile(namespace):
                    found.append(int(entry.name))
    return found


def _remove_cgroups(name: str) -> None:
    root = Path("/sys/fs/cgroup")
    for top in [root / name, *root.glob(f"*/{name}")]:
        if top.exists():
            until(partial(_rmdir, top), f"{top} is gone")


def _rmdir(top: Path) -> bool:
    with suppress(OSError):  # a group is busy for a moment after its last process has ended
        for folder, _, _ in os.walk(top, topdown=False):
            Path(folder).rmdir()
    return not top.exists()
