"""What services use: networks, secrets and configs of a cluster, volumes of a host. Names, never contents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.model.service import STACK_LABEL

NO_LABELS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """A network of the cluster (``GET /networks``)."""

    id: str
    name: str
    driver: str
    subnets: tuple[str, ...] = ()
    attachable: bool = False
    """Whether containers outside of services may join it."""
    internal: bool = False
    """Whether it has no way out."""
    ingress: bool = False
    """Whether it is the network of published ports."""
    encrypted: bool = False
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    created: float = 0.0
    """Unix seconds."""

    @property
    def stack(self) -> str:
        """The stack that it is part of; "" if there is none."""
        return self.labels.get(STACK_LABEL, "")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A secret or a config (``GET /secrets``, ``/configs``), without its content."""

    id: str
    name: str
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    created: float = 0.0
    """Unix seconds."""
    updated: float = 0.0
    """Unix seconds of the last change of its labels: its content never changes."""

    @property
    def stack(self) -> str:
        """The stack that it is part of; "" if there is none."""
        return self.labels.get(STACK_LABEL, "")


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    """A volume on one host (``GET /volumes``)."""

    name: str
    driver: str
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    created: float = 0.0
    """Unix seconds; 0 if the driver does not say."""

    @property
    def stack(self) -> str:
        """The stack that it was made for; "" if there is none."""
        return self.labels.get(STACK_LABEL, "")
