"""What goes on inside a host that is up: commands in it, its sshd and its dockerd, seen without its network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from bot.errors import Failed
from sandbox.fleet.shell import SECONDS, sh, started_at, until

_LISTEN = "0A"  # as the kernel writes it in /proc/net/tcp
_SSH = 22


class Inside:
    """A host's inside, whatever its cable and firewall let through."""

    def __init__(self, name: str, namespace: Path, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.pid_file = folder / "pid"
        self._namespace = namespace

    @property
    def pid(self) -> int:
        """Process 1 of the host, as the machine counts; 0 if the host is off."""
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = int(self.pid_file.read_text())
            if started_at(pid) and Path(f"/proc/{pid}/ns/net").samefile(self._namespace):
                return pid
        return 0

    @property
    def up(self) -> bool:
        """Whether the power is on."""
        return self.pid != 0

    def run(self, *argv: str, timeout: float = SECONDS) -> str:
        """Run ``argv`` on the host as root and return what it printed.

        Raises :class:`bot.errors.Failed` with its words if it ends in anything but 0.
        """
        if not self.up:
            raise Failed(f"{self.name} is off.")
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--net", "--pid", "--"]
        return sh(*enter, "env", "HOME=/run/home", *argv, timeout=timeout)

    def docker(self, *args: str, timeout: float = SECONDS) -> str:
        """Run Docker's own command line on the host and return what it printed."""
        return self.run("docker", *args, timeout=timeout)

    @contextmanager
    def engine(self, *, timeout: int = 30) -> Iterator[APIClient]:
        """Give the host's engine by its socket: for looking at the truth, never for the bot."""
        client = APIClient(base_url=f"unix:///proc/{self.pid}/root/run/docker.sock", version="auto", timeout=timeout)
        with client:
            yield client

    # sshd

    def stop_ssh(self) -> None:
        """Stop sshd: connections are refused, sessions go on."""
        if _SSH in self.listening():
            self.run("sh", "-c", "kill $(cat /run/sshd.pid)")
            until(lambda: _SSH not in self.listening(), f"sshd of {self.name} has stopped")

    def start_ssh(self) -> None:
        """Start sshd and return when it listens."""
        if _SSH not in self.listening():
            self.run("setsid", "-f", "/run/fleet/start-sshd")
            self.await_ssh()

    def await_ssh(self, *, timeout: float = SECONDS) -> None:
        """Return when sshd listens."""
        until(lambda: _SSH in self.listening(), f"sshd of {self.name} listens", timeout=timeout)

    def listening(self) -> set[int]:
        """Return the TCP ports that something listens on."""
        ports = set()
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == _LISTEN:
                    ports.add(int(local.rpartition(":")[2], 16))
        return ports

    # dockerd

    @property
    def docker_runs(self) -> bool:
        """Whether there is a dockerd, answering or not."""
        inside = Path(f"/proc/{self.pid}/root")
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = (inside / "run/docker.pid").read_text().strip()
            return (inside / "proc" / pid / "comm").read_text().strip() == "dockerd"
        return False

    @property
    def docker_answers(self) -> bool:
        """Whether dockerd answers a ping."""
        with suppress(DockerException, RequestException), self.engine(timeout=5) as engine:
            return bool(engine.ping())
        return False

    def stop_docker(self) -> None:
        """Stop dockerd as ``systemctl stop docker`` does, its containers with it."""
        self._end_docker("TERM")

    def kill_docker(self) -> None:
        """Kill dockerd alone with -9: its containers run on."""
        self._end_docker("KILL")

    def start_docker(self, *, timeout: float = 90) -> None:
        """Start dockerd and return when it answers."""
        if not self.docker_runs:
            self.run("setsid", "-f", "/run/fleet/start-dockerd")
        self.await_docker(timeout=timeout)

    def await_docker(self, *, timeout: float = 90) -> None:
        """Return when dockerd answers."""
        until(lambda: self.docker_answers, f"dockerd of {self.name} answers", timeout=timeout)

    def _end_docker(self, signal: str) -> None:
        if self.docker_runs:
            self.run("sh", "-c", f"kill -{signal} $(cat /run/docker.pid)")
            until(lambda: not self.docker_runs, f"dockerd of {self.name} has ended")
