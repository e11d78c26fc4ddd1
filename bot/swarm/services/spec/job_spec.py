"""The spec of a new job, and whether a service has it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.model import ServiceFacts
from bot.swarm.services.spec.spec_changes import FieldChange, spec_changes
from bot.swarm.services.spec.spec_edit import unforced


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a new job is made from. It holds no secrets: orders are stored."""

    image: str
    env: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    """The words that replace the command of the image, as after ``docker run IMAGE``."""
    replicas: int = 1
    """How many tasks must complete."""
    concurrent: int = 1
    """How many of them may run at once."""

    def spec(self, name: str) -> dict[str, Any]:
        """Return the spec. A task that fails is not started again: a job may change data."""
        container: dict[str, Any] = {"Image": self.image}
        if self.env:
            container["Env"] = [f"{key}={value}" for key, value in self.env]
        if self.command:
            container["Args"] = [*self.command]
        return {
            "Name": name,
            "Labels": {},
            "TaskTemplate": {"ContainerSpec": container, "RestartPolicy": {"Condition": "none"}},
            "Mode": {"ReplicatedJob": {"MaxConcurrent": self.concurrent, "TotalCompletions": self.replicas}},
        }

    def differences(self, service: ServiceFacts) -> tuple[FieldChange, ...]:
        """Return how a service differs from the job, except for how often it was run."""
        return spec_changes(unforced(service.spec), self.spec(service.name))
