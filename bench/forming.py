"""How soon a cluster is formed, a worker joins and a status is answered, compared with other ways, in turn in one run.

On five real Docker hosts. The floor is the bare Engine API over the hosts' own sockets, without SSH and without a
check. Swarmbot is measured from Slack's request until the engines show the state, or until the answer is posted; its
SSH connections are open, as those of the ControlMaster are.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from docker.errors import APIError, DockerException
from requests import RequestException

from bench.peers import Peers
from bench.result import Goal, Measured, Table
from bot.errors import Failed
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.shell import until

ROUNDS: Final = 7
JOINS_PER_ROUND: Final = 2
QUESTIONS_PER_ROUND: Final = 5
FIRST: Final = "host-1"
MANAGERS: Final = ("host-2", "host-3")
WORKERS: Final = ("host-4", "host-5")
FORMED: Final = {FIRST: "manager", **dict.fromkeys(MANAGERS, "manager"), **dict.fromkeys(WORKERS, "worker")}
TIMEOUT_S: Final = 60.0
POLL_S: Final = 0.005
LAST_MESSAGES: Final = 4
INIT: Final = f"init {FIRST} --manager {','.join(MANAGERS)} --worker {','.join(WORKERS)}"
GOALS: Final = {"form": "1.25 times the floor", "join": "the floor and 0.15 s", "status": "the floor and 15 ms"}
NOTES: Final = (
    "The floor is the bare Engine API over the hosts' own sockets, without SSH and without a check.",
    "Ansible (community.docker, pipelining, forks 10) and pyinfra: one run of their program for each task.",
    "Swarmbot: from Slack's request until the engines show the state, or the answer is posted. SSH is connected.",
)
PEERS: Final = ("Ansible", "pyinfra")
WAYS: Final = ("floor", "ssh, one by one", "ControlMaster, parallel", *PEERS, "Swarmbot")


class Bench:
    """The hosts, and a bot that runs for them."""

    def __init__(self, fleet: Fleet, deployment: Deployment, pool: ThreadPoolExecutor) -> None:
        self.fleet = fleet
        self.deployment = deployment
        self._peers: dict[str, Callable[[str, str], None]] = {}
        """The other programs, once they are installed."""
        self._pool = pool
        self.failures: list[str] = []
        """What went wrong: the rest of that turn was not measured."""
        self.times: dict[tuple[str, str], list[float]] = {}
        """The seconds of each run, by task and way."""
        self.last: dict[str, tuple[float, float]] = {}
        """When Swarmbot's last forming and join began and ended, in unix seconds."""

    def round(self, ways: Sequence[str] = WAYS) -> None:
        """Measure each task once or more in each way, in turn."""
        for way in ways:
            try:
                self._tasks(way)
            except (Failed, TimeoutError) as error:
                self.failures.append(f"{way} failed once: {error}")
                last = [each.text for each in self.deployment.slack.transcript()[-LAST_MESSAGES:]]
                print(f"{way}: {error} Last in Slack: {last}", file=sys.stderr, flush=True)

    def _tasks(self, way: str) -> None:
        self.fleet.reset()
        self._ready(way)
        self._measure("form", way, self._form)
        for _ in range(JOINS_PER_ROUND):
            self._remove("host-5")
            self._measure("join", way, self._join)
        for _ in range(1 if way in PEERS else QUESTIONS_PER_ROUND):
            self._measure("status", way, self._status)

    def _measure(self, task: str, way: str, do: Callable[[str], None]) -> None:
        after = len(self.deployment.slack.transcript())
        began = time.monotonic()
        try:
            do(way)
        finally:
            print(f"{task}, {way}: {time.monotonic() - began:.3f}", file=sys.stderr, flush=True)
        took_s = time.monotonic() - began
        self.times.setdefault((task, way), []).append(took_s)
        if way == "Swarmbot" and task != "status":
            self.last[task] = time.time() - took_s, time.time()
            self._await_shown("✓ *", after)  # its job ends after the engines show the state

    def _ready(self, way: str) -> None:
        """Open the connections that a way keeps open, and install its program."""
        if way in PEERS and not self._peers:
            peers = Peers(self.fleet, self.deployment.folder / "peers", FORMED)
            self._peers = {"Ansible": peers.ansible, "pyinfra": peers.pyinfra}
        if way == "Swarmbot":
            self._ask("hosts", "5 of 5 hosts")
        if way == "ControlMaster, parallel":
            self._on_each([[*self._ssh(host, way), "true"] for host in self.fleet])

    # Forming and joining

    def _form(self, way: str) -> None:
        with ExitStack() as stack:
            seen = _roles(stack, self.fleet[FIRST])
            if way == "Swarmbot":
                self.deployment.slack.slash("cleo", "prod", INIT)
            elif way == "floor":
                self._form_bare()
            elif way in PEERS:
                self._peers[way]("form", "")
            else:
                self._form_over_ssh(way)
            _await_formed(seen)

    def _form_bare(self) -> None:
        first = self.fleet[FIRST]
        with first.engine(timeout=60) as engine:
            engine.init_swarm(advertise_addr=first.address, listen_addr="0.0.0.0:2377")
            tokens = engine.inspect_swarm()["JoinTokens"]
        joins = [self._pool.submit(self._join_bare, name, tokens["Manager"]) for name in MANAGERS]
        joins += [self._pool.submit(self._join_bare, name, tokens["Worker"]) for name in WORKERS]
        for each in joins:
            each.result()

    def _join_bare(self, name: str, token: str) -> None:
        host, first = self.fleet[name], self.fleet[FIRST]
        with host.engine(timeout=60) as engine:
            engine.join_swarm([f"{first.address}:2377"], token, "0.0.0.0:2377", host.address)

    def _form_over_ssh(self, way: str) -> None:
        first = self.fleet[FIRST]
        self._run(first, way, f"docker swarm init --advertise-addr {first.address}")
        tokens = {role: self._run(first, way, f"docker swarm join-token -q {role}") for role in ("manager", "worker")}
        joins = [
            [*self._ssh(self.fleet[name], way), f"docker swarm join --token {tokens[role]} {first.address}:2377"]
            for name, role in FORMED.items()
            if name != FIRST
        ]
        self._on_each(joins, at_once=way != "ssh, one by one")

    def _join(self, way: str) -> None:
        first, name = self.fleet[FIRST], "host-5"
        with ExitStack() as stack:
            seen = _roles(stack, first)
            if way == "Swarmbot":
                self.deployment.slack.slash("ada", "prod", f"join worker {name}")
            elif way == "floor":
                with first.engine() as engine:
                    token = engine.inspect_swarm()["JoinTokens"]["Worker"]
                self._join_bare(name, token)
            elif way in PEERS:
                self._peers[way]("join", name)
            else:
                token = self._run(first, way, "docker swarm join-token -q worker")
                self._run(self.fleet[name], way, f"docker swarm join --token {token} {first.address}:2377")
            _await_formed(seen)

    def _remove(self, name: str) -> None:
        """Let a worker leave; wait until its record can be removed, and until its engine would join again."""
        host = self.fleet[name]
        host.wipe()
        with self.fleet[FIRST].engine() as engine:
            for node in engine.nodes():
                if node["Description"]["Hostname"] == name:
                    engine.remove_node(node["ID"], force=True)
        self._ask("hosts", "5 of 5 hosts")
        self._on_each([[*self._ssh(host, "ControlMaster, parallel"), "true"]])

    # Status

    def _status(self, way: str) -> None:
        if way == "Swarmbot":
            self._ask("status", "[Share]")
        elif way == "floor":
            calls = [self._pool.submit(self._call, host, "/info") for host in self.fleet]
            calls += [self._pool.submit(self._call, self.fleet[FIRST], path) for path in ("/swarm", "/nodes")]
            calls.append(self._pool.submit(self._call, self.fleet[FIRST], "/services?status=true"))
            for each in calls:
                each.result()
        elif way in PEERS:
            self._peers[way]("status", "")
        else:
            words = ("docker info", "docker node ls", "docker service ls")
            commands = [[*self._ssh(self.fleet[FIRST], way), each] for each in words]
            self._on_each(commands, at_once=way != "ssh, one by one")

    def _call(self, host: Host, path: str) -> Any:
        with host.engine() as engine:
            return json.loads(engine.get(f"{engine.base_url}/v{engine.api_version}{path}").content)

    def _ask(self, words: str, part: str) -> None:
        """Ask Swarmbot, and return when an answer with this part is posted."""
        after = len(self.deployment.slack.transcript())
        self.deployment.slack.slash("ada", "prod", words)
        self._await_shown(part, after)

    def _await_shown(self, part: str, after: int) -> None:
        self.deployment.slack.wait_for(
            lambda local: any(part in each.text for each in local.transcript(after)), TIMEOUT_S
        )

    # Commands over SSH

    def _ssh(self, host: Host, way: str) -> list[str]:
        argv = self.fleet.ssh_argv(host)
        if way == "ssh, one by one":
            return argv
        socket = Path(self.deployment.folder) / f"{host.name}.master"
        shared = ("ControlMaster=auto", f"ControlPath={socket}", "ControlPersist=60")
        return [argv[0], *(word for option in shared for word in ("-o", option)), *argv[1:]]

    def _run(self, host: Host, way: str, command: str) -> str:
        return _output([*self._ssh(host, way), command])

    def _on_each(self, commands: Sequence[list[str]], *, at_once: bool = True) -> None:
        if at_once:
            list(self._pool.map(_output, commands))
        else:
            for each in commands:
                _output(each)


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE, text=True).stdout.strip()


def _await_formed(roles: Callable[[], dict[str, str]]) -> None:
    until(lambda: roles() == FORMED, "the cluster is formed", timeout=TIMEOUT_S, max_interval_s=POLL_S)


def _roles(stack: ExitStack, manager: Host) -> Callable[[], dict[str, str]]:
    """Return a function that reads the roles of nodes that are ready and, as managers, reachable."""
    engine = stack.enter_context(manager.engine(timeout=5))

    def roles() -> dict[str, str]:
        with suppress(APIError, DockerException, RequestException):
            return {
                node["Description"]["Hostname"]: node["Spec"]["Role"]
                for node in engine.nodes()
                if node["Status"]["State"] == "ready"
                and (node.get("ManagerStatus") or {"Reachability": "reachable"})["Reachability"] == "reachable"
                and (node["Spec"]["Role"] == "worker" or "ManagerStatus" in node)
            }
        return {}

    return roles


def measure(*, quick: bool) -> Measured:
    """Measure every task in every way, in turn; the goals are for Swarmbot."""
    folder = Path(tempfile.mkdtemp(prefix="swarmbot-bench-"))
    with (
        Fleet(folder) as fleet,
        Deployment(fleet, folder / "deployment", watchers=1) as deployment,
        ThreadPoolExecutor(16) as pool,
    ):
        bench = Bench(fleet, deployment, pool)
        for _ in range(1 if quick else ROUNDS):
            bench.round()
    medians = {key: statistics.median(times) for key, times in bench.times.items()}
    tasks = list(dict.fromkeys(task for task, _ in medians))
    floors = {task: medians[task, WAYS[0]] for task in tasks}
    rows = [
        (f"{task}, {way}", len(bench.times[task, way]), median_s * 1000, _beside(median_s, floors[task]))
        for (task, way), median_s in sorted(medians.items(), key=lambda each: tasks.index(each[0][0]))
    ]
    limits = {"form": 1.25 * floors["form"], "join": floors["join"] + 0.15, "status": floors["status"] + 0.015}
    done = [task for task in tasks if (task, "Swarmbot") in medians]
    goals = [Goal(f"{task}: {GOALS[task]}", medians[task, "Swarmbot"], limits[task], "s") for task in done]
    table = Table(("task, way", "runs", "median, ms", "of the floor"), tuple(rows))
    return Measured((table,), tuple(goals), (*NOTES, *bench.failures))


def _beside(median_s: float, floor_s: float) -> str:
    """Return the ratio to the floor, and the difference."""
    return f"{median_s / floor_s:.2f}x, {(median_s - floor_s) * 1000:+.0f} ms"
