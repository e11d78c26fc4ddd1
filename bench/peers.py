"""The same tasks by Ansible (community.docker, pipelining, forks 10) and by pyinfra, over the same SSH as Swarmbot.

Both are installed into a venv of their own on first use. Each task is one run of their program, as people run it; their
modules have the Python of this process on the hosts, which has Docker's SDK.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, Final

import yaml

from bot.errors import Failed
from sandbox.fleet import Fleet

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
VENV: Final = Path("/var/cache/swarmbot/bench-peers")
INSTALL_TIMEOUT_S: Final = 900
RUN_TIMEOUT_S: Final = 120
ANSIBLE_CFG: Final = """
[defaults]
forks = 10
gathering = explicit
host_key_checking = True
[ssh_connection]
pipelining = True
"""
TOKENS: Final = "hostvars[groups.first[0]].swarm.swarm_facts.JoinTokens"
PYINFRA: Final = Path(__file__).with_name("peer_pyinfra.py")


class Peers:
    """Both programs, for the hosts of a fleet. ``roles`` are those of the hosts; the first one is initialised."""

    def __init__(self, fleet: Fleet, folder: Path, roles: dict[str, str]) -> None:
        self._folder = folder
        self._bin = _installed()
        folder.mkdir()
        *words, _ = fleet.ssh_argv(fleet[next(iter(roles))])
        options = " ".join(words[1:])
        hosts = {name: {"ansible_host": fleet[name].address, "role": role} for name, role in roles.items()}
        first = next(iter(roles))
        shared = {
            "ansible_user": "root",
            "ansible_ssh_common_args": f"{options} -o ControlMaster=auto -o ControlPersist=60",
            "ansible_python_interpreter": sys.executable,
            "manager": fleet[first].address,
        }
        groups: dict[str, Any] = {
            "first": {"hosts": {first: {}}},
            "others": {"hosts": {name: {} for name in roles if name != first}},
        }
        (folder / "ansible.cfg").write_text(ANSIBLE_CFG)
        (folder / "inventory.yml").write_text(
            yaml.safe_dump({"all": {"hosts": hosts, "vars": shared, "children": groups}})
        )
        (folder / "form.yml").write_text(yaml.safe_dump([_init_play(), _join_play("others")]))
        (folder / "join.yml").write_text(yaml.safe_dump([_init_play(), _join_play("{{ joining }}")]))
        (folder / "status.yml").write_text(yaml.safe_dump([_status_play()]))
        key, known = str(fleet.files.identity), str(fleet.files.known_hosts)
        addresses = {name: [fleet[name].address, role] for name, role in roles.items()}
        (folder / "pyinfra.json").write_text(json.dumps({"key": key, "known_hosts": known, "hosts": addresses}))

    def ansible(self, task: str, joining: str = "") -> None:
        """Run the playbook of a task. Raise Failed."""
        command = [str(self._bin / "ansible-playbook"), "-i", "inventory.yml", f"{task}.yml"]
        self._run([*command, *(["-e", f"joining={joining}"] if joining else [])])

    def pyinfra(self, task: str, joining: str = "") -> None:
        """Run the operations of a task. Raise Failed."""
        self._run(
            [str(self._bin / "python"), "-P", str(PYINFRA), "pyinfra.json", task, *([joining] if joining else [])]
        )

    def _run(self, command: list[str]) -> None:
        env = {**os.environ, "ANSIBLE_CONFIG": str(self._folder / "ansible.cfg"), "HOME": str(self._folder)}
        done = subprocess.run(
            command,
            check=False,
            cwd=self._folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_S,
        )
        if done.returncode:
            raise Failed(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")


def _installed() -> Path:
    """Return the folder of the programs; install them if they are missing."""
    mark = VENV / "installed"
    wanted = REQUIREMENTS.read_text()
    if not mark.exists() or mark.read_text() != wanted:
        venv.create(VENV, with_pip=True)
        command = [str(VENV / "bin" / "pip"), "install", "--quiet", "--requirement", str(REQUIREMENTS)]
        subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S)
        mark.write_text(wanted)
    return VENV / "bin"


def _init_play() -> dict[str, Any]:
    init = {"state": "present", "advertise_addr": "{{ ansible_host }}"}
    return {"hosts": "first", "tasks": [{"community.docker.docker_swarm": init, "register": "swarm"}]}


def _join_play(hosts: str) -> dict[str, Any]:
    join = {
        "state": "join",
        "advertise_addr": "{{ ansible_host }}",
        "remote_addrs": ["{{ manager }}:2377"],
        "join_token": "{{ " + f"{TOKENS}.Manager if role == 'manager' else {TOKENS}.Worker" + " }}",
    }
    return {"hosts": hosts, "tasks": [{"community.docker.docker_swarm": join}]}


def _status_play() -> dict[str, Any]:
    return {"hosts": "first", "tasks": [{"community.docker.docker_swarm_info": {"nodes": True, "services": True}}]}
