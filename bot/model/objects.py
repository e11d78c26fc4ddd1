"""What services use: networks, secrets and configs of a cluster, volumes of a host. Names, never contents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.model.service import STACK_LABEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """What a network, a secret, a config and a volume have in common."""

    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    created: float = 0.0
    """Unix seconds; 0 if the engine or the volume's driver does not say."""

    @property
    def stack(self) -> str:
        """The stack that it is part of; "" if there is none."""
        return self.labels.get(STACK_LABEL, "")


@dataclass(frozen=True, slots=True)
class NetworkFacts(Labelled):
    """A network of the cluster (``GET /networks``)."""

    id: str
    name: str
    driver: str
    subnets: tuple[str, ...] = ()
    attachable: bool = False
    """Whether containers outside of services may join it."""
    internal: bool = False
    """Whether it has no route to the outside."""
    ingress: bool = False
    """Whether it is the network of published ports."""
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class StoredObject(Labelled):
    """A secret or a config (``GET /secrets``, ``/configs``), without its content."""

    id: str
    name: str
    updated: float = 0.0
    """Unix seconds of the last change of its labels: its content never changes."""


@dataclass(frozen=True, slots=True)
class VolumeFacts(Labelled):
    """A volume on one host (``GET /volumes``)."""

    name: str
    driver: str
