"""Clusters whose engines are a stand-in (bench.engine_server), behind a real sshd, as swarmbot.yml lists them."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import yaml

from bench.cluster_data import ClusterData
from bench.processes import running
from sandbox.local_sshd import local_sshd, make_key
from sandbox.ports import free_port

HOSTS: Final = 5
"""How many nodes of each cluster are in swarmbot.yml: three managers and two workers."""
EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - sshd listens on few addresses by name; only the benchmark's key may log in
MAX_STARTUPS: Final = 1000


@contextmanager
def stand_in(folder: Path, data: ClusterData, *clusters: str) -> Iterator[Path]:
    """Run the engines of these clusters, each as ``data`` says; yield the path of their swarmbot.yml."""
    names = clusters or ("prod",)
    port = free_port()
    host_key = make_key(folder / "host")
    make_key(folder / "key")
    addresses = {name: [_address(number, host) for host in range(HOSTS)] for number, name in enumerate(names)}
    listed = [address for each in addresses.values() for address in each]
    (folder / "known_hosts").write_text("".join(f"[{address}]:{port} {host_key}\n" for address in listed))
    config = folder / "swarmbot.yml"
    config.write_text(yaml.safe_dump(_config(folder, port, addresses), sort_keys=False))
    keys = (f"HostKey={folder / 'host'}", f"AuthorizedKeysFile={folder / 'key.pub'}", "PermitRootLogin=yes")
    last = _socket(folder, names[-1], HOSTS - 1)
    command = [sys.executable, "-m", "bench.engine_server", str(folder), str(HOSTS), json.dumps(asdict(data)), *names]
    with (
        local_sshd(folder, port, *keys, f"MaxStartups={MAX_STARTUPS}", address=EVERY_ADDRESS),
        running(command, last.exists),
    ):
        yield config


def _address(cluster: int, host: int) -> str:
    return f"127.0.{cluster}.{host + 1}"


def _socket(folder: Path, cluster: str, host: int) -> Path:
    return folder / f"{cluster}-{host}.sock"


def _config(folder: Path, port: int, addresses: dict[str, list[str]]) -> dict[str, Any]:
    ssh = {
        "user": getpass.getuser(),
        "port": port,
        "identity_file": str(folder / "key"),
        "known_hosts": str(folder / "known_hosts"),
    }
    clusters = {
        name: {
            "channel": f"C0{name.upper()}",
            "hosts": {
                f"{name}-{number}": {"address": address, "socket": str(_socket(folder, name, number))}
                for number, address in enumerate(each)
            },
        }
        for name, each in addresses.items()
    }
    return {"ssh": ssh, "clusters": clusters, "rules": {"administer": ["U0ADA"]}}
