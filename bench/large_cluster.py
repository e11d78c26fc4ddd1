"""What watch costs for a cluster of 500 nodes: real sshd, Redis and process; the engines are a stand-in.

``python -m bench.large_cluster [NODES]`` takes about two minutes.
"""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml

from bench.cluster_data import ClusterData
from bench.processes import cpu_share, memory_mib, redis_server, running
from sandbox.local_sshd import ADDRESS, local_sshd, make_key
from sandbox.ports import free_port
from sandbox.slack.local import LocalSlack

NODES: Final = 500
HOSTS: Final = 5
"""How many of the nodes are in swarmbot.yml: three managers and two workers."""
ADDRESSES: Final = [ADDRESS, *(f"127.0.0.{number}" for number in range(2, HOSTS + 1))]
TASKS_PER_NODE: Final = 10
TASKS_PER_SERVICE: Final = 10
SETTLING_S: Final = 20.0
"""Until the first readings, which are the most expensive ones, are over."""
MEASURED_S: Final = 45.0
TOLD_S: Final = 60.0
"""Until watch has told that a node is down."""


def main() -> None:
    """Print CPU and memory of watch, quiet and with a node down."""
    nodes = int(sys.argv[1]) if sys.argv[1:] else NODES
    data = ClusterData(nodes, nodes * TASKS_PER_NODE // TASKS_PER_SERVICE, TASKS_PER_SERVICE)
    print(f"watch with {nodes} nodes, {data.services} services, {data.services * TASKS_PER_SERVICE} tasks")
    with TemporaryDirectory(prefix="swarmbot-bench-") as name, _watched(Path(name), data) as (pid, slack):
        time.sleep(SETTLING_S)
        _print_cost(pid, "quiet")
        (Path(name) / "down").touch()
        slack.wait_for(lambda seen: any(f"node-{nodes - 1}" in each.text for each in seen.transcript()), TOLD_S)
        _print_cost(pid, "a node is down")


def _print_cost(pid: int, label: str) -> None:
    print(f"{label:<16}{cpu_share(pid, MEASURED_S):>8.1%} of one core{memory_mib(pid):>8.0f} MiB")


@contextmanager
def _watched(folder: Path, data: ClusterData) -> Iterator[tuple[int, LocalSlack]]:
    """Run watch with the cluster; yield its pid and the Slack that it writes to."""
    port, redis = free_port(), folder / "redis.sock"
    keys = (f"HostKey={folder / 'host'}", f"AuthorizedKeysFile={folder / 'key.pub'}", "PermitRootLogin=yes")
    options = (*keys, *(f"ListenAddress={address}" for address in ADDRESSES[1:]))
    key = make_key(folder / "host")
    (folder / "known_hosts").write_text("".join(f"[{address}]:{port} {key}\n" for address in ADDRESSES))
    make_key(folder / "key")
    (folder / "swarmbot.yml").write_text(yaml.safe_dump(_config(folder, port)))
    size = (str(each) for each in (HOSTS, data.nodes, data.services, data.tasks_per_service))
    with ExitStack() as stack:
        slack = stack.enter_context(LocalSlack())
        env = {
            **os.environ,
            **slack.environment(),
            "REDIS_URL": f"unix://{redis}",
            "SWARMBOT_CONFIG": str(folder / "swarmbot.yml"),
            "LOG_LEVEL": "WARNING",
        }
        stack.enter_context(local_sshd(folder, port, *options))
        engines = [sys.executable, "-m", "bench.engine_server", str(folder), *size]
        stack.enter_context(running(engines, (folder / f"host-{HOSTS}.sock").exists, env))
        stack.enter_context(running(redis_server(redis), redis.exists, env))
        watch = stack.enter_context(running([sys.executable, "-m", "bot", "watch"], lambda: True, env))
        yield watch.pid, slack


def _config(folder: Path, port: int) -> dict[str, Any]:
    hosts = {
        f"host-{number}": {"address": address, "socket": str(folder / f"host-{number}.sock")}
        for number, address in enumerate(ADDRESSES, 1)
    }
    ssh = {
        "user": getpass.getuser(),
        "port": port,
        "identity_file": str(folder / "key"),
        "known_hosts": str(folder / "known_hosts"),
    }
    rules = {"administer": ["U0ADA"]}
    return {"ssh": ssh, "clusters": {"prod": {"channel": "C0PROD", "hosts": hosts}}, "rules": rules}


if __name__ == "__main__":
    main()
