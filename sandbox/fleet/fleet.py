"""N Docker hosts on one bridge, up and down together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.errors import Failed, Misconfigured
from sandbox.fleet.files import Files
from sandbox.fleet.host import Host
from sandbox.fleet.image import task_archive
from sandbox.fleet.needs import missing
from sandbox.fleet.network import Network
from sandbox.fleet.shell import SECONDS
from sandbox.fleet.slots import Claim, Owner, claim, held_by, release

# What systemctl does elsewhere: it returns when the engine has ended, or answers.
_STOP = "kill $(cat /run/docker.pid); while kill -0 $(cat /run/docker.pid); do sleep 0.1; done; true"
_START = (
    "kill -0 $(cat /run/docker.pid) || setsid -f /run/fleet/start-dockerd; "
    "until docker -H unix:///run/docker.sock version; do sleep 0.1; done"
)
_REPOSITORY = Path(__file__).parents[2]


class Fleet:
    """Hosts ``host-1``… whose files are in ``state``, a folder that :meth:`up` makes and :meth:`down` removes.

    A fleet ends with the process that called :meth:`up`, even by kill -9, unless ``stays`` says that it lives on
    until somebody calls :meth:`down`. Another process takes hold of one that is up with :meth:`attach`.
    """

    def __init__(self, state: Path, *, size: int = 5, stays: bool = False) -> None:
        self.files = Files(state.absolute())
        self.size = size
        self.stays = stays
        self.hosts: list[Host] = []
        self._claim: Claim | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    @classmethod
    def attach(cls, state: Path) -> Fleet:
        """Take hold of a fleet that is up; :class:`Failed` if there is none in ``state``."""
        held = held_by(state.absolute())
        if held is None:
            raise Failed(f"No fleet is up in {state}.", next_step="Start one: `python -m bot sandbox fleet up`")
        fleet = cls(state, size=held.size, stays=True)
        fleet._hold(held)
        return fleet

    def up(self) -> Self:
        """Start all hosts at once and return when every dockerd and sshd answers and has the image for tasks.

        Raises :class:`Misconfigured` naming what the machine lacks.
        """
        if reasons := missing():
            raise Misconfigured(f"This machine cannot run Docker hosts: {'; '.join(reasons)}.")
        self._hold(claim(self.files.state, self.size, None if self.stays else Owner.of(os.getpid())))
        try:
            self._start()
        except BaseException:
            self.down()
            raise
        return self

    def _start(self) -> None:
        assert self._claim  # noqa: S101 - up() has just set it
        if self._claim.owner:
            self._keeper = _keep(self._claim)
        self.files.make()
        network = Network(self._claim.slot)
        network.up()
        self.files.write(network, [host.name for host in self.hosts])
        self.files.archive.write_bytes(task_archive())
        self._each(Host.power_on)
        self._each(Host.import_image)

    def down(self) -> None:
        """Stop all hosts and remove all that the fleet made; nothing if it is down."""
        if self._claim:
            release(self._claim)
            for host in self.hosts:
                host.power_off()
            self._claim = None
        if self._keeper:
            self._keeper.communicate(b"released\n", timeout=SECONDS)
            self._keeper = None

    def reset(self) -> None:
        """Bring every host back to sound, in no swarm and with nothing running."""
        self._each(Host.reset)

    def __enter__(self) -> Self:
        return self.up()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def __getitem__(self, name: str) -> Host:
        for host in self.hosts:
            if host.name == name:
                return host
        raise Failed(f"No host {name}; there are {', '.join(host.name for host in self.hosts)}.")

    def __iter__(self) -> Iterator[Host]:
        return iter(self.hosts)

    @property
    def network(self) -> Network:
        """The fleet's network: subnet, and gateway, which is the address that the bot comes from."""
        if self._claim is None:
            raise Failed("This fleet is not up.")
        return Network(self._claim.slot)

    @property
    def ssh(self) -> dict[str, Any]:
        """The ``ssh`` part of swarmbot.yml; user ``deploy`` gets in too, yet not to the engine's socket."""
        return {
            "user": "root",
            "identity_file": str(self.files.identity),
            "known_hosts": str(self.files.known_hosts),
            "engine": {"stop": _STOP, "start": _START},
        }

    def config(
        self, cluster: str = "prod", *, channel: str = "C0PROD", hosts: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """Return ``ssh`` and ``clusters`` of a swarmbot.yml with one cluster of these hosts, all unless named."""
        names = list(hosts) if hosts is not None else [host.name for host in self.hosts]
        addresses = {name: self[name].address for name in names}
        return {"ssh": self.ssh, "clusters": {cluster: {"channel": channel, "hosts": addresses}}}

    def ssh_argv(self, host: Host, user: str = "root") -> list[str]:
        """Return the words that open an SSH session on ``host`` as the bot would."""
        options = [f"UserKnownHostsFile={self.files.known_hosts}", "GlobalKnownHostsFile=/dev/null", "BatchMode=yes"]
        options += ["ConnectTimeout=5", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes"]
        words = [word for option in options for word in ("-o", option)]
        return ["ssh", "-F", "/dev/null", "-i", str(self.files.identity), *words, f"{user}@{host.address}"]

    def _hold(self, held: Claim) -> None:
        self._claim = held
        network = Network(held.slot)
        self.hosts = [Host(f"host-{number}", number, network, self.files) for number in range(1, self.size + 1)]

    def _each(self, act: Callable[[Host], None]) -> None:
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            list(pool.map(act, self.hosts))


def _keep(held: Claim) -> subprocess.Popen[bytes]:
    """Start what removes the fleet once its owner's end of a pipe closes, however the owner ended."""
    keeper = [sys.executable, "-m", "sandbox.fleet.keeper", held.model_dump_json()]
    wait = 'read -r released || exec "$@"'  # a shell waits in a tenth of the memory that Python takes
    return subprocess.Popen(
        ["/bin/sh", "-c", wait, "fleet-keeper", *keeper],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=_REPOSITORY,
    )
