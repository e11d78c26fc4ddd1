"""The gate over a real Redis, with people who are named by id: no request goes to Slack."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from bot.blocks import Message
from bot.errors import NotUnderstood
from bot.gate import Gate
from bot.model import Plan, PlanTitles
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, SlashRequest
from bot.store import keys
from bot.stored_json import to_json
from tests.kits.jobs import taken


def command(text: str) -> SlashRequest:
    """Return a command that the administrator typed in the cluster's channel."""
    return SlashRequest(text, "U0ADA", "C0PROD", "https://hooks.slack.com/commands/1", f"command:{text}", "1.2")


@pytest.mark.parametrize(
    "words",
    [
        "label host-2 proxy=http://user:pass@proxy:1",
        "label host-2 token=SWMTKN-1-abc-def",
        "label host-2 slack=xoxb-123-abc",
        "label host-2 SWMTKN-1-abc-def=worker",
    ],
)
def test_a_change_that_storage_would_mask_is_refused(gate: Gate, client: Redis, words: str) -> None:
    """The value would reach the engine as `***`; the refusal does not repeat it, and nothing is stored."""
    with pytest.raises(NotUnderstood, match="looks like a secret") as refused:
        gate.slash(command(words))
    assert not any(secret in str(refused.value) for secret in ("pass@", "abc"))
    assert not [*client.scan_iter("*job:*")]


def test_a_question_with_a_secret_is_answered(gate: Gate) -> None:
    """A question changes nothing: its words are masked, and it is asked."""
    assert gate.slash(command("node SWMTKN-1-abc-def")) is not None


def test_an_order_says_which_jobs_it_waits_for(gate: Gate, queue: Queue, client: Redis) -> None:
    """Whether it may need approval (`leave`) or not (`label`), it stands behind those that were typed before it."""
    client.zadd(keys.WORKERS, {"one": 10**15})
    told = [gate.slash(command(words)) for words in ("leave host-2", "remove host-2", "label host-1 zone=a")]
    leave, remove, label = reversed(queue.recent("prod", 9))
    assert [job.id for job in queue.in_line("prod")] == [leave.id, remove.id, label.id]
    texts = [message.text if isinstance(message, Message) else "" for message in told]
    assert "is planned when" not in texts[0]
    assert f"It is planned when job `{leave.id}` (`/swarm leave host-2`) has ended or waits for approval." in texts[1]
    both = f"jobs `{leave.id}` (`/swarm leave host-2`) and `{remove.id}` (`/swarm remove host-2`)"
    assert f"It is planned when {both} have ended or wait for approval." in texts[2]


def test_questions_and_plans_do_not_wait(gate: Gate, queue: Queue) -> None:
    """Nor does `cancel`: it ends a job that waits at once."""
    gate.slash(command("leave host-2"))
    for words in ("status", "remove host-2 --plan", "remove host-2"):
        gate.slash(command(words))
    assert len(queue.in_line("prod")) == 2
    for words in ("status", "remove host-2 --plan"):
        lease = queue.take("one", "concurrent", block_ms=0)
        assert lease
        assert lease.job.order.words == words
    [_, waiting] = queue.in_line("prod")
    told = gate.slash(command(f"cancel {waiting.id}"))
    assert isinstance(told, Message)
    assert told.text == f"Job `{waiting.id}` was cancelled. Nothing was changed."


def test_a_plan_is_shown_again_as_a_plan(gate: Gate, queue: Queue) -> None:
    """Its words say what it is; Retry, when it could not be shown, changes nothing either."""
    gate.slash(command("remove --plan host-2"))
    [shown] = queue.recent("prod", 9)
    assert shown.order.words == "remove host-2 --plan"
    lease = queue.take("one", "concurrent", block_ms=0)
    assert lease
    queue.finish(lease, "failed", "")
    gate.press(
        PressRequest("job.retry", shown.id, "U0ADA", "C0PROD", "https://hooks.slack.com/1", "again", "1.3", "1.4")
    )
    again = queue.recent("prod", 9)[0]
    assert again.id != shown.id
    assert again.order.only_plan
    assert again.order.words == shown.order.words


def test_a_plan_that_was_shown_is_run_by_its_button(gate: Gate, queue: Queue) -> None:
    """The same order without `--plan`, in the line of changes, by the person who presses it."""
    gate.slash(command("drain host-2 --plan"))
    lease = queue.take("one", "concurrent", block_ms=0)
    assert lease
    queue.finish(lease, "succeeded", "")
    gate.press(PressRequest("plan.run", lease.job.id, "U0ADA", "C0PROD", "https://hooks.slack.com/1", "run", "1", "1"))
    [run] = queue.in_line("prod")
    assert (run.order.words, run.order.only_plan) == ("drain host-2", False)


def test_what_a_change_offers_is_prepared_by_its_button(gate: Gate, queue: Queue) -> None:
    """The button has the job's id; the order comes from the stored plan, and shows what it would do now."""
    gate.slash(command("activate host-2"))
    lease = taken(queue)
    queue.record(lease, {"plan": to_json(Plan(PlanTitles(), offer="rebalance host-2"))})
    queue.finish(lease, "succeeded", "")
    press = PressRequest("job.offer", lease.job.id, "U0ADA", "C0PROD", "https://hooks.slack.com/1", "offer", "1", "1")
    gate.press(press)
    shown = queue.recent("prod", 9)[0]
    assert (shown.order.words, shown.order.only_plan) == ("rebalance host-2 --plan", True)
    with pytest.raises(NotUnderstood, match="has been deleted"):
        gate.press(replace(press, value="nnnn", request_key="other"))
