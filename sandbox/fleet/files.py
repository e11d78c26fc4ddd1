"""The files that hosts see in place of the machine's, and the SSH keys for the bot."""

from __future__ import annotations

from pathlib import Path

from bot.errors import Failed
from sandbox.fleet.network import Network
from sandbox.fleet.shell import sh

PLAIN_USER = "deploy"
"""A user of every host with the same SSH key and without access to the engine's socket."""

_ROOT = "root:x:0:0:root:/run/home:/bin/sh"  # a shell and a home without the machine's start-up files
_PLAIN_ID = 7701


class Files:
    """The state folder of one fleet."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.etc = state / "etc"
        self.identity = state / "id_ed25519"
        self.known_hosts = state / "known_hosts"
        self._mark = state / "swarmbot-fleet"
        self.archive = state / "task.tar"

    def make(self) -> None:
        """Create the folder in memory, where engines start twice as fast. Raise Failed if it is not empty."""
        self.remove()
        self.state.mkdir(parents=True, exist_ok=True)
        if any(self.state.iterdir()):
            raise Failed(f"{self.state} is not empty and not the folder of a fleet.")
        sh("mount", "-t", "tmpfs", "-o", "mode=700", "swarmbot-fleet", str(self.state))
        self._mark.touch()

    def remove(self) -> None:
        """Remove the folder if it is the folder of a fleet."""
        if self._mark.exists():
            sh("umount", "--lazy", str(self.state))
            self.state.rmdir()

    def host(self, name: str) -> Path:
        """Return the folder of one host."""
        return self.state / name

    def write(self, network: Network, hosts: list[str]) -> None:
        """Write the files of all hosts, the files of each host, and known_hosts with the hosts' keys."""
        self.etc.mkdir(parents=True)
        _keygen(self.identity, "swarmbot")
        passwd = [line for line in _lines("/etc/passwd") if not line.startswith("root:")]
        plain = f"{PLAIN_USER}:x:{_PLAIN_ID}:{_PLAIN_ID}::/tmp:/bin/sh"
        self._etc("passwd", [_ROOT, *passwd, plain])
        self._etc("group", [*_lines("/etc/group"), f"{PLAIN_USER}:x:{_PLAIN_ID}:"])
        self._etc("shadow", [f"{user}:*:19000:0:99999:7:::" for user in ("root", PLAIN_USER)])
        addresses = [f"{network.address(number)} {name}" for number, name in enumerate(hosts, 1)]
        self._etc("hosts", ["127.0.0.1 localhost", *addresses])
        # This address refuses connections at once. The machine's own would delay each `service create` by 20 s.
        self._etc("resolv.conf", ["nameserver 127.0.0.1", "options timeout:1 attempts:1"])
        self._etc("authorized_keys", _lines(f"{self.identity}.pub"))
        known = []
        for number, name in enumerate(hosts, 1):
            folder = self.host(name)
            folder.mkdir()
            (folder / "hostname").write_text(f"{name}\n")
            key = folder / "ssh_host_ed25519_key"
            _keygen(key, name)
            known.append(f"{network.address(number)},{name} {' '.join(_lines(f'{key}.pub')[0].split()[:2])}\n")
        self.known_hosts.write_text("".join(known))

    def _etc(self, name: str, lines: list[str]) -> None:
        path = self.etc / name
        path.write_text("".join(f"{line}\n" for line in lines))
        path.chmod(0o644)


def _keygen(path: Path, comment: str) -> None:
    sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
