"""One Docker host: power, network faults and reset."""

from __future__ import annotations

import subprocess
from pathlib import Path

from docker.errors import DockerException
from requests.exceptions import RequestException

from bot.errors import Failed
from sandbox.fleet.faults import Block, Direction, Faults, Protocol
from sandbox.fleet.files import Files
from sandbox.fleet.host_services import HostServices
from sandbox.fleet.image import CHANGES, TASK_IMAGE
from sandbox.fleet.network import Network
from sandbox.fleet.releases import Release, install, root_of
from sandbox.fleet.shell import COMMAND_TIMEOUT_S, PATH, until

_BOOT = Path(__file__).with_name("boot.sh")
_DISK = ("data", "docker-etc", "disk")
_SWARM_PORTS = {2377, 7946}
_BOTH_DIRECTIONS: tuple[Direction, ...] = ("in", "out")


class Host(HostServices):
    """A host that tests control directly; the bot reaches it only over SSH at ``address``.

    ``root`` is the root file system below its own, by default the machine's. Every method raises Failed if its result
    is not seen in time, and does nothing if no change is needed.
    """

    def __init__(self, name: str, number: int, network: Network, files: Files, root: Path | None = None) -> None:
        super().__init__(name, network.path(name), files.host(name))
        self._root = root
        self.address = network.address(number)
        self._number = number
        self._network = network
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None

    # Power

    def power_on(self, *, timeout: float = 90) -> None:
        """Boot and return when dockerd and sshd respond; network faults and the disk are unchanged.

        ``timeout`` is in seconds; a manager without quorum takes 31 s to start dockerd.
        """
        if not self.up:
            self._boot()
        self.await_docker(timeout=timeout)
        self.await_ssh(timeout=timeout)

    def power_off(self) -> None:
        """Power off without a shutdown: nothing is written to disk, and no peer is notified."""
        self._network.unplug(self.name)
        if self._process:
            self._process.wait(COMMAND_TIMEOUT_S)
            self._process = None

    def restart(self) -> None:
        """Power off and on again."""
        self.power_off()
        self.power_on()

    def change_release(self, release: Release | None) -> None:
        """Stop the engine, and boot with the root and the engine of another Debian release; the engine's data stays.

        Raise Failed if debootstrap fails.
        """
        if release:
            install(release)
        self.stop_docker()
        self.power_off()
        self._root = root_of(release)
        self._api_version = ""
        self.power_on()

    def wipe(self) -> None:
        """Power off, delete the engine's data, and boot; network faults are unchanged."""
        self.power_off()
        self._empty_disk()
        if self._images.exists():
            subprocess.run(["cp", "-a", self._images, self.folder / "data"], check=True, timeout=COMMAND_TIMEOUT_S)
        self.power_on()
        if not self._images.exists():
            self.import_image()

    def _empty_disk(self) -> None:
        subprocess.run(["rm", "-rf", *(self.folder / name for name in _DISK)], check=True, timeout=COMMAND_TIMEOUT_S)

    def _boot(self) -> None:
        self._network.unplug(self.name)  # process 1 may have ended by itself
        self._network.plug_in(self.name, self._number, self.faults)
        self.pid_file.unlink(missing_ok=True)
        enter = ["nsenter", f"--net={self._network.path(self.name)}"]
        unshare = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child"]
        boot = ["/bin/sh", str(_BOOT), str(self.folder), self.name, self._network.namespace(self.name)]
        boot += [str(self._root)] if self._root else []
        with (self.folder / "boot.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*enter, *unshare, *boot],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={"PATH": PATH},
            )
        until(self._booted, f"{self.name} has booted", timeout=COMMAND_TIMEOUT_S)

    def _booted(self) -> bool:
        if self._process and self._process.poll() is not None:
            raise Failed(f"{self.name} did not boot: {(self.folder / 'boot.log').read_text()[-500:]}")
        return self.up

    # Network

    @property
    def faults(self) -> Faults:
        """Its current network faults."""
        path = self.folder / "faults.json"
        return Faults.model_validate_json(path.read_text()) if path.exists() else Faults()

    def cut_cable(self) -> None:
        """Remove the carrier of its network card: no packet arrives or leaves."""
        self._set(self.faults.model_copy(update={"cut": True}))

    def restore_cable(self) -> None:
        """Undo :meth:`cut_cable`."""
        self._set(self.faults.model_copy(update={"cut": False}))

    def partition(self, *directions: Direction) -> None:
        """Drop packets from (``in``) and to (``out``) the other hosts, by default both; the bot can still connect."""
        self._set(
            self.faults.model_copy(
                update={"partitioned": self.faults.partitioned | set(directions or _BOTH_DIRECTIONS)}
            )
        )

    def heal(self, *directions: Direction) -> None:
        """Undo :meth:`partition`, by default for both directions."""
        self._set(
            self.faults.model_copy(
                update={"partitioned": self.faults.partitioned - set(directions or _BOTH_DIRECTIONS)}
            )
        )

    def block(
        self, port: int, protocol: Protocol = "tcp", *, direction: Direction = "in", peer: Host | None = None
    ) -> None:
        """Drop packets to a port of this host (``in``), or from this host to that port of others (``out``).

        This affects the bot too, unless ``peer`` names the only affected host.
        """
        self._set(
            self.faults.model_copy(update={"blocks": self.faults.blocks | {_block_of(port, protocol, direction, peer)}})
        )

    def unblock(
        self, port: int, protocol: Protocol = "tcp", *, direction: Direction = "in", peer: Host | None = None
    ) -> None:
        """Undo a :meth:`block` with the same arguments."""
        self._set(
            self.faults.model_copy(update={"blocks": self.faults.blocks - {_block_of(port, protocol, direction, peer)}})
        )

    def add_address(self, last: int) -> str:
        """Add an address to the host, ending in ``last`` (200…254), and return it."""
        address = self._network.subnet.replace("0/24", str(last))
        self._set(self.faults.model_copy(update={"addresses": self.faults.addresses | {address}}))
        return address

    def fix(self) -> None:
        """Remove all network faults and added addresses."""
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
        """Bring the host back to a working state: no faults, no swarm, no containers.

        A host that is part of a swarm is wiped: five at once take 1.3 s, and each costs a quarter of a second of CPU.
        Leaving took 5 s, because some engines kept port 7946 open.
        """
        self.fix()
        try:
            if self.up and self._cleaned():
                self.start_ssh()
                return
        except (Failed, DockerException, RequestException):
            pass  # wiping fixes every failure
        self.wipe()

    def _cleaned(self) -> bool:
        # Read from the disk, because an engine without a leader takes seconds to respond. Restored state is not part of
        # a swarm until a new cluster is forced; state that was held off lies beside it.
        if any(self.folder.glob("data/swarm*/*")) or self.listening() & _SWARM_PORTS:
            return False
        with self.engine(timeout=5) as engine:
            for container in engine.containers(all=True, quiet=True):
                engine.remove_container(container["Id"], v=True, force=True)
            engine.prune_networks()  # type: ignore[no-untyped-call]  # types-docker leaves it out
            engine.prune_volumes()
        return True

    @property
    def _images(self) -> Path:
        """An engine's storage with only the image for tasks: a copy costs less than an import.

        It does not exist if the engine stores images in another way than with the driver overlay2.
        """
        return self.folder / "images"

    def import_image(self) -> None:
        """Import the image for tasks into the engine, and keep its storage for :meth:`wipe`."""
        with self.engine() as engine:
            name, _, tag = TASK_IMAGE.partition(":")
            engine.import_image_from_file(str(self._files.archive), repository=name, tag=tag, changes=CHANGES)
        data = self.folder / "data"
        names = data / "image/overlay2/repositories.json"
        if not self._images.exists() and names.exists() and TASK_IMAGE in names.read_text():
            made = self._images.with_suffix(".new")
            made.mkdir(exist_ok=True)
            subprocess.run(["cp", "-a", data / "image", data / "overlay2", made], check=True, timeout=COMMAND_TIMEOUT_S)
            made.rename(self._images)


def _block_of(port: int, protocol: Protocol, direction: Direction, peer: Host | None) -> Block:
    return Block(port=port, protocol=protocol, direction=direction, peer=peer.address if peer else "")
