"""Read the facts of a cluster: every host at once, then the swarm through the first manager that has a quorum."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from types import MappingProxyType

from bot.errors import EngineError, HostUnreachable, SwarmbotError
from bot.plan import ClusterFacts, Engine, Engines, Facts, HostFacts, Look, Reach, Revealed
from bot.secret import Secret
from bot.swarm import parse
from bot.swarm.host_reader import read_host, silent, split

MANAGER_PORT = 2377
# An engine that hangs is given up after its own time-out (bot.engine); this bounds them together.
LONGEST_READ = 15.0


class Reader:
    """Reads facts of the clusters of swarmbot.yml. Threads are shared by all reads; ``close`` ends them.

    ``foreign`` maps addresses of hosts to the cluster of swarmbot.yml that has them.
    """

    def __init__(self, foreign: Mapping[str, str], *, threads: int = 32) -> None:
        self._foreign = foreign
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="facts")

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def read(self, name: str, engines: Engines, look: Look) -> Facts:
        """Read what ``look`` asks of the cluster ``name``. Troubles are facts; nothing is raised for a dead host.

        Raises EngineError only if secrets were asked for and could not be read.
        """
        known = set(engines.names())
        wanted = known if look.all_hosts else {*look.hosts, *look.probe} & known
        hosts = self._read_hosts(engines, wanted, look)
        swarm = self._read_swarm(engines, hosts, look)
        if swarm is not None:
            swarm = replace(swarm, nodes=parse.name_hosts(swarm.nodes, hosts, engines))
            hosts = self._reach_managers(engines, hosts, swarm, look)
            hosts = self._reach_silent(engines, hosts, swarm)
        return Facts(
            name=name,
            at=time.time(),
            hosts=MappingProxyType(hosts),
            swarm=swarm,
            secrets=MappingProxyType(_secrets(engines, swarm, look)),
            foreign=MappingProxyType({address: other for address, other in self._foreign.items() if other != name}),
            **_files(engines, look),
        )

    def _read_hosts(self, engines: Engines, wanted: set[str], look: Look) -> dict[str, HostFacts]:
        waiting: dict[Future[HostFacts], str] = {
            self._pool.submit(read_host, engines[name], engines.address(name), look, close=name in look.probe): name
            for name in engines.names()
        }
        hosts: dict[str, HostFacts] = {}
        patience = min(look.patience, LONGEST_READ)
        deadline = time.monotonic() + patience
        while waiting and not (wanted <= hosts.keys() and any(map(_serves, hosts.values()))):
            done, _ = wait(waiting, timeout=max(0.0, deadline - time.monotonic()), return_when=FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                hosts[waiting.pop(future)] = future.result()
        for future, name in waiting.items():
            future.cancel()
            if name in wanted:
                hosts[name] = silent(name, engines.address(name), patience)
        return {name: hosts[name] for name in engines.names() if name in hosts}

    def _read_swarm(self, engines: Engines, hosts: Mapping[str, HostFacts], look: Look) -> ClusterFacts | None:
        for name, host in hosts.items():
            if _serves(host):
                try:
                    return self._read_through(engines[name], look)
                except (EngineError, HostUnreachable, TimeoutError):
                    continue
        return None

    def _read_through(self, engine: Engine, look: Look) -> ClusterFacts:
        swarm = self._pool.submit(engine.swarm)
        services = self._pool.submit(parse.services, engine) if look.services else None
        tasks = self._pool.submit(engine.tasks, {"desired-state": ["running"]}) if look.tasks else None
        task_list = self._pool.submit(engine.tasks, {}) if look.task_list else None
        nodes = self._pool.submit(engine.nodes)
        patience = min(look.patience, LONGEST_READ)  # in the seconds after a quorum was lost questions hang
        found = swarm.result(patience)
        return ClusterFacts(
            id=found["ID"],
            read_from=engine.host,
            version=found["Version"]["Index"],
            spec=found["Spec"],
            nodes=parse.nodes(nodes.result(patience)),
            services=services.result(patience) if services else (),
            tasks=parse.running(tasks.result(patience)) if tasks else MappingProxyType({}),
            task_list=parse.task_list(task_list.result(patience)) if task_list else (),
        )

    def _reach_managers(
        self, engines: Engines, hosts: Mapping[str, HostFacts], swarm: ClusterFacts, look: Look
    ) -> dict[str, HostFacts]:
        targets = [
            node.raft_address for node in swarm.managers if node.reachability == "reachable" and node.raft_address
        ]
        tries: dict[tuple[str, str], Future[Reach]] = {
            (name, target): self._pool.submit(engines[name].reach, *split(target))
            for name in look.probe
            if name in hosts and hosts[name].answers and not hosts[name].is_manager
            for target in targets
        }
        back = {
            name: self._pool.submit(engines[swarm.read_from].reach, advertised(hosts[name]), MANAGER_PORT)
            for name, _ in tries
        }
        seen: dict[str, dict[str, Reach]] = {}
        for (name, target), future in tries.items():
            seen.setdefault(name, {})[target] = _met(future)
        return {
            name: replace(host, reaches=MappingProxyType(seen[name]), reached=_met(back[name]))
            if name in seen
            else host
            for name, host in hosts.items()
        }

    def _reach_silent(
        self, engines: Engines, hosts: Mapping[str, HostFacts], swarm: ClusterFacts
    ) -> dict[str, HostFacts]:
        """Whether managers that do not answer the bot are there for their peers: it may be the bot that is cut off."""
        engine = engines[swarm.read_from]
        tries = {
            node.host: self._pool.submit(engine.reach, *split(node.raft_address))
            for node in swarm.managers
            if node.raft_address and node.host in hosts and not hosts[node.host].answers
        }
        return {
            name: replace(host, reached=_met(tries[name])) if name in tries else host for name, host in hosts.items()
        }


def advertised(host: HostFacts) -> str:
    """What a host advertises unless told otherwise: swarmbot.yml's address where the host has it, else its first."""
    addresses = [address for interface in host.interfaces for address in interface.addresses]
    return host.address if host.address in addresses or not addresses else addresses[0]


def _met(future: Future[Reach]) -> Reach:
    try:
        return future.result(LONGEST_READ)
    except SwarmbotError:
        return "no answer"


def _serves(host: HostFacts) -> bool:
    """Whether the swarm can be read through this host now."""
    return host.answers and host.is_manager and host.membership == "active" and not host.swarm_error


def _files(engines: Engines, look: Look) -> dict[str, Mapping[tuple[str, str], str]]:
    found: dict[tuple[str, str], str] = {}
    unread: dict[tuple[str, str], str] = {}
    for host, path in look.ca_files:
        try:
            found[host, path] = engines[host].certificate_file(path)
        except (EngineError, HostUnreachable) as error:
            unread[host, path] = error.happened
    return {"ca_files": MappingProxyType(found), "unread": MappingProxyType(unread)}


def _secrets(engines: Engines, swarm: ClusterFacts | None, look: Look) -> dict[Revealed, Secret]:
    if swarm is None or not look.secrets:
        return {}
    engine = engines[swarm.read_from]
    secrets: dict[Revealed, Secret] = {}
    if "unlock key" in look.secrets:
        secrets["unlock key"] = engine.unlock_key()
    if {"worker token", "manager token"} & set(look.secrets):
        tokens = engine.join_tokens()
        secrets |= {"worker token": tokens.worker, "manager token": tokens.manager}
    return {name: secret for name, secret in secrets.items() if name in look.secrets}
