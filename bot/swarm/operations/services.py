"""Change services, roll them back, resume updates. Each is done when tasks of the wanted spec are seen to run.

Docker's ``UpdateStatus`` alone is wrong (bot.swarm.services.rollout). Specs may hold secrets in their environment, so
operations keep only what was asked for and fingerprints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from bot.blocks import tick
from bot.model import Engines, Facts, Json, Operation, ServiceFacts
from bot.swarm.operations.rolled_out import RolledOut
from bot.swarm.operations.spec_updates import reading_manager, retry_conflicts, update_service_spec
from bot.swarm.reading.parse_services import seconds
from bot.swarm.services.rollout.paused_rollout import is_paused, unpaused
from bot.swarm.services.spec.spec_changes import spec_changes, spec_fingerprint
from bot.swarm.services.spec.spec_edit import SpecEdit, unforced

Verb = Literal["update", "scale", "restart"]
DOING: Final[Mapping[Verb, str]] = {"update": "updating", "scale": "scaling", "restart": "restarting all tasks of"}
PARTICIPLES: Final[Mapping[Verb, str]] = {"update": "updated", "scale": "scaled", "restart": "restarted"}


@dataclass(frozen=True, slots=True)
class ChangeService(RolledOut, Operation):
    """Change fields of a service's spec, for example its image, its environment or its number of replicas."""

    kind: ClassVar[str] = "change-service"

    edit: SpecEdit
    verb: Verb = "update"

    @property
    def doing(self) -> str:
        """Return the step in words."""
        if not self.changes:
            return f"waiting for the tasks of {tick(self.service)}"
        return f"{DOING[self.verb]} {tick(self.service)}{self._told}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{tick(self.service)} is {PARTICIPLES[self.verb]}{self._told}"

    @property
    def _told(self) -> str:
        if self.verb == "restart" or not self.changes:
            return ""
        return f" ({', '.join(change.shown for change in self.changes)})"

    def has_spec(self, service: ServiceFacts) -> bool:
        """Return whether the edit would change nothing, and its rollout is not paused."""
        return not is_paused(service.spec) and not spec_changes(service.spec, self.edit.edited(service.spec))

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Write the edited spec, without a pause, if what it changes is as it was when it was planned."""
        update_service_spec(reading_manager(engines, facts), self.id, self._edited)

    def _edited(self, spec: Json) -> Json:
        present = unpaused(spec)
        wanted = self.edit.edited(present)
        left = spec_changes(present, wanted)
        if not left:
            return spec
        if not set(left) <= set(self.changes):
            raise self.moved(left)
        return wanted


@dataclass(frozen=True, slots=True)
class RollBackService(RolledOut, Operation):
    """Return to the spec before the last update, as ``docker service rollback``, or to the one that Swarmbot kept.

    A second rollback of Docker's undoes the first one.
    """

    kind: ClassVar[str] = "roll-back-service"
    rolls_back: ClassVar[bool] = True

    target: str
    """The fingerprint of the spec to return to."""
    kept: bool = False
    """Whether that is the last good spec, which Swarmbot kept."""

    @property
    def changed_service(self) -> str:
        """Return the service's id; "" for the last good spec, which the present spec must not replace."""
        return "" if self.kept else self.id

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"rolling back {tick(self.service)} ({', '.join(change.shown for change in self.changes)})"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        which = "its last good spec" if self.kept else "the spec that it had before the last update"
        return f"{tick(self.service)} has {which}"

    def has_spec(self, service: ServiceFacts) -> bool:
        """Return whether the service has the earlier spec."""
        return spec_fingerprint(service.spec) == self.target

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Roll back, if both specs are as they were when it was planned."""
        engine = reading_manager(engines, facts)

        def write() -> None:
            raw = engine.service(self.id)
            version, present = raw["Version"]["Index"], raw["Spec"]
            target = good_target(facts, self.id, present) if self.kept else raw.get("PreviousSpec")
            if spec_fingerprint(present) == self.target:
                return
            if target is None or (spec_fingerprint(present), spec_fingerprint(target)) != (self.spec, self.target):
                raise self.moved()
            if self.kept:
                engine.update_service(self.id, version, target)
            else:
                engine.roll_back_service(self.id, version, present)

        retry_conflicts(write)


@dataclass(frozen=True, slots=True)
class ResumeUpdate(RolledOut, Operation):
    """Continue an update that Docker or Swarmbot paused, by sending its spec again.

    ``spec`` is the fingerprint without what Swarmbot's pause changed.
    """

    kind: ClassVar[str] = "resume-update"

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"resuming the update of {tick(self.service)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"all tasks of {tick(self.service)} have its present spec"

    def has_spec(self, service: ServiceFacts) -> bool:
        """Return whether the spec is the one whose update was paused."""
        return spec_fingerprint(service.spec) == self.spec

    def failed(self, facts: Facts) -> str:
        """Return the failure as for an update; a paused update is no failure before it was resumed."""
        service = facts.service(self.id)
        paused = service is not None and service.update is not None and service.update.started == self.last_update
        return "" if paused else super(ResumeUpdate, self).failed(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Send the spec again without Swarmbot's pause, if the same update is still paused."""
        engine = reading_manager(engines, facts)

        def write() -> None:
            raw = engine.service(self.id)
            status = raw.get("UpdateStatus") or {}
            wanted = unpaused(raw["Spec"])
            if spec_fingerprint(wanted) != self.spec:
                raise self.moved()
            same = seconds(status.get("StartedAt")) == self.last_update
            if is_paused(raw["Spec"]) or (status.get("State") == "paused" and same):
                engine.update_service(self.id, raw["Version"]["Index"], wanted)

        retry_conflicts(write)


def good_target(facts: Facts, service_id: str, present: Mapping[str, Any]) -> Json | None:
    """Return the last good spec of a service, with the present number of forced restarts; None if none was kept.

    Another number would restart all tasks even with the same spec. So the kept number is used only if a restart was
    paused: it undoes that restart.
    """
    good = facts.good_specs.get(service_id)
    if good is None:
        return None
    rolled_out = unpaused(present)
    forced = (rolled_out.get("TaskTemplate") or {}).get("ForceUpdate")
    target = unforced(good.spec)
    if forced is not None:
        target["TaskTemplate"]["ForceUpdate"] = forced
    return dict(good.spec) if is_paused(present) and not spec_changes(rolled_out, target) else target
