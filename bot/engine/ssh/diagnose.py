"""Why an engine's socket cannot be used: one look at the host tells the reasons apart."""

from __future__ import annotations

from typing import Final

from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import run
from bot.errors import EngineError, HostProblem, HostUnreachable

TIMEOUT: Final = 12.0

SCRIPT: Final = r"""
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
    """Return why nothing answers at the socket ``path``; None when an engine serves it.

    Raises HostUnreachable when the host itself cannot be reached.
    """
    try:
        words = run(connection, SCRIPT, path, timeout=TIMEOUT).out.split()
    except EngineError as error:
        what = f"`{path}` cannot be opened, and no command tells why ({error.happened})"
        return failures.engine_trouble(connection.target, "socket denied", what, error.next_step)
    return verdict(connection, path, words)


def verdict(connection: SshConnection, path: str, words: list[str]) -> HostUnreachable | None:
    """Read what the script printed."""
    user = connection.target.user
    problem: HostProblem = "docker stopped"
    match words:
        case [_, _, _, "yes"]:
            return None
        case ["missing", _, "yes", _]:
            problem = "no docker"
            what = f"Docker runs there, but `{path}` is no socket of it"
            next_step = "Correct `socket` in swarmbot.yml."
        case ["missing", "no", _, _]:
            problem = "no docker"
            what = f"Docker is not installed there, and `{path}` does not exist"
            next_step = "Install Docker Engine on it, or correct `socket` in swarmbot.yml."
        case ["denied", _, _, _]:
            problem = "socket denied"
            what = f"`{user}` may not open Docker's socket `{path}`, nor as root by sudo without a password"
            next_step = f"Run `usermod -aG docker {user}` on it (this is as good as root there)."
        case ["usable", _, "yes", "unknown"]:
            problem = "socket denied"
            what = "its SSH server forbids forwarding to Docker's socket, and it has no `docker` command instead"
            next_step = "Set `AllowStreamLocalForwarding yes` in its sshd_config, or install the Docker CLI on it."
        case [_, _, "yes", _]:
            what = f"Docker runs there and does not answer at `{path}`: it is starting or hung"
            next_step = "Look at `journalctl -u docker` on it; `systemctl restart docker` if it hangs."
        case _:
            what = "Docker is not running there"
            next_step = "Run `systemctl start docker` on it."
    return failures.engine_trouble(connection.target, problem, what, next_step)
