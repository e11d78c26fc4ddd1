"""A throwaway engine: a second, isolated dockerd on a host that ends with its SSH channel.

It has its own network namespace with only a loopback interface, its own PID and mount namespaces, and all its files in
memory. Its process 1 waits for the end of the SSH channel. When the drill is done, this process or the connection dies,
or ten minutes are over, the kernel ends the namespace with everything in it, the restored keys included. Measured on
20.10: up in 0.8 s, gone in 0.03 s.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final

import paramiko

from bot.engine.api.client import EngineClient
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import AS_ROOT_SCRIPT, CHUNK_BYTES, last_line, spawn, stderr_so_far
from bot.engine.ssh.socket_dialer import SocketDialer
from bot.errors import EngineError

START_TIMEOUT_S: Final = 60.0
"""How long it may take to start."""
READY_MARK: Final = "ready"
END_TIMEOUT_S: Final = 10.0
"""How long it may take to end."""

# The empty /run/containerd keeps this engine from using the host's containerd, and the empty daemon.json keeps it from
# the host's settings, which may conflict.
INNER_SCRIPT: Final = r"""
set -e
mkdir -p /run/containerd
mount -t tmpfs -o mode=700 tmpfs "$1/data"
mount -t tmpfs tmpfs /run/containerd
ip link set lo up
mkdir "$1/data/root"
head -c "$2" | tar -C "$1/data/root" -xzf -
rm -f "$1/data/root/swarm/docker-state.json"
echo '{}' >"$1/data/daemon.json"
dockerd --config-file "$1/data/daemon.json" --data-root "$1/data/root" --exec-root "$1/data/exec" \
  --pidfile "$1/data/pid" -H "unix://$1/docker.sock" --bridge none --iptables=false --log-level error \
  </dev/null >"$1/data/log" 2>&1 &
tries=0
until [ -S "$1/docker.sock" ]; do
  tries=$((tries + 1))
  [ $tries -lt 300 ] && kill -0 $! || { tail -n 1 "$1/data/log" >&2; exit 1; }
  sleep 0.1
done
echo ready
cat >/dev/null
"""

# KILL, because unshare delays any other signal until its child exits.
OUTER_SCRIPT: Final = r"""
folder=$(mktemp -d /run/swarmbot-drill.XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM PIPE
mkdir "$folder/data"
chown "${SUDO_UID:-0}" "$folder"
echo "$folder/docker.sock"
timeout -s KILL 600 unshare --net --mount --pid --fork --kill-child --mount-proc sh -c "$1" sh "$folder" "$2"
"""


@contextmanager
def throwaway_client(connection: SshConnection, state: bytes) -> Iterator[EngineClient]:
    """Yield the client of a throwaway engine whose swarm folder holds ``state``; at the end, wait until it is gone.

    Raises EngineError; HostUnreachable if its end was not seen.
    """
    script = (AS_ROOT_SCRIPT, OUTER_SCRIPT, INNER_SCRIPT, str(len(state)))
    with spawn(connection, *script, timeout=START_TIMEOUT_S) as channel:
        try:
            with closing(EngineClient(SocketDialer(connection, _start(connection, channel, state)))) as client:
                yield client
        finally:
            _end(connection, channel)


def _start(connection: SshConnection, channel: paramiko.Channel, state: bytes) -> str:
    """Send it ``state`` and return the path of its socket once it is ready."""
    deadline = time.monotonic() + START_TIMEOUT_S
    try:
        channel.settimeout(START_TIMEOUT_S)
        channel.sendall(state)
        output = b""
        while READY_MARK.encode() not in output.split():
            channel.settimeout(max(0.0, deadline - time.monotonic()))
            part = channel.recv(CHUNK_BYTES)
            if not part:
                raise _failed(connection, _complaint(channel))
            output += part
    except TimeoutError:
        raise _failed(connection, f"it did not start within {START_TIMEOUT_S:.0f} s") from None
    except (paramiko.SSHException, OSError, EOFError):
        words = _complaint(channel)
        raise (_failed(connection, words) if words else failures.connection_lost(connection.target)) from None
    return output.split()[0].decode()


def _end(connection: SshConnection, channel: paramiko.Channel) -> None:
    with suppress(OSError, EOFError, paramiko.SSHException):
        channel.shutdown_write()
        channel.status_event.wait(END_TIMEOUT_S)
    if channel.exit_status < 0:
        raise failures.timed_out(connection.target, "did not confirm the end of its throwaway engine")


def _complaint(channel: paramiko.Channel) -> str:
    return last_line(stderr_so_far(channel), otherwise="")


def _failed(connection: SshConnection, why: str) -> EngineError:
    return failures.host_error(
        connection.target,
        f"could not run a throwaway engine: {why or 'it exited at once'}",
        "It needs root (or sudo without a password), dockerd, unshare and ip on the host.",
    )
