"""Engine clients for a fleet, and additional SSH servers on its hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.engine.pool import ClusterEngines, EnginePool
from bot.errors import Failed
from bot.model.engine_values import Json
from sandbox.fleet import Fleet, Host
from sandbox.fleet.shell import until

NO_SSH_CONFIG = Path("/nonexistent")


@contextmanager
def engines(
    fleet: Fleet, ssh_config: Path = NO_SSH_CONFIG, *, ssh: Json | None = None, without: str = "", **hosts: Json
) -> Iterator[ClusterEngines]:
    """Yield the engines of a fleet; ``ssh`` and ``hosts`` (by name, _ for -) add keys of swarmbot.yml.

    ``without`` names a key that is removed from the ``ssh`` part.
    """
    config: dict[str, Any] = fleet.config()
    config["ssh"] |= ssh or {}
    config["ssh"].pop(without, None)
    listed = config["clusters"]["prod"]["hosts"]
    for name, keys in hosts.items():
        dashed = name.replace("_", "-")
        listed[dashed] = {"address": listed[dashed], **keys}
    pool = EnginePool(Config(**config), ssh_config)
    try:
        yield pool.cluster("prod")
    finally:
        pool.close()


@contextmanager
def second_sshd(fleet: Fleet, host: Host, known_hosts: Path, *options: str, port: int = 2222) -> Iterator[Json]:
    """Run a second sshd with ``options`` on ``host``; yield the host's keys of swarmbot.yml.

    Write the file ``known_hosts``, for the ``ssh`` part, with the keys of the fleet and of this server.
    """
    known = fleet.files.known_hosts.read_text()
    key = next(line.split()[1:] for line in known.splitlines() if line.startswith(f"{host.address},"))
    known_hosts.write_text(f"{known}[{host.address}]:{port} {' '.join(key)}\n")
    words = [word for option in (*options, "PidFile=/run/sshd2.pid", f"Port={port}") for word in ("-o", option)]
    host.run("/usr/sbin/sshd", "-f", "/run/fleet/sshd_config", "-E", "/dev/null", *words)
    until(lambda: port in host.listening(), f"the second sshd of {host.name} listens")
    try:
        yield {"port": port}
    finally:
        with suppress(Failed):  # the host may be off
            host.run("sh", "-c", "kill $(cat /run/sshd2.pid)")


def init(cluster: ClusterEngines, host: str) -> str:
    """Create a swarm on ``host``; return the address for joins."""
    address = cluster.address(host)
    cluster[host].init_swarm({"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": address})
    return f"{address}:2377"


def joining(cluster: ClusterEngines, host: str, remote: str) -> Json:
    """Return the body of a join of ``host``, without the token."""
    return {
        "ListenAddr": "0.0.0.0:2377",
        "AdvertiseAddr": cluster.address(host),
        "RemoteAddrs": [remote],
        "Availability": "drain",
    }


def engine_start_time(host: Host) -> str:
    """Return the start time of a host's dockerd, from the kernel."""
    return host.run("sh", "-c", "cut -d' ' -f22 /proc/$(cat /run/docker.pid)/stat")
