"""Writing the cluster's own spec: read whole, changed where it is meant, written back with its version."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict, Unpack

from bot.errors import EngineError
from bot.model import Engine, Json
from bot.swarm.operations.records import CONFLICT, TRIES

Edit = Callable[[Json], Json]


class Rotations(TypedDict, total=False):
    """Which secrets the engine makes anew while it takes the spec."""

    rotate_worker_token: bool
    rotate_manager_token: bool
    rotate_unlock_key: bool


def update_spec(engine: Engine, edit: Edit, **rotations: Unpack[Rotations]) -> None:
    """Write ``edit(spec)`` back, reading again when somebody else's update came first (then nothing was changed).

    ``edit`` gets the whole spec and returns it with what is meant changed: what is left out of a spec the engine sets
    to its defaults. A spec that stays as it is, with nothing to rotate, is not written. Raises EngineError.
    """
    for tries_left in reversed(range(TRIES)):
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
