"""Changes that wait for approval: who may approve them, and how often it counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.audit import Filter
from sandbox.slack import CannotDo
from tests.kits.approval_scenario import Asked


def test_one_approver_and_nobody_for_themselves(asked: Asked) -> None:
    """The requester and others are refused; an administrator's approval starts it; the card shows all of it."""
    job = asked.asks("cleo", 'promote host-2 --reason "host-1 is retiring"')
    card = asked.card(job).shown
    for words in (
        "asks to promote `host-2` in prod",
        "host-1 is retiring",
        "managers 1 → 2",
        "Needs 1 approval from @admins",
    ):
        assert words in card
    assert "you cannot approve or deny your own request" in asked.press("cleo", job, "Approve")
    assert "only @admins can decide this" in asked.press("ada", job, "Approve")
    assert asked.managers() == {"host-1"}
    assert "It runs now" in asked.press("dan", job, "Approve")
    assert asked.ends(job, "succeeded").state == "approved"
    assert asked.managers() == {"host-1", "host-2"}
    assert "Approved" in asked.card(job).shown
    actions = [entry.action for entry in asked.audit.query(Filter(job=job), count=50)]
    expected = {"asked", "approval asked", "shown", "vote refused", "approved by one", "approved", "started", "ended"}
    assert expected <= set(actions)


def test_two_of_three_and_one_who_is_not_in_the_group_any_more(asked: Asked) -> None:
    """Each counts once; who has left the user group does not count, not even with an earlier yes."""
    job = asked.asks("cleo", "join manager host-4")
    assert "1 of 2" in asked.press("ben", job, "Approve")
    assert "you have already approved this" in asked.press("ben", job, "Approve")
    try:
        asked.set_group("S0OPS", ["U0ADA"])
        assert "1 of 2" in asked.press("ada", job, "Approve")
        assert "It runs now" in asked.press("dan", job, "Approve")
    finally:
        asked.set_group("S0OPS", ["U0ADA", "U0BEN"])
    asked.ends(job, "succeeded")
    assert "host-4" in asked.managers()


def test_a_new_root_needs_two_by_default(asked: Asked) -> None:
    """One approval, or the requester's own, rotates nothing; after the second the rotation runs to its end."""
    root = asked.root()
    job = asked.asks("cleo", "ca --rotate")
    card = asked.card(job).shown
    for words in (
        "asks to rotate the root certificate of prod",
        "join tokens of prod change",
        "Needs 2 approvals from",
    ):
        assert words in card
    assert "you cannot approve or deny your own request" in asked.press("cleo", job, "Approve")
    assert "1 of 2" in asked.press("dan", job, "Approve")
    assert asked.root() == root
    assert "It runs now" in asked.press("ada", job, "Approve")
    asked.ends(job, "succeeded")
    assert asked.root() != root
    assert "every node of prod trusts only the new root" in asked.card(job).shown


def test_denied_with_a_reason(asked: Asked) -> None:
    """One no is enough; its reason stands on the card and reaches the requester."""
    job = asked.asks("cleo", "promote host-2")
    after = len(asked.slack.transcript())
    asked.slack.click("dan", asked.card(job), "Deny")
    asked.slack.wait_to_see("dan", "Reason", after=after)
    asked.slack.submit_view("dan", {"reason": "not before Friday"})
    assert asked.ends(job, "denied").why == "not before Friday"
    assert "not before Friday" in asked.card(job).shown
    asked.slack.wait_to_see("cleo", "not before Friday", after=after, private=True)
    assert asked.managers() == {"host-1"}


def test_withdrawn_by_who_asked(asked: Asked) -> None:
    """Nobody else can; afterwards nobody can approve."""
    job = asked.asks("cleo", "promote host-2")
    assert "only <@U0CLEO> can withdraw" in asked.press("dan", job, "Withdraw")
    assert "You withdrew" in asked.press("cleo", job, "Withdraw")
    asked.ends(job, "cancelled")
    with pytest.raises(CannotDo):
        asked.slack.click("dan", asked.card(job), "Approve")
    assert asked.managers() == {"host-1"}


def test_expired(asked: Asked) -> None:
    """What nobody approves in time ends by itself, and says so."""
    token = asked.fleet["host-1"].docker("swarm", "join-token", "-q", "worker")
    job = asked.asks("cleo", "token worker --rotate")
    assert asked.ends(job, "expired").state == "expired"
    assert "Expired" in asked.card(job).shown
    assert asked.fleet["host-1"].docker("swarm", "join-token", "-q", "worker") == token


def test_fifty_clicks_of_five_people_execute_once(asked: Asked) -> None:
    """One of them starts it; the other 49 are each told in private why theirs did not."""
    job = asked.asks("cleo", "promote host-2")
    card = asked.card(job)
    people = ["ada", "ben", "cleo", "dan", "eve"] * 10
    after = len(asked.slack.transcript())
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda user: asked.slack.click(user, card, "Approve"), people))
    asked.ends(job, "succeeded")
    refused = (
        "own request",
        "can decide this",
        "already approved this",
        "it is already approved",
        "it ended in the meantime",
    )
    told = asked.until(lambda: (found := asked.privately(after, "It runs now", *refused))[49:] and found)
    assert len(told) == 50
    assert sum("It runs now" in text for text in told) == 1
    entries = asked.audit.query(Filter(job=job), count=200)
    assert [entry.action for entry in entries].count("started") == 1
    assert [entry.action for entry in entries].count("approved") == 1
    assert [entry.action for entry in entries].count("vote refused") == 49
    assert asked.managers() == {"host-1", "host-2"}


def test_a_rule_that_nobody_can_satisfy_is_found_at_start(asked: Asked) -> None:
    """A worker says so in its log before anybody has asked for anything."""
    lines = asked.until(lambda: [line for line in asked.stage.log("worker.1").splitlines() if "unlock-key" in line])
    assert lines[0].endswith(
        "WARNING bot.approvals.rule_check Approval rules: prod: `unlock-key`: needs 9 approvals from @admins, "
        "but only 2 people can approve: it can never be approved."
    )
