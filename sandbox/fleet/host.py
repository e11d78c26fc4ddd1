"""One host: its power, its cable and firewall, its sshd and its dockerd."""

from __future__ import annotations

import subprocess
from pathlib import Path

from docker.errors import DockerException
from requests.exceptions import RequestException

from bot.errors import Failed
from sandbox.fleet.faults import Block, Direction, Faults, Protocol
from sandbox.fleet.files import Files
from sandbox.fleet.image import CHANGES, TASK_IMAGE
from sandbox.fleet.inside import Inside
from sandbox.fleet.network import Network
from sandbox.fleet.shell import PATH, SECONDS, until

_BOOT = Path(__file__).with_name("boot.sh")
_SWARM_PORTS = {2377, 7946}
_BOTH: tuple[Direction, ...] = ("in", "out")


class Host(Inside):
    """A host as a data centre's hands see it; the bot reaches it over SSH at ``address`` and in no other way.

    Every method raises :class:`bot.errors.Failed` if what it is for is not seen to hold within its time-out, and
    does nothing where that holds already.
    """

    def __init__(self, name: str, number: int, network: Network, files: Files) -> None:
        super().__init__(name, network.path(name), files.host(name))
        self.address = network.address(number)
        self._number = number
        self._network = network
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None

    # Power

    def power_on(self, *, timeout: float = 90) -> None:
        """Boot and return when dockerd and sshd answer; faults of the network and the disk are as they were.

        A manager without a quorum takes 31 s to start dockerd: ``timeout`` is in seconds.
        """
        if not self.up:
            self._boot()
        self.await_docker(timeout=timeout)
        self.await_ssh(timeout=timeout)

    def power_off(self) -> None:
        """Pull the plug: nothing is written to disk, and nobody is told."""
        self._network.unplug(self.name)
        if self._process:
            self._process.wait(SECONDS)
            self._process = None

    def restart(self) -> None:
        """Power off and on again."""
        self.power_off()
        self.power_on()

    def wipe(self) -> None:
        """Power off, empty the engine's disk, and boot; the faults stay."""
        self.power_off()
        self._empty_disk()
        self.power_on()
        self.import_image()

    def _empty_disk(self) -> None:
        subprocess.run(["rm", "-rf", self.folder / "data", self.folder / "docker-etc"], check=True, timeout=SECONDS)

    def _boot(self) -> None:
        self._network.unplug(self.name)  # process 1 may have ended by itself
        self._network.plug_in(self.name, self._number, self.faults)
        self.pid_file.unlink(missing_ok=True)
        enter = ["nsenter", f"--net={self._network.path(self.name)}"]
        unshare = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child"]
        boot = ["/bin/sh", str(_BOOT), str(self.folder), self.name, self._network.namespace(self.name)]
        with (self.folder / "boot.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*enter, *unshare, *boot],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={"PATH": PATH},
            )
        until(self._booted, f"{self.name} has booted", timeout=SECONDS)

    def _booted(self) -> bool:
        if self._process and self._process.poll() is not None:
            raise Failed(f"{self.name} did not boot: {(self.folder / 'boot.log').read_text()[-500:]}")
        return self.up

    # Network

    @property
    def faults(self) -> Faults:
        """What is wrong with its network now."""
        path = self.folder / "faults.json"
        return Faults.model_validate_json(path.read_text()) if path.exists() else Faults()

    def cut_cable(self) -> None:
        """Take away the carrier: nobody reaches the host, nor it anybody."""
        self._set(self.faults.model_copy(update={"cut": True}))

    def mend_cable(self) -> None:
        """Undo :meth:`cut_cable`."""
        self._set(self.faults.model_copy(update={"cut": False}))

    def partition(self, *directions: Direction) -> None:
        """Drop all from (``in``) or to (``out``) the other hosts, both unless named; the bot still gets through."""
        self._set(self.faults.model_copy(update={"partitioned": self.faults.partitioned | set(directions or _BOTH)}))

    def heal(self, *directions: Direction) -> None:
        """Undo :meth:`partition`, for both directions unless named."""
        self._set(self.faults.model_copy(update={"partitioned": self.faults.partitioned - set(directions or _BOTH)}))

    def block(
        self, port: int, protocol: Protocol = "tcp", *, direction: Direction = "in", peer: Host | None = None
    ) -> None:
        """Drop what arrives for a port of this host (``in``), or what it sends to that port elsewhere (``out``).

        The bot is affected too, unless ``peer`` names the one host that is meant.
        """
        self._set(
            self.faults.model_copy(update={"blocks": self.faults.blocks | {_of(port, protocol, direction, peer)}})
        )

    def unblock(
        self, port: int, protocol: Protocol = "tcp", *, direction: Direction = "in", peer: Host | None = None
    ) -> None:
        """Undo a :meth:`block` that was given the same words."""
        self._set(
            self.faults.model_copy(update={"blocks": self.faults.blocks - {_of(port, protocol, direction, peer)}})
        )

    def add_address(self, last: int) -> str:
        """Give the host a further address, ending in ``last`` (200…254), and return it."""
        address = self._network.subnet.replace("0/24", str(last))
        self._set(self.faults.model_copy(update={"addresses": self.faults.addresses | {address}}))
        return address

    def fix(self) -> None:
        """Undo every fault of the network, and further addresses."""
        self._set(Faults())

    def _set(self, wanted: Faults) -> None:
        now = self.faults
        if wanted == now:
            return
        if self._network.path(self.name).exists():
            self._network.apply(self.name, wanted, now)
        (self.folder / "faults.json").write_text(wanted.model_dump_json())

    # Between tests

    def reset(self) -> None:
        """Bring the host back to sound, in no swarm and with nothing running.

        A host that is in a swarm is wiped: five at once take 1.3 s, and leaving took 5, for some then kept 7946 open.
        """
        self.fix()
        try:
            if self.up and self._cleaned():
                self.start_ssh()
                return
        except (Failed, DockerException, RequestException):
            pass  # whatever it is, an empty disk mends it
        self.wipe()

    def _cleaned(self) -> bool:
        # Seen on its disk, because an engine whose swarm has no leader takes seconds to say so.
        # State that was restored there is in no swarm until somebody forces one; beside it lies what was held off.
        if any(self.folder.glob("data/swarm*/*")) or self.listening() & _SWARM_PORTS:
            return False
        with self.engine(timeout=5) as engine:
            for container in engine.containers(all=True, quiet=True):
                engine.remove_container(container["Id"], v=True, force=True)
            engine.prune_networks()  # type: ignore[no-untyped-call]  # types-docker leaves it out
            engine.prune_volumes()
        return True

    def import_image(self) -> None:
        """Give the engine the image that tasks run."""
        with self.engine() as engine:
            name, _, tag = TASK_IMAGE.partition(":")
            engine.import_image_from_file(str(self._files.archive), repository=name, tag=tag, changes=CHANGES)


def _of(port: int, protocol: Protocol, direction: Direction, peer: Host | None) -> Block:
    return Block(port=port, protocol=protocol, direction=direction, peer=peer.address if peer else "")
