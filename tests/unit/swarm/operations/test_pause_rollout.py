"""A rollout is paused between two tasks; of one that ended meanwhile nothing stays paused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.errors import Failed
from bot.model import Engines, Facts
from bot.swarm.operations.pause_rollout import PauseRollout
from bot.swarm.operations.services import ResumeUpdate, RollBackService
from bot.swarm.services.rollout.paused_rollout import is_paused, paused, unpaused
from bot.swarm.services.spec.spec_changes import spec_fingerprint
from bot.swarm.services.spec.spec_edit import SpecEdit
from handlers.change_service import UpdateServiceArguments, update_service
from handlers.rollback import ResumeArguments, RollbackArguments, resume, rollback
from tests.kits.commands import plan_of
from tests.unit.swarm.operations.test_services import applied, change, engines_of, seen

NEW = {"service": "web", "node": "id-host-2", "state": "running", "slot": 1, "minutes": 1}
OLD = {**NEW, "slot": 2, "minutes": 30, "image": "nginx:1.24"}
HELD = {**NEW, "node": "", "state": "pending", "slot": 2, "minutes": 0.1, "held": True}
UPDATING = {"state": "updating", "minutes": 2}
PAUSE = PauseRollout("id-web", "web", "prod")


def rolling(*tasks: dict[str, Any], **service: Any) -> Facts:
    """Return facts in the middle of a rollout with these tasks."""
    return seen(update=UPDATING, tasks=[*tasks], **service)


def test_it_is_paused_when_docker_waits_for_a_task_that_no_node_takes() -> None:
    """The spec alone does not show it. The tasks that are new and old are counted without the one that waits."""
    assert not PAUSE.satisfied(rolling(NEW, OLD))
    assert not PAUSE.satisfied(rolling(NEW, OLD, paused=True))
    facts = rolling(NEW, OLD, HELD, paused=True)
    assert PAUSE.satisfied(facts)
    assert PAUSE.seen(facts) == "the rollout of `web` is paused: 1 of 2 running tasks is new"


@pytest.mark.parametrize(
    "facts",
    [
        rolling(NEW, {**OLD, "image": ""}),
        seen(update={"state": "paused"}, tasks=[NEW, OLD]),
        seen(tasks=[]),
    ],
    ids=["nothing is left", "Docker has paused it", "no tasks"],
)
def test_there_is_nothing_to_pause(facts: Facts) -> None:
    """So a cancelled job whose rollout has ended leaves the service as it is."""
    assert PAUSE.satisfied(facts)
    assert PAUSE.seen(facts) == "no rollout of `web` is in progress"


def test_a_rollout_that_ended_before_is_not_left_paused() -> None:
    """The pause is taken back, and the spec is the one before it."""
    facts = rolling(NEW, {**NEW, "slot": 2}, HELD, paused=True)
    engines = engines_of(facts)
    assert PAUSE.failed(facts) == "The rollout of `web` ended before it was paused."
    error = PAUSE.settle(cast("Engines", engines), facts, Failed(PAUSE.failed(facts)))
    assert error.true_now == "`web`: 2 of 2 running tasks are new. Nothing is paused."
    assert not is_paused(engines.record["Spec"])
    assert not PAUSE.failed(rolling(NEW, {**NEW, "slot": 2}, paused=True, minutes=0)), "it may not be seen yet"


def test_a_move_is_not_overwritten() -> None:
    """A drain that moves tasks keeps in the same label what it takes back."""
    facts = rolling(NEW, OLD, spec={"Labels": {"swarmbot.temporary": "taken back"}})
    with pytest.raises(Failed, match="temporary change of a drain"):
        applied(PAUSE, engines_of(facts), facts)


def test_resume_puts_the_spec_back() -> None:
    """In one write. A second one, by a worker that takes the job over, writes nothing."""
    before = rolling(NEW, OLD)
    engines = engines_of(before)
    spec = engines.record["Spec"]
    applied(PAUSE, engines, before)
    assert is_paused(engines.record["Spec"])
    facts = rolling(NEW, OLD, HELD, paused=True)
    [step] = plan_of(resume, facts, ResumeArguments("web")).steps
    assert isinstance(step.operation, ResumeUpdate)
    assert not step.operation.has_spec(facts.swarm.services[0])  # type: ignore[union-attr] # there is one
    for _ in range(2):
        applied(step.operation, engines, facts)
    assert engines.record["Spec"] == spec
    assert engines.written == ["update", "update"]


def test_an_update_ends_the_pause() -> None:
    """Its plan shows only what it changes itself, and the spec that is written has nothing of the pause."""
    facts = rolling(NEW, OLD, HELD, paused=True)
    engines = engines_of(facts)
    operation = change(facts, image="nginx:1.27")
    assert [each.field for each in operation.changes] == ["image"]
    applied(operation, engines, facts)
    assert not is_paused(engines.record["Spec"])
    assert engines.record["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == "nginx:1.27"
    again = engines_of(facts)
    again.between = lambda: again.edit(SpecEdit(image="nginx:1.26").edited)
    with pytest.raises(Failed, match="was changed by somebody else after this was planned: image"):
        applied(operation, again, facts)


def test_back_from_a_paused_restart() -> None:
    """The good spec differs only in the number of the restart, and that goes back."""
    good = {"TaskTemplate": {"ForceUpdate": 1}}
    facts = rolling(NEW, OLD, HELD, paused=True, spec={"TaskTemplate": {"ForceUpdate": 2}}, good_specs={"web": good})
    [step] = plan_of(rollback, facts, RollbackArguments("web", last_good=True)).steps
    assert isinstance(step.operation, RollBackService)
    engines = engines_of(facts)
    applied(step.operation, engines, facts)
    assert engines.record["Spec"]["TaskTemplate"]["ForceUpdate"] == 1
    assert not is_paused(engines.record["Spec"])


def test_a_cancelled_update_tells_how_far_it_is() -> None:
    """With the commands that continue and undo it, if there is an earlier spec; one that had not begun says no more."""
    good = {"web": {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.24"}}}}
    facts = rolling(NEW, OLD, HELD, paused=True, good_specs=good)
    operation = change(rolling(NEW, OLD), env=(("A", "1"),))
    assert operation.on_cancel == PAUSE
    told = operation.cancelled(facts)
    assert told.happened == "Cancelled: the rollout was paused, 1 of 2 running tasks is new."
    goes_on = "`/swarm resume web` goes on."
    back = "`/swarm rollback web --last-good` returns to the last spec whose tasks ran."
    assert told.next_step == f"{goes_on} {back}"
    assert operation.cancelled(rolling(NEW, OLD, HELD, paused=True)).next_step == goes_on
    assert "The engines go on" not in operation.cancelled(rolling(NEW, OLD)).happened
    state = operation.settle(cast("Engines", engines_of(facts)), facts, told).true_now
    assert state == "Until it goes on, Docker starts no task of it, not even in place of one that fails."


def test_after_a_resumed_rollout_that_fails_docker_has_no_way_back() -> None:
    """Its only other spec is the paused one, to which no rollback is possible."""
    [step] = plan_of(resume, rolling(NEW, OLD, HELD, paused=True), ResumeArguments("web")).steps
    described = rolling(NEW, OLD, previous={"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.24"}}})
    assert described.swarm is not None
    service = described.swarm.services[0]
    assert service.previous_spec is not None
    before = replace(service, previous_spec=paused(service.previous_spec))
    facts = replace(described, swarm=replace(described.swarm, services=(before,)))
    told = step.operation.settle(cast("Engines", None), facts, Failed("It failed."))
    assert told.next_step == "`/swarm why web` says more."


def test_an_automatic_rollback_returns_to_the_pause() -> None:
    """Docker's only other spec is the paused one: a resumed update whose tasks fail stops there, and says so."""
    held = rolling(NEW, OLD, HELD, paused=True)
    [step] = plan_of(resume, held, ResumeArguments("web")).steps
    back = seen(update={"state": "rollback_started", "minutes": 0}, tasks=[NEW, OLD, HELD], paused=True)
    assert step.operation.failed(back).startswith("Docker stopped the update because tasks failed")
    assert held.swarm is not None
    assert step.operation.spec == spec_fingerprint(unpaused(held.swarm.services[0].spec))  # type: ignore[attr-defined]


def test_the_same_update_again_does_not_end_the_pause() -> None:
    """It would only continue: that is what `resume` is for."""
    with pytest.raises(Exception, match="the rollout of `web` is paused by Swarmbot"):
        plan_of(update_service, rolling(NEW, OLD, HELD, paused=True), UpdateServiceArguments("web", image="nginx:1.25"))
