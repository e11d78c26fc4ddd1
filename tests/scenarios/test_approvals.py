"""Changes that need approvals: who may approve, and how often an approval counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.audit import Filter
from sandbox.slack import CannotDo
from tests.kits.approval_scenario import ApprovalScenario

PRESSED_AGAIN = "You have approved"
"""The answer to a person whose approval counted already."""


def test_a_change_needs_another_administrators_approval(approvals: ApprovalScenario) -> None:
    """The requester and people without permission cannot approve; an administrator's approval starts the job."""
    job = approvals.asks("cleo", 'promote host-2 --reason "host-1 is retiring"')
    card = approvals.card(job).shown
    for words in (
        "asks to promote `host-2` in prod",
        "host-1 is retiring",
        "managers 1 → 2",
        "Needs 1 approval from @admins",
    ):
        assert words in card
    assert "you cannot approve or deny your own request" in approvals.press("cleo", job, "Approve")
    assert "only @admins can decide this" in approvals.press("ada", job, "Approve")
    assert approvals.managers() == {"host-1"}
    assert "then it runs" in approvals.press("dan", job, "Approve")
    assert approvals.ends(job, "succeeded").state == "approved"
    assert approvals.managers() == {"host-1", "host-2"}
    assert "Approved" in approvals.card(job).shown
    actions = [entry.action for entry in approvals.audit.query(Filter(job=job), count=50)]
    expected = {"asked", "approval asked", "shown", "vote refused", "approved by one", "approved", "started", "ended"}
    assert expected <= set(actions)


def test_approvals_of_former_group_members_do_not_count(approvals: ApprovalScenario) -> None:
    """Each approver counts once; the approval of a person who left the user group does not count any more."""
    job = approvals.asks("cleo", "join manager host-4")
    assert "1 of 2" in approvals.press("ben", job, "Approve")
    assert "you have already approved this" in approvals.press("ben", job, "Approve")
    try:
        approvals.set_group("S0OPS", ["U0ADA"])
        assert "1 of 2" in approvals.press("ada", job, "Approve")
        assert "then it runs" in approvals.press("dan", job, "Approve")
    finally:
        approvals.set_group("S0OPS", ["U0ADA", "U0BEN"])
    approvals.ends(job, "succeeded")
    assert "host-4" in approvals.managers()


def test_a_root_rotation_needs_two_approvals(approvals: ApprovalScenario) -> None:
    """One approval, or the requester's own, rotates nothing; the second approval starts the rotation."""
    root = approvals.root()
    job = approvals.asks("cleo", "ca --rotate")
    card = approvals.card(job).shown
    for words in (
        "asks to rotate the root certificate of prod",
        "join tokens of prod change",
        "Needs 2 approvals from",
    ):
        assert words in card
    assert "you cannot approve or deny your own request" in approvals.press("cleo", job, "Approve")
    assert "1 of 2" in approvals.press("dan", job, "Approve")
    assert approvals.root() == root
    assert "then it runs" in approvals.press("ada", job, "Approve")
    approvals.ends(job, "succeeded")
    assert approvals.root() != root
    assert "every node of prod trusts only the new root" in approvals.card(job).shown


def test_a_denied_change_shows_the_reason(approvals: ApprovalScenario) -> None:
    """One denial ends the request; the card and the requester get the reason."""
    job = approvals.asks("cleo", "promote host-2")
    after = len(approvals.slack.transcript())
    approvals.slack.click("dan", approvals.card(job), "Deny")
    approvals.slack.wait_to_see("dan", "Reason", after=after)
    approvals.slack.submit_view("dan", {"reason": "not before Friday"})
    assert approvals.ends(job, "denied").why == "not before Friday"
    assert "not before Friday" in approvals.card(job).shown
    approvals.slack.wait_to_see("cleo", "not before Friday", after=after, private=True)
    assert approvals.managers() == {"host-1"}


def test_only_the_requester_can_withdraw(approvals: ApprovalScenario) -> None:
    """Nobody else can withdraw; afterwards nobody can approve."""
    job = approvals.asks("cleo", "promote host-2")
    assert "only <@U0CLEO> can withdraw" in approvals.press("dan", job, "Withdraw")
    assert "You withdrew" in approvals.press("cleo", job, "Withdraw")
    approvals.ends(job, "cancelled")
    with pytest.raises(CannotDo):
        approvals.slack.click("dan", approvals.card(job), "Approve")
    assert approvals.managers() == {"host-1"}


def test_a_request_expires(approvals: ApprovalScenario) -> None:
    """A request without approval ends after its time, and its card says so."""
    token = approvals.fleet["host-1"].docker("swarm", "join-token", "-q", "worker")
    job = approvals.asks("cleo", "token worker --rotate")
    assert approvals.ends(job, "expired").state == "expired"
    assert "Expired" in approvals.card(job).shown
    assert approvals.fleet["host-1"].docker("swarm", "join-token", "-q", "worker") == token


def test_approvers_are_mentioned_and_reminded_once(approvals: ApprovalScenario) -> None:
    """By the card, which edits do not repeat, and in its thread; a decision is no reason to remind anybody."""
    job = approvals.asks("cleo", "update --task-history-limit 3")
    card = approvals.card(job)
    assert "For approval: <!subteam^S0ADMINS>" in card.shown
    approvals.slack.wait_to_see("dan", "Still waits for 1 approval", timeout=60)
    assert "then it runs" in approvals.press("dan", job, "Approve")
    approvals.ends(job, "succeeded")
    with approvals.slack.workspace.changed:
        replies = [each for each in approvals.slack.workspace.messages.everything if each.thread_ts == card.ts]
    assert ["<!subteam^S0ADMINS>: approve or deny it" in each.shown for each in replies] == [True]
    assert "For approval" not in approvals.card(job).shown


def test_the_same_order_twice_has_one_card(approvals: ApprovalScenario) -> None:
    """A person who types it again reads only which job waits already; that job is refused no vote for it."""
    job = approvals.asks("cleo", "promote host-2")
    after = len(approvals.slack.transcript())
    approvals.slack.slash("dan", "prod", "promote host-2")
    approvals.slack.wait_to_see("dan", f"already waiting as `{job}`", after=after, private=True)
    assert approvals.privately(after, "On it") == []
    assert [approval.id for approval in approvals.approvals.waiting("prod")] == [job]
    assert "then it runs" in approvals.press("dan", job, "Approve")
    approvals.ends(job, "succeeded")
    assert approvals.managers() == {"host-1", "host-2"}


def test_fifty_clicks_execute_once(approvals: ApprovalScenario) -> None:
    """One click starts the job; each of the other 49 gets a private answer with the reason."""
    job = approvals.asks("cleo", "promote host-2")
    card = approvals.card(job)
    people = ["ada", "ben", "cleo", "dan", "eve"] * 10
    after = len(approvals.slack.transcript())
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda user: approvals.slack.click(user, card, "Approve"), people))
    approvals.ends(job, "succeeded")
    refused = (
        "own request",
        "can decide this",
        "already approved this",
        "it is already approved",
        "it ended in the meantime",
    )
    answers = ("then it runs", PRESSED_AGAIN, *refused)
    told = approvals.until(lambda: (found := approvals.privately(after, *answers))[49:] and found)
    assert len(told) == 50
    assert sum("then it runs" in text for text in told) == 1
    entries = approvals.audit.query(Filter(job=job), count=200)
    assert [entry.action for entry in entries].count("started") == 1
    assert [entry.action for entry in entries].count("approved") == 1
    again = sum(PRESSED_AGAIN in text for text in told)
    assert [entry.action for entry in entries].count("vote refused") == 49 - again
    assert approvals.managers() == {"host-1", "host-2"}


def test_an_unsatisfiable_rule_is_logged_at_start(approvals: ApprovalScenario) -> None:
    """A worker logs a rule that nobody can satisfy before the first request."""
    lines = approvals.until(
        lambda: [line for line in approvals.deployment.log("worker.1").splitlines() if "unlock-key" in line]
    )
    assert lines[0].endswith(
        "WARNING bot.approvals.rule_check Approval rules: prod: `unlock-key`: needs 9 approvals from @admins, "
        "but only 2 people can approve: it can never be approved."
    )
