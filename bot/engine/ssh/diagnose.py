"""Find out with one script on the host why its engine's socket cannot be used."""

from __future__ import annotations

from typing import Final

from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import read
from bot.errors import EngineError, HostProblem, HostUnreachable

DIAGNOSIS_TIMEOUT_S: Final = 12.0

DIAGNOSIS_SCRIPT: Final = r"""
socket=missing installed=no running=no serving=unknown as=
if [ -S "$1" ]; then
  if [ -r "$1" ] && [ -w "$1" ]; then socket=usable; else socket=denied as='sudo -n'; fi
fi
command -v dockerd >/dev/null 2>&1 && installed=yes
grep -qxs dockerd /proc/[0-9]*/comm && running=yes
if [ $socket != missing ] && command -v docker >/dev/null 2>&1; then
  if printf 'GET /_ping HTTP/1.0\r\n\r\n' | timeout 5 $as docker -H "unix://$1" system dial-stdio 2>/dev/null |
    grep -q '^HTTP/'
  then serving=yes; else serving=no; fi
fi
echo $socket $installed $running $serving
"""


def diagnose(connection: SshConnection, path: str) -> HostUnreachable | None:
    """Return why no engine responds at the socket ``path``, or None if one does.

    Raises HostUnreachable if the host itself is unreachable.
    """
    try:
        words = read(connection, DIAGNOSIS_SCRIPT, path, timeout=DIAGNOSIS_TIMEOUT_S).out.split()
    except EngineError as error:
        what = f"Swarmbot cannot open `{path}` and cannot run a command to find out why ({error.happened})"
        return failures.engine_unreachable(connection.target, "socket denied", what, error.next_step)
    return failure_of(connection, path, words)


def failure_of(connection: SshConnection, path: str, words: list[str]) -> HostUnreachable | None:
    """Return the failure that the script's output ``words`` stands for, or None if an engine responds."""
    user = connection.target.user
    problem: HostProblem = "docker stopped"
    match words:
        case [_, _, _, "yes"]:
            return None
        case ["missing", _, "yes", _]:
            problem = "no docker"
            what = f"Docker is running, but `{path}` is not its socket"
            next_step = "Correct `socket` in swarmbot.yml."
        case ["missing", "no", _, _]:
            problem = "no docker"
            what = f"Docker is not installed, and `{path}` does not exist"
            next_step = "Install Docker Engine on it, or correct `socket` in swarmbot.yml."
        case ["denied", _, _, _]:
            problem = "socket denied"
            what = f"`{user}` may not open Docker's socket `{path}` and has no sudo without a password"
            next_step = f"Run `usermod -aG docker {user}` on it (this is equivalent to root)."
        case ["usable", _, "yes", "unknown"]:
            problem = "socket denied"
            what = "its SSH server forbids forwarding to Docker's socket, and it has no `docker` command to use instead"
            next_step = "Set `AllowStreamLocalForwarding yes` in its sshd_config, or install the Docker CLI on it."
        case [_, _, "yes", _]:
            what = f"Docker is running but does not respond at `{path}`: it is starting or hung"
            next_step = "Check `journalctl -u docker` on it; run `systemctl restart docker` if it is hung."
        case _:
            what = "Docker is not running"
            next_step = "Run `systemctl start docker` on it."
    return failures.engine_unreachable(connection.target, problem, what, next_step)
