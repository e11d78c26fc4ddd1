"""Whether an image can be found: on a node that accepts tasks, or in its registry as an engine sees it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import EngineError, HostUnreachable
from bot.model import ClusterFacts, Engines, HostFacts
from bot.text.image_names import is_named


def read_image_trouble(engines: Engines, hosts: Mapping[str, HostFacts], swarm: ClusterFacts, image: str) -> str:
    """Return why the registry did not confirm an image that no active node was seen to have; "" if it did.

    The registry is asked without a login, and only if no node has the image. The hosts' images must have been read.
    """
    active = {node.host for node in swarm.nodes if node.accepts_tasks}
    stored = (each for name in active & hosts.keys() for each in hosts[name].images or ())
    if any(is_named(each.id, each.names, (image,)) for each in stored):
        return ""
    try:
        engines[swarm.read_from].check_registry(image)
    except (EngineError, HostUnreachable) as error:
        return error.happened
    return ""
