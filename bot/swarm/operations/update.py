"""Change settings of the cluster, as ``docker swarm update`` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, Json, Operation
from bot.swarm.operations.spec_updates import reading_manager, update_cluster_spec, with_section
from bot.swarm.reading.cluster_settings import SETTINGS, Setting
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class Update(Operation):
    """Give each setting that is not None this value in the cluster's spec. Durations are in seconds."""

    kind: ClassVar[str] = "update"

    cluster: str
    task_history_limit: int | None = None
    cert_expiry: float | None = None
    dispatcher_heartbeat: float | None = None
    autolock: bool | None = None
    max_snapshots: int | None = None
    snapshot_interval: int | None = None

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"setting {self._shown} in {self.cluster}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{self.cluster} has {self._shown}"

    @property
    def wanted(self) -> Iterator[tuple[Setting, Any]]:
        """Return the settings to change, with their values as the engine takes them."""
        for setting in SETTINGS:
            if (value := getattr(self, setting.name)) is not None:
                yield setting, setting.as_engine(value)

    def unmet(self, spec: Mapping[str, Any]) -> Update:
        """Return the update without the settings that ``spec`` already has."""
        met: dict[str, Any] = {setting.name: None for setting, value in self.wanted if setting.value_in(spec) == value}
        return replace(self, **met)

    def effect(self, spec: Mapping[str, Any]) -> str:
        """Return what changes in ``spec``, in words: "task history limit 5 → 3"."""
        changes = (f"{s.words} {s.shown(s.value_in(spec))} → {s.shown(value)}" for s, value in self.unmet(spec).wanted)
        return ", ".join(changes)

    @property
    def _shown(self) -> str:
        return listed(f"{setting.words} {setting.shown(value)}" for setting, value in self.wanted)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the spec has each value."""
        swarm = facts.swarm
        return swarm is not None and all(setting.value_in(swarm.spec) == value for setting, value in self.wanted)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change only these values in the cluster's spec."""
        update_cluster_spec(reading_manager(engines, facts), self._edited)

    def _edited(self, spec: Json) -> Json:
        for setting, value in self.wanted:
            spec = with_section(spec, setting.section, **{setting.key: value})
        return spec

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the present values."""
        del engines
        if facts.swarm is None:
            state = f"{self.cluster} cannot be read: its settings are unknown."
        else:
            values = (f"{s.words} {s.shown(s.value_in(facts.swarm.spec))}" for s, _ in self.wanted)
            state = f"{self.cluster} has {listed(values)}."
        return Failed(error.happened, true_now=state, next_step=error.next_step)
