"""Settings of the cluster: what ``docker swarm update`` changes, and nothing beside it."""

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
    """Each setting that is not None has this value in the cluster's spec. Durations are in seconds."""

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
        """The step in words."""
        return f"setting {self.cluster}'s {self._shown}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"{self.cluster} has {self._shown}"

    @property
    def wanted(self) -> Iterator[tuple[Setting, Any]]:
        """The settings that it is about, with their values as the engine takes them."""
        for setting in SETTINGS:
            if (value := getattr(self, setting.name)) is not None:
                yield setting, setting.as_engine(value)

    def unmet(self, spec: Mapping[str, Any]) -> Update:
        """What of it does not stand in ``spec`` yet."""
        met: dict[str, Any] = {setting.name: None for setting, value in self.wanted if setting.value_in(spec) == value}
        return replace(self, **met)

    def effect(self, spec: Mapping[str, Any]) -> str:
        """What it changes in ``spec``, in words: "task history limit 5 → 3"."""
        changes = (f"{s.words} {s.shown(s.value_in(spec))} → {s.shown(value)}" for s, value in self.unmet(spec).wanted)
        return ", ".join(changes)

    @property
    def _shown(self) -> str:
        return listed(f"{setting.words} {setting.shown(value)}" for setting, value in self.wanted)

    def satisfied(self, facts: Facts) -> bool:
        """Each value stands in the spec."""
        swarm = facts.swarm
        return swarm is not None and all(setting.value_in(swarm.spec) == value for setting, value in self.wanted)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change these values in the whole spec: an engine resets what it is not given."""
        update_cluster_spec(reading_manager(engines, facts), self._edited)

    def _edited(self, spec: Json) -> Json:
        for setting, value in self.wanted:
            spec = with_section(spec, setting.section, **{setting.key: value})
        return spec

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell the values that stand."""
        del engines
        if facts.swarm is None:
            truth = f"{self.cluster} cannot be read, so its settings are not known."
        else:
            values = (f"{s.words} {s.shown(s.value_in(facts.swarm.spec))}" for s, _ in self.wanted)
            truth = f"{self.cluster} has {listed(values)}."
        return Failed(error.happened, true_now=truth, next_step=error.next_step)
