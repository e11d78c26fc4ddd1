"""The services of a stack that a deploy does not change, and that do not run as they should. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.blocks import tick
from bot.errors import Failed
from bot.model import Facts, StackRecording, StackWrite
from bot.swarm.services.rollout.rollout import Rollout, rollout
from bot.swarm.stacks.writes import changes_nothing
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class NotRunning:
    """A service with the spec that the compose file describes, and without all its tasks."""

    write: StackWrite
    rollout: Rollout
    is_updating: bool
    """Whether Docker is still updating it, and no task of the new spec has failed."""

    @property
    def text(self) -> str:
        """What is seen of it: "`app_web` is not fully running (0 of 1 task running)"."""
        what = "is still being updated" if self.is_updating else "is not fully running"
        return f"{tick(self.write.name)} {what} ({self.rollout.progress})"


def not_running(facts: Facts, recording: StackRecording) -> tuple[NotRunning, ...]:
    """Return these services. Jobs are omitted: their tasks end."""
    return tuple(_found(facts, recording))


def require_running(recording: StackRecording, found: tuple[NotRunning, ...]) -> None:
    """Raise Failed if a deploy that would change nothing finds services that do not run."""
    if broken := [each for each in found if not each.is_updating]:
        raise Failed(
            f"Stack {tick(recording.name)} is as {recording.source} describes it, but "
            f"{listed(each.text for each in broken)}.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm why {broken[0].write.name}` says why.",
        )


def _found(facts: Facts, recording: StackRecording) -> Iterator[NotRunning]:
    swarm = facts.swarm
    for write in recording.writes:
        service = swarm.service(write.id) if swarm and write.type == "service" else None
        if swarm is None or service is None or service.is_job or not changes_nothing(recording, write):
            continue
        found = rollout(swarm, service, facts.cluster_time)
        if not found.stable and (found.running < found.wanted or found.verdict or found.last_failure):
            updating = service.update is not None and service.update.state == "updating"
            yield NotRunning(write, found, updating and not found.verdict and not found.last_failure)
