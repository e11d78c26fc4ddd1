"""The card of a change: its lines, and the result that it claims."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.blocks import Line, Message
from bot.execution.approval_step import all_skipped
from bot.execution.progress_card import ProgressCard, StepState
from bot.model import Finding, PlanTitles, Step
from bot.swarm.operations import Drain, RotateToken
from tests.kits.progress_cards import DONE, card, join, label, set_all


def texts(shown: ProgressCard) -> list[str]:
    """The lines as people read them."""
    return [f"{line.sign} {line.text}" for line in shown.lines()]


def buttons(message: Message) -> list[str]:
    """The words on the buttons."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]


def written(message: Message) -> str:
    """Everything that a message shows."""
    return json.dumps([*message.blocks, *message.plain], ensure_ascii=False)


def test_lines_of_one_target_stand_together() -> None:
    """Findings and steps of a host follow each other, hosts in the order in which they were named."""
    findings = (
        Finding("done", "b is sound", "b"),
        Finding("warning", "a is old", "a"),
        Finding("failed", "c is down.", "c", "Start it."),
    )
    shown = card(join("a"), join("b"), label("b"), findings=findings)
    assert texts(shown) == [
        "✓ b is sound",
        "· joining `b` to prod as a worker",
        "· setting `zone=a` on `b`",
        "! a is old",
        "· joining `a` to prod as a worker",
        "✗ c is down. Nothing was changed. Start it.",
    ]


def test_each_state_has_its_sign() -> None:
    """A step that did not start is not shown as failed, and a running one not as done."""
    shown = card(*(join(name) for name in "abcde"))
    set_all(shown, "waiting", "running", "done", "failed", "stopped")
    assert [line.sign for line in shown.lines()] == ["·", "▸", "✓", "✗", "·"]


def test_a_step_is_told_apart_from_its_equal() -> None:
    """Two equal steps are two lines: setting one does not set the other."""
    shown = card(join("a"), join("a"))
    shown.set(shown.plan.steps[1], "done", "second")
    assert texts(shown) == ["· joining `a` to prod as a worker", "✓ second"]


def test_what_held_before_comes_first() -> None:
    """What already holds is shown, and counts as done."""
    shown = card(join("b"), unchanged=("`a` is a worker of prod, ready",))
    set_all(shown, "done")
    assert texts(shown)[0] == "✓ `a` is a worker of prod, ready, as before"
    assert "2 workers joined prod" in shown.headline()


def test_while_it_runs() -> None:
    """The requester, the change, its effect, its warnings and a button to cancel it."""
    shown = card(join("a"), warnings=("4 managers survive no more than 3.",))
    message = shown.message()
    assert message.text == "*<@U0ASKER> joins 2 workers to prod* · job `k7f3`"
    assert "3 → 5 nodes" in written(message)
    assert "! 4 managers survive no more than 3." in written(message)
    assert buttons(message) == ["Cancel"]


def test_what_held_only_meanwhile() -> None:
    """It is shown while the job runs and not at the end; warnings are shown at the end too."""
    shown = card(join("a"), meanwhile=("For a while one failure loses quorum.",), warnings=("Add another.",))
    assert "! For a while one failure loses quorum.\\n! Add another." in written(shown.message())
    set_all(shown, "done")
    assert "For a while" not in written(shown.ended())
    assert "! Add another." in written(shown.ended())


def test_all_done() -> None:
    """All done: the number, the effect, the requester, and nothing to retry."""
    shown = card(join("a"), join("b"))
    set_all(shown, "done", "done")
    assert shown.succeeded
    assert shown.headline().startswith("✓ *2 workers joined prod* in ")
    assert shown.headline().endswith(" · 3 → 5 nodes · requested by <@U0ASKER> · `k7f3`")
    assert buttons(shown.ended()) == []


@pytest.mark.parametrize("state", ["waiting", "running", "failed", "stopped"])
def test_some_done(state: StepState) -> None:
    """Some done: a warning; the planned effect is not claimed."""
    shown = card(join("a"), join("b"))
    set_all(shown, "done", state)
    assert not shown.succeeded
    assert shown.headline().startswith("! *1 of 2 workers joined prod* in ")
    assert "3 → 5" not in shown.headline()
    assert buttons(shown.ended()) == ["Retry"]


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        (("done", "done"), "✓ *3 nodes of prod are drained*"),
        (("done", "failed"), "! *2 of 3 nodes of prod are drained*"),
        (("failed", "failed"), "! *1 of 3 nodes of prod are drained*"),
    ],
)
def test_several_nodes(states: tuple[StepState, ...], headline: str) -> None:
    """Each node is a target, also where their steps are on one track; what held before counts as done."""
    titles = PlanTitles(success="{count} nodes of prod are drained", failure="{failed} were not drained in prod")
    steps = [Step(Drain(f"id-{name}", name, "prod"), "one") for name in "ab"]
    shown = card(*steps, titles=titles, unchanged=("`c` is drained and runs no tasks",))
    set_all(shown, *states)
    assert shown.headline().startswith(headline)


def test_a_part_of_what_is_not_counted() -> None:
    """A drill takes a backup on one host and fails on another: the backup alone is no drill."""
    titles = PlanTitles(success="The newest backup of prod passed the drill", failure="The drill of prod failed")
    shown = card(label("a"), label("b"), titles=titles)
    set_all(shown, "done", "failed")
    assert shown.headline().startswith("✗ *The drill of prod failed* after ")
    set_all(shown, "done", "done")
    assert shown.headline().startswith("✓ *The newest backup of prod passed the drill* in ")


def test_none_done() -> None:
    """None done: each is named."""
    shown = card(join("a"), join("b"))
    set_all(shown, "failed", "stopped")
    assert shown.headline().startswith("✗ *`a`, `b` did not join prod* after ")
    assert buttons(shown.ended()) == ["Retry"]


def test_a_target_is_done_when_all_of_it_is() -> None:
    """A host that joined and was not labelled is not counted."""
    shown = card(join("a"), label("a"), join("b"))
    set_all(shown, "done", "failed", "done")
    assert shown.headline().startswith("! *1 of 2 workers joined prod*")


def test_a_skipped_target_is_not_done() -> None:
    """If a host was refused before the first step, the change is no success."""
    shown = card(join("a"), findings=(Finding("failed", "b is down.", "b"),))
    set_all(shown, "done")
    assert not shown.succeeded
    assert shown.headline().startswith("! *1 of 2 workers joined prod*")


def test_all_targets_skipped() -> None:
    """If every host was refused, none is called done."""
    shown = card(findings=(Finding("failed", "b is down.", "b"),))
    assert not shown.succeeded
    assert shown.headline().startswith("✗ *`b` did not join prod*")


def test_skipped_targets_are_told_without_a_card() -> None:
    """If no step is left, each target is named with its fix. A single target has it as the next step."""
    first, second = Finding("failed", "`a` is down.", "a", "Start it."), Finding("failed", "`b` is old.", "b")
    both = all_skipped(card(findings=(first, second)).plan)
    assert (both.happened, both.next_step) == ("`a` is down. Start it.\n`b` is old.", "Fix these, then press Retry.")
    one = all_skipped(card(findings=(first,)).plan)
    assert (one.happened, one.next_step) == ("`a` is down.", "Start it.")


def test_cancelled() -> None:
    """The card names who cancelled it, and says that done steps were not undone."""
    shown = card(join("a"), join("b"))
    set_all(shown, "done", "stopped")
    shown.cancelled_by = "U0BEN"
    message = shown.ended()
    assert "Cancelled by <@U0BEN>. Steps that are done were not undone." in written(message)
    assert "shows what is left" in written(message)
    assert buttons(message) == ["Retry"]
    shown.next_told = True
    assert "shows what is left" not in written(shown.ended())
    assert buttons(shown.ended()) == []


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        (("failed", "stopped"), "· *Cancelled: join 2 workers to prod* after "),
        (("done", "stopped"), "· *Cancelled: 1 of 2 workers joined prod* after "),
        (("done", "done"), "✓ *2 workers joined prod* in "),
    ],
)
def test_the_headline_of_a_cancelled_job(states: tuple[StepState, ...], headline: str) -> None:
    """It says cancelled, not failed. If every step was done, it is a success."""
    shown = card(join("a"), join("b"))
    set_all(shown, *states)
    shown.cancelled_by = "U0BEN"
    assert shown.ended().text.startswith(headline)


@pytest.mark.parametrize(("state", "label"), [("done", "/swarm rebalance a"), ("failed", "Retry")])
def test_what_a_finished_change_offers(state: StepState, label: str) -> None:
    """A button prepares it, with nothing but the job's id; a change that failed is offered again."""
    shown = card(join("a"))
    shown.plan = replace(shown.plan, offer="rebalance a")
    shown.set(shown.plan.steps[0], state, "joined")
    [button] = shown.ended().blocks[-1]["elements"]
    assert (button["text"]["text"], button["value"]) == (label, shown.job.id)


def test_a_step_without_a_host() -> None:
    """A step without a host counts under its track."""
    step = Step(RotateToken("worker", "prod", "aa"), "token")
    titles = PlanTitles(success="The token is a new one", failure="the token was not rotated")
    shown = card(step, titles=titles)
    shown.set(step, "done", "new")
    assert shown.result() == "The token is a new one"
    shown.set(step, "failed", "old")
    assert shown.result() == "the token was not rotated"


def test_the_stored_lines_are_those_shown() -> None:
    """`/swarm job` shows the lines of the card."""
    shown = card(join("a"), findings=(Finding("warning", "a is old", "a"),))
    shown.set(shown.plan.steps[0], "running", "joining")
    stored = replace(shown.job, progress=shown.to_json())
    assert [*stored.lines] == shown.lines()
    assert replace(shown.job, progress='[["✓", "of an older version"]]').lines == (Line("✓", "of an older version"),)


def test_a_long_card_names_the_command_that_shows_all() -> None:
    """While it runs, and at its end."""
    shown = card(*(join(f"host-{number}") for number in range(12)))
    assert "and 4 more waiting: `/swarm job k7f3` shows all" in written(shown.message())
    set_all(shown, *DONE * 12)
    assert "and 4 more done: `/swarm job k7f3` shows all" in written(shown.ended())
