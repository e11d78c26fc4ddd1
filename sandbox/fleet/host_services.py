"""Commands, sshd and dockerd of a running host, controlled without its network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import AF_UNIX, socket

from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from bot.errors import Failed, SwarmbotError
from sandbox.fleet.shell import COMMAND_TIMEOUT_S, sh, started_at, until

HOST_ERRORS = (SwarmbotError, DockerException, RequestException, OSError)
"""The errors that an action on a host or a call of its engine may raise."""
_LISTEN_STATE = "0A"  # in /proc/net/tcp
_SSH_PORT = 22
_PING_TIMEOUT_S = 5.0


class HostServices:
    """The services of a host, independent of its network faults."""

    def __init__(self, name: str, namespace: Path, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.pid_file = folder / "pid"
        self._namespace = namespace
        self._api_version = ""

    @property
    def pid(self) -> int:
        """The machine's process id of the host's process 1; 0 if the host is off."""
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = int(self.pid_file.read_text())
            if started_at(pid) and Path(f"/proc/{pid}/ns/net").samefile(self._namespace):
                return pid
        return 0

    @property
    def up(self) -> bool:
        """Whether the power is on."""
        return self.pid != 0

    def run(self, *argv: str, timeout: float = COMMAND_TIMEOUT_S) -> str:
        """Run ``argv`` on the host as root and return its output. Raise Failed with its output if it fails."""
        if not self.up:
            raise Failed(f"{self.name} is off.")
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--net", "--pid", "--"]
        return sh(*enter, "env", "HOME=/run/home", *argv, timeout=timeout)

    def docker(self, *args: str, timeout: float = COMMAND_TIMEOUT_S) -> str:
        """Run Docker's command line on the host and return its output."""
        return self.run("docker", *args, timeout=timeout)

    @contextmanager
    def engine(self, *, timeout: int = 30) -> Iterator[APIClient]:
        """Yield a client for the engine's socket: to check the real state, never for the bot.

        Only the first one asks for the version, for which the engine starts two programs.
        """
        url = f"unix:///proc/{self.pid}/root/run/docker.sock"
        with APIClient(base_url=url, version=self._api_version or "auto", timeout=timeout) as client:
            self._api_version = client.api_version
            yield client

    # sshd

    def stop_ssh(self) -> None:
        """Stop sshd: new connections are refused, open sessions continue."""
        if _SSH_PORT in self.listening():
            self.run("sh", "-c", "kill $(cat /run/sshd.pid)")
            until(lambda: _SSH_PORT not in self.listening(), f"sshd of {self.name} has stopped")

    def start_ssh(self) -> None:
        """Start sshd and return when it listens."""
        if _SSH_PORT not in self.listening():
            self.run("setsid", "-f", "/run/fleet/start-sshd")
            self.await_ssh()

    def await_ssh(self, *, timeout: float = COMMAND_TIMEOUT_S) -> None:
        """Return when sshd listens."""
        until(lambda: _SSH_PORT in self.listening(), f"sshd of {self.name} listens", timeout=timeout)

    def listening(self) -> set[int]:
        """Return the TCP ports with a listener."""
        ports = set()
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == _LISTEN_STATE:
                    ports.add(int(local.rpartition(":")[2], 16))
        return ports

    # dockerd

    @property
    def docker_runs(self) -> bool:
        """Whether a dockerd process exists."""
        inside = Path(f"/proc/{self.pid}/root")
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = (inside / "run/docker.pid").read_text().strip()
            return (inside / "proc" / pid / "comm").read_text().strip() == "dockerd"
        return False

    @property
    def docker_answers(self) -> bool:
        """Whether dockerd responds to a ping. It is asked often, and Docker's client makes two requests of one."""
        with suppress(OSError), socket(AF_UNIX) as connection:
            connection.settimeout(_PING_TIMEOUT_S)
            connection.connect(f"/proc/{self.pid}/root/run/docker.sock")
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
        return False

    def stop_docker(self) -> None:
        """Stop dockerd and its containers, as ``systemctl stop docker`` does."""
        self._end_docker("TERM")

    def kill_docker(self) -> None:
        """Kill dockerd with SIGKILL; its containers continue to run."""
        self._end_docker("KILL")

    def start_docker(self, *, timeout: float = 90) -> None:
        """Start dockerd and return when it responds."""
        if not self.docker_runs:
            self.run("setsid", "-f", "/run/fleet/start-dockerd")
        self.await_docker(timeout=timeout)

    def await_docker(self, *, timeout: float = 90) -> None:
        """Return when dockerd responds."""
        until(lambda: self.docker_answers, f"dockerd of {self.name} responds", timeout=timeout)

    def _end_docker(self, signal: str) -> None:
        if self.docker_runs:
            self.run("sh", "-c", f"kill -{signal} $(cat /run/docker.pid)")
            until(lambda: not self.docker_runs, f"dockerd of {self.name} has ended")
