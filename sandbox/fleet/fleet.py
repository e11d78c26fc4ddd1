"""A fleet of Docker hosts on one bridge, started and stopped together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.errors import Failed, Misconfigured
from sandbox.fleet.files import Files
from sandbox.fleet.host import Host
from sandbox.fleet.image import task_archive
from sandbox.fleet.network import Network
from sandbox.fleet.releases import Release, install, root_of
from sandbox.fleet.requirements import missing
from sandbox.fleet.shell import COMMAND_TIMEOUT_S
from sandbox.fleet.slots import Claim, Owner, claim, held_by, release

# In place of systemctl: return when the engine has ended, or when it responds.
_STOP = "kill $(cat /run/docker.pid); while kill -0 $(cat /run/docker.pid); do sleep 0.1; done; true"
_START = (
    "kill -0 $(cat /run/docker.pid) || setsid -f /run/fleet/start-dockerd; "
    "until docker -H unix:///run/docker.sock version; do sleep 0.1; done"
)
_REPOSITORY = Path(__file__).parents[2]


class Fleet:
    """Hosts ``host-1``, ``host-2``, … with their files in ``state``, which :meth:`up` creates and :meth:`down` removes.

    A fleet ends with the process that called :meth:`up`, even after SIGKILL. With ``stays`` it runs until :meth:`down`
    is called. Another process controls a running fleet with :meth:`attach`.

    ``releases`` names the Debian release of each host in their order, None for the machine's own; it begins again where
    it ends. For example, ``("sid",)`` gives all hosts the newest engine, and ``(None, "sid")`` every second one.
    """

    def __init__(
        self, state: Path, *, size: int = 5, stays: bool = False, releases: Sequence[Release | None] = (None,)
    ) -> None:
        self.files = Files(state.absolute())
        self.size = size
        self.stays = stays
        self.releases = tuple(releases)
        self.hosts: list[Host] = []
        self._claim: Claim | None = None
        self._cleanup_process: subprocess.Popen[bytes] | None = None

    @classmethod
    def attach(cls, state: Path) -> Fleet:
        """Return the running fleet of ``state``. Raise Failed if there is none."""
        held = held_by(state.absolute())
        if held is None:
            raise Failed(f"No fleet is running in {state}.", next_step="Start one: `python -m bot sandbox fleet up`")
        fleet = cls(state, size=held.size, stays=True, releases=held.releases)
        fleet._use_claim(held)
        return fleet

    def up(self) -> Self:
        """Start all hosts and return when every dockerd and sshd responds and every engine has the image for tasks.

        Raise Misconfigured if the machine lacks something, with all reasons.
        """
        if reasons := missing(self.releases):
            raise Misconfigured(f"This machine cannot run Docker hosts: {'; '.join(reasons)}.")
        for name in self.releases:
            if name:
                install(name)
        owner = None if self.stays else Owner.of(os.getpid())
        self._use_claim(claim(self.files.state, self.size, self.releases, owner))
        try:
            self._start()
        except BaseException:
            self.down()
            raise
        return self

    def _start(self) -> None:
        assert self._claim  # noqa: S101 - up() has just set it
        if self._claim.owner:
            self._cleanup_process = _start_cleanup(self._claim)
        self.files.make()
        network = Network(self._claim.slot)
        network.up()
        self.files.write(network, [host.name for host in self.hosts])
        self.files.archive.write_bytes(task_archive())
        self._each(Host.power_on)
        self._each(Host.import_image)

    def down(self) -> None:
        """Stop all hosts and remove all resources of the fleet; do nothing if it is down."""
        if self._claim:
            release(self._claim)
            for host in self.hosts:
                host.power_off()
            self._claim = None
        if self._cleanup_process:
            self._cleanup_process.communicate(b"released\n", timeout=COMMAND_TIMEOUT_S)
            self._cleanup_process = None

    def reset(self) -> None:
        """Bring every host back to a working state: no faults, no swarm, no containers."""
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
        raise Failed(f"Unknown host {name}. The hosts are {', '.join(host.name for host in self.hosts)}.")

    def __iter__(self) -> Iterator[Host]:
        return iter(self.hosts)

    @property
    def network(self) -> Network:
        """The fleet's network; the bot connects from its gateway."""
        if self._claim is None:
            raise Failed("This fleet is not running.")
        return Network(self._claim.slot)

    @property
    def ssh(self) -> dict[str, Any]:
        """The ``ssh`` part of swarmbot.yml. User ``deploy`` can also log in, without access to the engine's socket."""
        return {
            "user": "root",
            "identity_file": str(self.files.identity),
            "known_hosts": str(self.files.known_hosts),
            "engine": {"stop": _STOP, "start": _START},
        }

    def config(
        self, cluster: str = "prod", *, channel: str = "C0PROD", hosts: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """Return ``ssh`` and ``clusters`` of a swarmbot.yml with one cluster of ``hosts``, by default all."""
        names = list(hosts) if hosts is not None else [host.name for host in self.hosts]
        addresses = {name: self[name].address for name in names}
        return {"ssh": self.ssh, "clusters": {cluster: {"channel": channel, "hosts": addresses}}}

    def ssh_argv(self, host: Host, user: str = "root") -> list[str]:
        """Return the command that opens an SSH session on ``host`` as the bot does."""
        options = [f"UserKnownHostsFile={self.files.known_hosts}", "GlobalKnownHostsFile=/dev/null", "BatchMode=yes"]
        options += ["ConnectTimeout=5", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes"]
        words = [word for option in options for word in ("-o", option)]
        return ["ssh", "-F", "/dev/null", "-i", str(self.files.identity), *words, f"{user}@{host.address}"]

    def _use_claim(self, held: Claim) -> None:
        self._claim = held
        network = Network(held.slot)
        releases = islice(cycle(held.releases), self.size)
        self.hosts = [
            Host(f"host-{number}", number, network, self.files, root_of(release))
            for number, release in enumerate(releases, 1)
        ]

    def _each(self, act: Callable[[Host], None]) -> None:
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            list(pool.map(act, self.hosts))


def _start_cleanup(held: Claim) -> subprocess.Popen[bytes]:
    """Start a process that removes the fleet when its owner's end of a pipe closes, however the owner ended."""
    cleanup = [sys.executable, "-m", "sandbox.fleet.cleanup", held.model_dump_json()]
    wait = 'read -r released || exec "$@"'  # a waiting shell needs a tenth of Python's memory
    return subprocess.Popen(
        ["/bin/sh", "-c", wait, "fleet-cleanup", *cleanup],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=_REPOSITORY,
    )
