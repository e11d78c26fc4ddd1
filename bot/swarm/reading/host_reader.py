"""Read the facts of one host. A failure is a fact: nothing is raised for a dead host."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.errors import EngineError, HostUnreachable, SwarmbotError
from bot.model import Engine, Examination, FactsQuery, HostFacts, HostFailure, KeyFile, Reach
from bot.swarm.network.overlay_trial import trial_name
from bot.swarm.network.routes import matches_name
from bot.swarm.reading import parse, parse_objects
from bot.swarm.reading.certificates import NODE_CERTIFICATE, read_certificate
from bot.swarm.reading.raft_log import position

ENGINE_DOWN: Final = frozenset({"docker stopped", "no docker"})
"""Problems of a host that answers over SSH and whose engine may not run."""
INFO_TIMEOUT_S: Final = 10.0
"""The time-out of ``GET /info``. A read that waits for less time abandons it soon after: it occupies a connection and a
thread."""

MAX_CLOCK_READ_S: Final = 0.5
"""The measured clock is wrong by at most half the time of its reading. If the engine took longer, it is read again."""

NETWORKS_LOST: Final = "This node is not a swarm manager. Use"
"""How an engine that manages the cluster refuses a network while its network layer is part of no cluster.

Seen in docs/decisions/0055.

A manager without a quorum says "Manager is being prepared" in place of "Use": that passes.
"""
NETWORK_TRIES: Final = 3
"""How often an engine that makes no network is asked for one, a second apart: a problem that passes is no refusal."""
NETWORK_PAUSE_S: Final = 1.0


def read_host(engine: Engine, address: str, query: FactsQuery, *, examined: bool = False) -> HostFacts:
    """Return the facts of a host that ``query`` asks for; ``examined``: its interfaces are read meanwhile."""
    try:
        began, asked = time.time(), time.perf_counter()
        facts = parse.host(engine.host, address, engine.info(min(INFO_TIMEOUT_S, query.timeout_s + 1.0)))
        asked_s = time.perf_counter() - asked
        close = matches_name(facts, query.probe)
        if (close and not examined) or query.raft_state:
            facts = replace(facts, interfaces=engine.interfaces())
        elif query.interfaces and not close:
            facts = _with_interfaces(engine, facts)
        if close or query.raft_state or (query.probe and facts.is_manager):
            known = facts.system_time and asked_s <= MAX_CLOCK_READ_S
            offset = facts.system_time - (began + asked_s / 2) if known else engine.clock_offset()
            facts = replace(facts, clock_offset=offset)
        facts = _with_raft(engine, facts, query)
        if query.certificates and facts.in_swarm:
            facts = _with_certificate(engine, facts)
        if engine.host in query.tried_networks and facts.can_read_cluster:
            facts = _with_tried_network(engine, facts)
        if engine.host in query.swarm_folders:
            facts = replace(facts, swarm_folder=engine.placed())
        facts = _with_storage(engine, facts, query)
    except HostUnreachable as error:
        facts = unreachable_host(engine.host, address, error)
        if error.problem in ENGINE_DOWN and (query.raft_state or engine.host in query.stopped_engines):
            facts = _stopped(engine, facts)
    except EngineError as error:
        return _failed_host(engine, address, error)
    return facts


def _failed_host(engine: Engine, address: str, error: EngineError) -> HostFacts:
    failure = HostFailure("engine error", error.happened, error.next_step)
    return HostFacts(name=engine.host, address=address, failure=failure)


def examined_host(engine: Engine, facts: HostFacts, examination: Examination | None) -> HostFacts:
    """Return the facts with disk and interfaces; read these if the examination failed, also to learn why."""
    if examination is not None and examination.space is not None and examination.space.folder == facts.data_root:
        facts = replace(facts, disk_space=examination.space)
    if examination is not None and examination.interfaces is not None:
        return replace(facts, interfaces=examination.interfaces)
    try:
        return replace(facts, interfaces=engine.interfaces())
    except HostUnreachable as error:
        return unreachable_host(engine.host, facts.address, error)
    except EngineError as error:
        return _failed_host(engine, facts.address, error)


def _with_interfaces(engine: Engine, facts: HostFacts) -> HostFacts:
    """Return the facts with the interfaces, or without if they cannot be read: a host may have no ``ip``."""
    try:
        return replace(facts, interfaces=engine.interfaces())
    except EngineError:
        return facts


def unreachable_host(name: str, address: str, error: HostUnreachable) -> HostFacts:
    """Return the facts of a host that cannot be reached."""
    return HostFacts(name, address, HostFailure(error.problem, error.happened, error.next_step))


def timed_out_host(name: str, address: str, timeout_s: float) -> HostFacts:
    """Return the facts of a host that did not respond in time."""
    happened = f"`{name}` ({address}) did not respond within {timeout_s:.0f} s."
    step = "Check that the machine is on and not overloaded, then run the command again."
    failure = HostFailure("slow", happened, step)
    return HostFacts(name=name, address=address, failure=failure)


def probe_endpoints(engine: Engine, endpoints: Sequence[str]) -> dict[str, Reach]:
    """Return the results of connections from a host to ``endpoints`` (``address:port``), without unknown ones."""
    try:
        met = engine.prober().connect([split_endpoint(each) for each in endpoints])
    except SwarmbotError:
        return {}
    return {endpoint: found for endpoint, found in zip(endpoints, met, strict=True) if found != "unknown"}


def _peers(engine: Engine, host: HostFacts) -> Mapping[str, Reach]:
    """Return the results of connections to the other managers that the host knows; "unknown" without a result.

    A connection without an answer or a result is tried again: the quorum gate decides by this.
    """
    others = [peer for peer in host.managers if split_endpoint(peer)[0] != host.node_address]
    met = probe_endpoints(engine, others) if others else {}
    unanswered = [peer for peer in others if met.get(peer, "no answer") == "no answer"]
    again = probe_endpoints(engine, unanswered) if unanswered else {}
    return MappingProxyType({**dict.fromkeys(others, "unknown"), **met, **again})


def _stopped(engine: Engine, facts: HostFacts) -> HostFacts:
    """Return the facts with the swarm state on disk; if it cannot be read, the failure says so."""
    assert facts.failure  # noqa: S101 - tells mypy what the caller has checked
    try:
        return _with_position(engine, replace(facts, stopped=engine.stopped()))
    except (EngineError, HostUnreachable) as error:
        why = f"Its swarm state is unknown: {error.happened} {error.next_step}"
        happened = f"{facts.failure.happened} {why}".rstrip()
        return replace(facts, failure=replace(facts.failure, happened=happened))


def _with_raft(engine: Engine, facts: HostFacts, query: FactsQuery) -> HostFacts:
    """Return the facts with what a manager's disk and connections show about the quorum."""
    if engine.host in query.key_files or (query.raft_state and _may_manage(facts)):
        facts = replace(facts, key_file=_key_file(engine))
    knows = query.raft_state and (facts.in_swarm or facts.recovery_pending)
    if knows:
        facts = _with_position(engine, replace(facts, managers=facts.managers or _known(engine)))
    if knows or (query.peer_reach and facts.is_manager):
        facts = replace(facts, peer_reach=_peers(engine, facts))
    return facts


def _may_manage(facts: HostFacts) -> bool:
    return facts.is_manager or facts.membership in {"locked", "inactive"}


def _known(engine: Engine) -> tuple[str, ...]:
    """Return the managers on disk: a locked engine does not report the others."""
    try:
        return engine.known_managers()
    except EngineError:
        return ()


def _key_file(engine: Engine) -> KeyFile | None:
    try:
        return engine.key_file()
    except EngineError:  # a user who reaches an engine may not be allowed to read its files
        return None


def _with_tried_network(engine: Engine, facts: HostFacts) -> HostFacts:
    """Return the facts with whether the engine creates a network of the cluster. The result of the last try counts.

    The network is removed again. If that fails, the next test of the overlay removes it.
    """
    for tries_left in reversed(range(NETWORK_TRIES)):
        trial = engine.overlay_trial(trial_name())
        try:
            trial.make_network()
        except EngineError as error:
            refusal = error.happened if NETWORKS_LOST in error.happened else None
            facts = replace(facts, network_refusal=refusal, network_error=error.happened)
        else:
            with suppress(EngineError):
                trial.remove_network()
            return replace(facts, network_refusal="", network_error="")
        if tries_left:
            time.sleep(NETWORK_PAUSE_S)
    return facts


def _with_certificate(engine: Engine, facts: HostFacts) -> HostFacts:
    """Return the facts with the node certificate, or why it could not be read: a user may not be allowed to."""
    try:
        found = engine.certificate_file(f"{facts.data_root}/{NODE_CERTIFICATE}")
        return replace(facts, certificate=read_certificate(found))
    except EngineError as error:
        return replace(facts, certificate_error=error.happened)


def _with_storage(engine: Engine, facts: HostFacts, query: FactsQuery) -> HostFacts:
    """Return the facts with volumes, images and disk usage, or why not: an engine may be slow to sum up the disk."""
    if matches_name(facts, query.volumes):
        facts = replace(facts, volumes=parse_objects.volumes(engine.volumes()))
    if query.hosts and not matches_name(facts, query.hosts):
        return facts
    if query.images or query.image:
        facts = _with_images(engine, facts)
    if not query.disk:
        return facts
    try:
        return replace(facts, disk=engine.disk_usage())
    except EngineError as error:
        return replace(facts, disk_error=error.happened)


def _with_images(engine: Engine, facts: HostFacts) -> HostFacts:
    try:
        return replace(facts, images=engine.images())
    except EngineError as error:
        return replace(facts, images_error=error.happened)


def _with_position(engine: Engine, facts: HostFacts) -> HostFacts:
    """Return the facts with the end of the Raft log, or why it could not be read: a worker has none."""
    try:
        return replace(facts, raft_position=position(engine.last_raft_entry()))
    except EngineError as error:
        return replace(facts, raft_error=error.happened)
    except (IndexError, ValueError):
        return replace(facts, raft_error=f"The Raft log of `{engine.host}` is damaged.")


def split_endpoint(target: str) -> tuple[str, int]:
    """Return address and port of ``10.0.0.1:2377`` or ``[fd00::1]:2377``."""
    address, _, port = target.rpartition(":")
    return address.strip("[]"), int(port)
