"""What containers on all nodes saw of each other over a temporary overlay network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mesh:
    """A trial of the overlay. Names are those of nodes, as in swarmbot.yml.

    ``addresses`` are the nodes' own, of those that had a container. ``reached`` has for each container that answered
    those that it reached. ``knows`` has for each engine the addresses that it knows by gossip. ``missing`` says why
    others could not take part, ``left`` what could not be removed.
    """

    name: str
    addresses: Mapping[str, str]
    reached: Mapping[str, frozenset[str]]
    knows: Mapping[str, frozenset[str]]
    missing: Mapping[str, str]
    left: tuple[str, ...] = ()


class OverlayTrial(Protocol):
    """One engine's part in a trial: all that is made has the trial's name, and a label by which it is found again."""

    def make_network(self) -> None:
        """Make the overlay network; on a manager."""
        ...

    def remove_network(self) -> None:
        """Remove it, once no engine uses it any more; nothing if it is not there."""
        ...

    def forget(self) -> None:
        """Wait until the removed network is not seen on this engine any more."""
        ...

    def start(self) -> str:
        """Start a container on the network and return its address there. It ends by itself after some minutes."""
        ...

    def tell(self, addresses: Sequence[str]) -> None:
        """Let the container try other containers' addresses."""
        ...

    def reached(self) -> frozenset[str] | None:
        """The addresses that it reached; None as long as it tries."""
        ...

    def peers(self) -> frozenset[str]:
        """The nodes of the network that this engine knows by gossip, by their own addresses."""
        ...

    def remove(self) -> None:
        """Remove the container and its image; nothing if they are not there."""
        ...
