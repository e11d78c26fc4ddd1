"""Read the facts of a cluster: all hosts in parallel, then the cluster from a manager that has a quorum."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from bot.errors import EngineError, Failed, HostUnreachable, SwarmbotError
from bot.model import (
    BackupList,
    ClusterFacts,
    Engines,
    Facts,
    FactsQuery,
    HostFacts,
    HostFailure,
    HostKey,
    Revealed,
)
from bot.secrets.secret import Secret
from bot.swarm.network.overlay_trial import try_overlay
from bot.swarm.network.probe_routes import probe_routes
from bot.swarm.network.routes import matching_hosts, mesh_routes, ready_peers, wanted_routes
from bot.swarm.reading.examinations import Examinations
from bot.swarm.reading.host_membership import inactive_host_of, inactive_managers
from bot.swarm.reading.host_reader import probe_endpoints, read_host, timed_out_host, unreachable_host
from bot.swarm.reading.image_reader import read_image_trouble
from bot.swarm.reading.manager_choice import readable_managers
from bot.swarm.reading.swarm_reader import READ_TIMEOUT_S, read_swarm
from bot.swarm.reading.task_reader import read_tasks

MESH_TIMEOUT_S = 20.0
ROUTE_TIMEOUT_S = 4.0
"""After this time no further route is tested: a check must end within 5 s, unless its hosts are slow."""
MIN_ROUTE_TIMEOUT_S = 0.5
"""How much of it remains when the hosts were slow to read."""
FOLDER_TIMEOUT_S = 3.0
ASK_AGAIN_S = 1.0
MAX_ASKED_AGAIN = 4
"""Any manager that responds names the new leader, and each call that hangs occupies a thread."""
SSH_FAILURES = {"ssh_config", "no route", "timed out", "refused", "slow"}


class NoteHost(Protocol):
    """Called after each reading of a host."""

    def __call__(self, seconds: float, *, responded: bool) -> None:
        """Note how long it took."""


class FactsReader:
    """Reads the facts of the clusters in swarmbot.yml. All reads share its threads; ``close`` ends them.

    ``foreign`` maps addresses of hosts to the cluster in swarmbot.yml that has them. ``note_host`` is called with how
    many seconds each reading of a host took, and whether it responded.
    """

    def __init__(self, foreign: Mapping[str, str], *, threads: int = 32, note_host: NoteHost | None = None) -> None:
        self._foreign = foreign
        self._note_host = note_host
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="facts")

    def close(self) -> None:
        """Start no more reads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def read(self, name: str, engines: Engines, query: FactsQuery) -> Facts:
        """Read what ``query`` asks of the cluster ``name``. A failure is a fact: nothing is raised for a dead host.

        Raise EngineError or HostUnreachable if the query asks for secrets and they cannot be read. Raise Refused or
        Failed if it asks for backups and they cannot be read. Raise what ``StackRecorder.record`` raises if it asks for
        a stack.
        """
        started = time.monotonic()
        keys = {name: self._pool.submit(engines[name].host_keys) for name in query.host_keys}
        known = set(engines.names())
        named = {*query.hosts, *query.probe, *query.swarm_folders, *query.stopped_engines, *query.key_files}
        if query.only_hosts:
            known &= {*query.only_hosts, *named}
        wanted = known if query.all_hosts else named & known
        examined = query.raft_state or query.swarm_folders or query.stopped_engines
        examinations = Examinations(self._pool, engines, query)
        hosts = self._read_hosts(engines, known, wanted, known if examined else named, query, examinations=examinations)
        swarm = read_swarm(self._pool, engines, hosts, query)
        if swarm is not None:
            hosts |= self._read_unheard(engines, hosts, swarm, query, examinations)
        hosts |= self._read_swarm_folders(engines, hosts, swarm)
        if swarm is not None:
            hosts = _with_peer_reachability(engines, hosts, swarm, query)
        hosts = examinations.with_interfaces(hosts, query)
        routes = wanted_routes(
            hosts,
            swarm,
            matching_hosts(hosts, query.probe),
            every_peer=query.every_peer,
            new_managers=query.new_managers,
            data_port=query.data_port,
        )
        elapsed_s = time.monotonic() - started if query.every_peer else 0.0
        time_s = max(MIN_ROUTE_TIMEOUT_S, ROUTE_TIMEOUT_S - elapsed_s)
        if query.mesh and swarm is not None:
            routes, time_s = mesh_routes(ready_peers(swarm, hosts, query.mesh_nodes), swarm.data_port), MESH_TIMEOUT_S
        facts = Facts(
            name=name,
            at=time.time(),
            hosts=MappingProxyType(hosts),
            swarm=swarm,
            task_readings=read_tasks(engines, swarm, query) if swarm else MappingProxyType({}),
            secrets=MappingProxyType(_secrets(engines, swarm, query)),
            other_clusters=MappingProxyType(
                {address: other for address, other in self._foreign.items() if other != name}
            ),
            image_trouble=read_image_trouble(engines, hosts, swarm, query.image) if swarm and query.image else "",
            backups=engines.backup_store.list_backups() if query.backups else BackupList(),
            stack=engines.stack_recorder.record(engines[swarm.read_from], query.stack)
            if swarm and query.stack
            else None,
            probed_routes=probe_routes(
                engines,
                routes,
                time_s,
                _ssh_failures(hosts),
                [name for name, host in hosts.items() if host.responds],
                again=query.probe_again,
                examined=examinations.ended(routes, hosts),
            ),
        )
        facts = _with_host_keys(_with_ca_files(facts, engines, query), keys)
        facts = _with_mesh(facts, engines, query) if query.mesh else facts
        return replace(facts, duration_s=time.monotonic() - started)

    def _read_hosts(
        self,
        engines: Engines,
        tried: set[str],
        wanted: set[str],
        named: set[str],
        query: FactsQuery,
        *,
        examinations: Examinations,
    ) -> dict[str, HostFacts]:
        """Read ``tried`` until those in ``wanted`` have responded.

        A silent host that is not in ``named`` is omitted.
        """
        hosts = _recently_silent(engines, tried - named)
        waiting: dict[Future[HostFacts], str] = {}

        def begin(name: str) -> None:
            waiting[self._pool.submit(self._read_host, engines, name, query, examined=examinations.has(name))] = name

        for name in filter((tried - hosts.keys()).__contains__, engines.names()):
            begin(name)
        timeout_s = min(query.timeout_s, READ_TIMEOUT_S)
        began = time.monotonic()
        again_at = began + ASK_AGAIN_S if query.ask_again else math.inf
        while waiting and not (_enough(hosts, wanted, query) and readable_managers(hosts, query.cluster_id)):
            left_s = min(began + timeout_s, again_at) - time.monotonic()
            done, _ = wait(waiting, timeout=max(0.0, left_s), return_when=FIRST_COMPLETED)
            answered = {waiting[future]: future.result() for future in done}
            hosts |= answered
            for host in answered.values():
                examinations.heard(host)
            waiting = {future: name for future, name in waiting.items() if name not in answered}
            if done:
                continue
            if time.monotonic() >= began + timeout_s:
                for name in wanted - hosts.keys():
                    hosts[name] = timed_out_host(name, engines.address(name), timeout_s)
                break
            again_at += ASK_AGAIN_S
            for name in [name for name in query.ask_again if name in waiting.values()][:MAX_ASKED_AGAIN]:
                begin(name)
        for future in waiting:
            future.cancel()
        return {name: hosts[name] for name in engines.names() if name in hosts}

    def _read_host(self, engines: Engines, name: str, query: FactsQuery, *, examined: bool) -> HostFacts:
        began = time.monotonic()
        host = read_host(engines[name], engines.address(name), query, examined=examined)
        if self._note_host:
            self._note_host(time.monotonic() - began, responded=host.responds)
        return host

    def _read_unheard(
        self,
        engines: Engines,
        hosts: Mapping[str, HostFacts],
        swarm: ClusterFacts,
        query: FactsQuery,
        examinations: Examinations,
    ) -> dict[str, HostFacts]:
        """Read again the managers that report a quorum although the other managers do not hear them.

        They were read before the cluster: one of them may have lost power in between.
        """
        unheard = [node.host for node in swarm.managers if node.reachability != "reachable" and node.host in hosts]
        working = {name for name in unheard if hosts[name].can_read_cluster}
        return self._read_hosts(engines, working, working, working, query, examinations=examinations) if working else {}

    def _read_swarm_folders(
        self, engines: Engines, hosts: Mapping[str, HostFacts], swarm: ClusterFacts | None
    ) -> dict[str, HostFacts]:
        """Read the swarm folders of hosts that seem to have left: an engine that is stopping says that it is inactive.

        A host that left has an empty folder (docs/swarm-behaviour.md#removal).
        """
        left: Iterable[HostFacts | None] = inactive_managers(hosts.values())
        if swarm is not None:
            left = (inactive_host_of(hosts.values(), node) for node in swarm.nodes if not node.ready)
        unread = [host.name for host in left if host and host.swarm_folder is None]
        readings = {name: self._pool.submit(engines[name].placed) for name in unread}
        found = {}
        for name, reading in readings.items():
            with suppress(EngineError, HostUnreachable, Failed, TimeoutError):
                found[name] = replace(hosts[name], swarm_folder=reading.result(FOLDER_TIMEOUT_S))
        return found


def _recently_silent(engines: Engines, names: Iterable[str]) -> dict[str, HostFacts]:
    """Return the hosts at whose address nobody answered moments ago."""
    errors = {name: engines[name].recent_silence() for name in names}
    return {name: unreachable_host(name, engines.address(name), error) for name, error in errors.items() if error}


def _enough(hosts: Mapping[str, HostFacts], wanted: set[str], query: FactsQuery) -> bool:
    """Return whether the wait can end if a manager can be read."""
    if not query.ask_again:
        return wanted <= hosts.keys()
    return sum(name in hosts and hosts[name].responds for name in query.ask_again) > len(query.ask_again) / 2


def _ssh_failures(hosts: Mapping[str, HostFacts]) -> dict[str, str]:
    """Return the hosts that cannot be reached over SSH, and why. A host whose engine is down still has a shell."""
    failures = {name: host.failure for name, host in hosts.items() if host.failure}
    return {name: failure.happened for name, failure in failures.items() if failure.problem in SSH_FAILURES}


def _with_peer_reachability(
    engines: Engines, hosts: Mapping[str, HostFacts], swarm: ClusterFacts, query: FactsQuery
) -> dict[str, HostFacts]:
    """Return the hosts, with whether a manager reaches the managers that Swarmbot does not: Swarmbot may be cut off."""
    silent = [node for node in swarm.managers if node.host in hosts and not hosts[node.host].responds]
    unreachable = [node for node in silent if query.try_silent in {"all", node.reachability}]
    endpoints = {node.raft_address: node.host for node in unreachable if node.raft_address}
    met = probe_endpoints(engines[swarm.read_from], [*endpoints]) if endpoints else {}
    heard = {endpoints[endpoint]: found for endpoint, found in met.items()}
    return {name: replace(host, reach_from_managers=heard.get(name)) for name, host in hosts.items()}


def _with_ca_files(facts: Facts, engines: Engines, query: FactsQuery) -> Facts:
    found: dict[tuple[str, str], str] = {}
    unread: dict[tuple[str, str], str] = {}
    for host, path in query.ca_files:
        try:
            found[host, path] = engines[host].certificate_file(path)
        except (EngineError, HostUnreachable) as error:
            unread[host, path] = error.happened
    return replace(facts, ca_files=MappingProxyType(found), unread_ca_files=MappingProxyType(unread))


def _with_host_keys(facts: Facts, reading: Mapping[str, Future[tuple[HostKey, ...]]]) -> Facts:
    found: dict[str, tuple[HostKey, ...]] = {}
    keyless: dict[str, HostFailure] = {}
    for name, future in reading.items():
        try:
            found[name] = future.result(READ_TIMEOUT_S)
        except HostUnreachable as error:
            keyless[name] = HostFailure(error.problem, error.happened, error.next_step)
        except TimeoutError:
            keyless[name] = HostFailure("timed out", f"`{name}` did not send a host key within {READ_TIMEOUT_S:.0f} s.")
    return replace(facts, host_keys=MappingProxyType(found), host_key_failures=MappingProxyType(keyless))


def _with_mesh(facts: Facts, engines: Engines, query: FactsQuery) -> Facts:
    """Return the facts with the overlay trial. It runs after the ports: its datagrams would be counted with theirs."""
    if facts.swarm is None:
        return facts
    try:
        peers = ready_peers(facts.swarm, facts.hosts, query.mesh_nodes)
        why = {
            node.name: f"it is {node.availability_text}, so Docker attaches no network"
            for node in facts.swarm.nodes
            if node.availability in {"drain", "pause"}
        }
        mesh = try_overlay(engines, facts.swarm.read_from, [peer for peer in peers if peer.name not in why])
        skipped = {peer.name: why[peer.name] for peer in peers if peer.name in why}
        return replace(facts, mesh=replace(mesh, skipped={**skipped, **mesh.skipped}))
    except SwarmbotError as error:
        return replace(facts, mesh_failure=error.happened)


def _secrets(engines: Engines, swarm: ClusterFacts | None, query: FactsQuery) -> dict[Revealed, Secret]:
    if swarm is None or not query.secrets:
        return {}
    engine = engines[swarm.read_from]
    secrets: dict[Revealed, Secret] = {}
    if "unlock key" in query.secrets:
        secrets["unlock key"] = engine.unlock_key()
    if {"worker token", "manager token"} & set(query.secrets):
        tokens = engine.join_tokens()
        secrets |= {"worker token": tokens.worker, "manager token": tokens.manager}
    return {name: secret for name, secret in secrets.items() if name in query.secrets}
