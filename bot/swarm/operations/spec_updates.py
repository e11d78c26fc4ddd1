"""Write specs and records of the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict, Unpack

from bot.errors import EngineError, Failed
from bot.model import Engine, Engines, Facts, Json, NodeFacts

CONFLICT = "update out of sequence"
MAX_TRIES = 4


def reading_manager(engines: Engines, facts: Facts, true_now: str = "Nothing was changed by it.") -> Engine:
    """The manager that the cluster was read from; Failed, saying what is ``true_now``, when none could be read."""
    if facts.swarm is None:
        raise Failed(f"No manager of {facts.name} with a quorum could be read.", true_now=true_now)
    return engines[facts.swarm.read_from]


def update_node_spec(engine: Engine, node_id: str, edit: Callable[[Json], Json]) -> None:
    """Write ``edit(spec)`` back with the record's version, reading again on a conflict.

    The engine answers a conflict with HTTP 500 "update out of sequence" (facts/swarm.md). Raises EngineError, also
    when there is no such record any more.
    """
    for tries_left in reversed(range(MAX_TRIES)):
        record = next((node for node in engine.nodes() if node["ID"] == node_id), None)
        if record is None:
            raise EngineError(engine.host, 404, f"The cluster has no node `{node_id}`.")
        spec = edit(record["Spec"])
        if spec == record["Spec"]:
            return
        try:
            engine.update_node(node_id, record["Version"]["Index"], spec)
        except EngineError as error:
            if CONFLICT not in error.happened or not tries_left:
                raise
        else:
            return


def remove_record(engine: Engine, node: NodeFacts) -> None:
    """Remove a record whose host is not there.

    A member of Raft is demoted first, for the engine removes none. A manager's record that is in no Raft (a failed
    join leaves one) cannot be demoted, "can't find manager in raft memberlist", and can be removed.
    """
    if node.reachability:
        update_node_spec(engine, node.id, lambda spec: {**spec, "Role": "worker"})
    engine.remove_node(node.id, force=True)


Edit = Callable[[Json], Json]


class Rotations(TypedDict, total=False):
    """Which secrets the engine makes anew while it takes the spec."""

    rotate_worker_token: bool
    rotate_manager_token: bool
    rotate_unlock_key: bool


def update_cluster_spec(engine: Engine, edit: Edit, **rotations: Unpack[Rotations]) -> None:
    """Write ``edit(spec)`` back, reading again when somebody else's update came first (then nothing was changed).

    ``edit`` gets the whole spec and returns it with what is meant changed: what is left out of a spec the engine sets
    to its defaults. A spec that stays as it is, with nothing to rotate, is not written. Raises EngineError.
    """
    for tries_left in reversed(range(MAX_TRIES)):
        swarm = engine.swarm()
        spec = edit(swarm["Spec"])
        if spec == swarm["Spec"] and not rotations:
            return
        try:
            engine.update_swarm(swarm["Version"]["Index"], spec, **rotations)
        except EngineError as error:
            if CONFLICT not in error.happened or not tries_left:
                raise
        else:
            return


def with_section(spec: Json, section: str, **values: object) -> Json:
    """The spec with ``values`` in one of its sections, whose other values stay."""
    return {**spec, section: {**(spec.get(section) or {}), **values}}


def unchanged(spec: Json) -> Json:
    """The spec as it is, for a rotation alone."""
    return spec
