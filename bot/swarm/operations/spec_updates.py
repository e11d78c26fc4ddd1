"""Write the spec of a node, a service or the cluster with its version; try again on a conflict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypedDict, Unpack

from bot.errors import EngineError, Failed
from bot.model import Engine, Engines, Facts, Json, NodeFacts

# An engine answers a write with an old version with HTTP 500 and this text
# (docs/swarm-behaviour.md#what-docker-py-does-and-engines-answer).
CONFLICT: Final = "update out of sequence"
MAX_TRIES: Final = 4

Edit = Callable[[Json], Json]


class Rotations(TypedDict, total=False):
    """The secrets that the engine replaces when it accepts a spec."""

    rotate_worker_token: bool
    rotate_manager_token: bool
    rotate_unlock_key: bool


def reading_manager(engines: Engines, facts: Facts, true_now: str = "This step changed nothing.") -> Engine:
    """Return the manager that the cluster was read from. Raise Failed with ``true_now`` if none could be read."""
    if facts.swarm is None:
        raise Failed(f"No manager of {facts.name} with a quorum could be read.", true_now=true_now)
    return engines[facts.swarm.read_from]


def record_of(facts: Facts, node_id: str) -> NodeFacts | None:
    """Return the node's record; None if there is none, or if the cluster could not be read."""
    return facts.swarm.node(node_id) if facts.swarm else None


def update_node_spec(engine: Engine, node_id: str, edit: Edit) -> None:
    """Write ``edit(spec)`` to a node's record. Raise EngineError, also if there is no such record."""

    def write() -> None:
        record = next((node for node in engine.nodes() if node["ID"] == node_id), None)
        if record is None:
            raise EngineError(engine.host, 404, f"The cluster has no node `{node_id}`.")
        spec = edit(record["Spec"])
        if spec != record["Spec"]:
            engine.update_node(node_id, record["Version"]["Index"], spec)

    retry_conflicts(write)


def update_cluster_spec(engine: Engine, edit: Edit, **rotations: Unpack[Rotations]) -> None:
    """Write ``edit(spec)`` to the cluster. Raise EngineError.

    ``edit`` gets and returns the whole spec: an engine resets what is missing to its defaults. A spec that ``edit``
    does not change is not written, unless there is something to rotate.
    """

    def write() -> None:
        swarm = engine.swarm()
        spec = edit(swarm["Spec"])
        if spec != swarm["Spec"] or rotations:
            engine.update_swarm(swarm["Version"]["Index"], spec, **rotations)

    retry_conflicts(write)


def update_service_spec(engine: Engine, service_id: str, edit: Edit) -> None:
    """Write ``edit(spec)`` to a service. Raise EngineError, also if there is no such service, or what ``edit`` raises.

    ``edit`` gets and returns the whole spec. After a conflict it gets the newer one, and must decide by that. A spec
    that it does not change is not written: any update overwrites the spec that a rollback returns to.
    """

    def write() -> None:
        service = engine.service(service_id)
        spec = edit(service["Spec"])
        if spec != service["Spec"]:
            engine.update_service(service_id, service["Version"]["Index"], spec)

    retry_conflicts(write)


def remove_record(engine: Engine, node: NodeFacts) -> None:
    """Remove the record of a node whose host is not there.

    An engine does not remove a member of Raft, so it is demoted first. The record of a manager that is not in Raft
    (a failed join leaves one) can be removed but not demoted: "can't find manager in raft memberlist".
    """
    if node.reachability:
        update_node_spec(engine, node.id, lambda spec: {**spec, "Role": "worker"})
    engine.remove_node(node.id, force=True)


def with_section(spec: Json, section: str, **values: object) -> Json:
    """Return the spec with ``values`` in one of its sections; the section's other values stay."""
    return {**spec, section: {**(spec.get(section) or {}), **values}}


def unchanged(spec: Json) -> Json:
    """Return the spec as it is: the edit of a rotation."""
    return spec


def retry_conflicts(write: Callable[[], None]) -> None:
    """Call ``write``, which reads the newest version first, again after each conflict: a conflict changed nothing."""
    for tries_left in reversed(range(MAX_TRIES)):
        try:
            write()
        except EngineError as error:
            if CONFLICT not in error.happened or not tries_left:
                raise
        else:
            return
