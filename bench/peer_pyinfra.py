"""What pyinfra does for bench/peers.py, in its own venv: ``peer_pyinfra.py FILE form|join|status [HOST]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pyinfra.api import Config, Inventory, State
from pyinfra.api.connect import connect_all
from pyinfra.api.operation import add_op
from pyinfra.api.operations import run_ops
from pyinfra.operations import server

PARALLEL = 10


def main(file: str, task: str, joining: str = "") -> None:
    """Carry out a task."""
    given = json.loads(Path(file).read_text())
    names = list(given["hosts"])
    first = names[0]
    wanted = {"form": names, "join": [first, joining], "status": [first]}[task]
    shared = {"ssh_user": "root", "ssh_key": given["key"], "ssh_known_hosts_file": given["known_hosts"]}
    hosts = [(name, {"ssh_hostname": given["hosts"][name][0]}) for name in wanted]
    state = State(Inventory((hosts, shared)), Config(PARALLEL=PARALLEL, FAIL_PERCENT=0))
    connect_all(state)
    manager = state.inventory.get_host(first)
    if task == "status":
        add_op(state, server.shell, commands=["docker info", "docker node ls", "docker service ls"], host=[manager])
        run_ops(state)
        return
    address = given["hosts"][first][0]
    if task == "form":
        _said(manager, f"docker swarm init --advertise-addr {address}")
    tokens = {role: _said(manager, f"docker swarm join-token -q {role}") for role in ("manager", "worker")}
    for name in wanted[1:]:
        command = f"docker swarm join --token {tokens[given['hosts'][name][1]]} {address}:2377"
        add_op(state, server.shell, commands=[command], host=[state.inventory.get_host(name)])
    run_ops(state)


def _said(host: Any, command: str) -> str:
    done, output = host.run_shell_command(command)
    if not done:
        raise RuntimeError(output.stderr)
    return str(output.stdout).strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
