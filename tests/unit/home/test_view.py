"""What Home shows: one person's view, within Slack's limits with any content."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.approvals.approval import Approval
from bot.approvals.card import choice_buttons
from bot.approvals.choices import Choice
from bot.blocks import Message, tick
from bot.home.view import HomeApproval, HomeCluster, HomeFacts, HomeJob, cluster_line, digest_of, home_view
from bot.model.incident import ClusterNumbers, LastReading
from sandbox.slack.render import lines
from sandbox.slack.validate import check_view
from tests.kits.examples import examples
from tests.kits.hostile_text import HOSTILE, markup_of
from tests.kits.incidents import AT, incident, signal
from tests.kits.jobs import request_for

NUMBERS = ClusterNumbers((("manager", "ready", 3), ("worker", "ready", 2)), 3, 3, 2, 12, 0, 30, 30)
LAST_READING = LastReading("one", AT, read_from="host-1", nodes=5, services=12, numbers=NUMBERS)
PROD = HomeCluster("prod", "C0PROD", LAST_READING, ())


def waiting(*may: Choice, words: str = "promote host-3", cluster: str = "prod", by: str = "U0BEN") -> HomeApproval:
    """Return a change that waits, with its reader's buttons."""
    buttons = tuple(choice_buttons(Approval(replace(request_for("k7f3"), requester=by), "open", 1), may))
    plan = ("managers 1 → 2", "1. promoting host-3", "! it costs service", "plan `abcdef`")
    return HomeApproval("k7f3", cluster, words, by, 0, 1, AT + 1800, plan, buttons, decides="approve" in may)


def facts(*clusters: HomeCluster, **others: Any) -> HomeFacts:
    """Return what somebody sees who may see all."""
    return HomeFacts(AT, may_view=True, clusters=clusters or (PROD,), **others)


def shown(found: HomeFacts) -> str:
    """Return the page as plain lines."""
    view = home_view(found)
    check_view(view)
    return "\n".join(lines(view["blocks"]))


@pytest.mark.parametrize(
    ("cluster", "line"),
    [
        (
            PROD,
            "✓ *prod is healthy* · 3 managers, tolerates 1 failure · 5 of 5 nodes ready · 12 of 12 services running",
        ),
        (replace(PROD, last_reading=None), "· *prod* · never read: no `watch` process has run"),
        (
            replace(PROD, last_reading=replace(LAST_READING, numbers=None, unread=("a", "b"))),
            "✗ *prod cannot be read* · 2 hosts",
        ),
        (
            replace(PROD, last_reading=replace(LAST_READING, numbers=None)),
            "· *prod* · no manager could be read: it is not initialised",
        ),
        (replace(PROD, last_reading=replace(LAST_READING, at=AT - 91)), "! *prod* · not read since <!date^"),
        (replace(PROD, incidents=(incident(),)), "✗ *prod has 1 open incident* · 3 managers"),
        (
            replace(PROD, last_reading=replace(LAST_READING, numbers=replace(NUMBERS, managers_reachable=1))),
            "✗ *prod has no quorum* · 1 of 3 managers reachable, tolerates no failure",
        ),
        (
            replace(PROD, last_reading=replace(LAST_READING, numbers=replace(NUMBERS, services_short=1))),
            "! *prod is degraded* · 3 managers, tolerates 1 failure · 5 of 5 nodes ready · 11 of 12 services fully",
        ),
        (
            replace(
                PROD,
                last_reading=replace(
                    LAST_READING, numbers=replace(NUMBERS, nodes=(*NUMBERS.nodes, ("worker", "down", 1)))
                ),
            ),
            "! *prod is degraded* · 3 managers, tolerates 1 failure · 5 of 6 nodes ready",
        ),
    ],
)
def test_a_cluster_is_one_line(cluster: HomeCluster, line: str) -> None:
    """What was not read is not called healthy."""
    assert cluster_line(cluster, AT).startswith(line)


def test_what_waits_for_the_reader_comes_first() -> None:
    """Their own requests come later, and can only be withdrawn."""
    page = shown(facts(approvals=(waiting("withdraw", by="U0ADA"), waiting("approve", "deny"))))
    assert page.index("Waits for your decision") < page.index("Clusters") < page.index("Your requests that wait")
    assert page.count("[Approve] [Deny]") == 1
    assert page.count("[Withdraw]") == 1
    assert page.count("1. promoting host-3\n! it costs service\nplan `abcdef`\n[Approve] [Deny]") == 1


def test_buttons_carry_an_id_only() -> None:
    """Those of approvals and incidents are the ones of their messages."""
    view = home_view(facts(replace(PROD, incidents=(incident(),)), approvals=(waiting("approve", "deny"),)))
    values = [
        element["value"]
        for block in view["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"].startswith(("approval.", "incident."))
    ]
    assert set(values) == {"k7f3", "3f2a"}


def test_who_may_not_view_sees_no_cluster() -> None:
    """Nor if Slack did not say which groups they are in."""
    assert "prod" not in shown(HomeFacts(AT, may_view=False, clusters=(PROD,)))
    assert "Slack did not say" in shown(HomeFacts(AT, may_view=None, clusters=(PROD,)))


def test_the_digest_changes_with_what_is_shown_alone() -> None:
    """A later reading that shows the same is not published."""
    later = replace(PROD, last_reading=replace(LAST_READING, at=AT + 5))
    assert digest_of(facts()) == digest_of(replace(facts(later), at=AT + 6))
    assert digest_of(facts()) != digest_of(facts(replace(PROD, incidents=(incident(),))))


NAMES = HOSTILE | st.sampled_from(["x" * 10_000, "<!channel> " * 900, "\u202e" + "y" * 300])


@given(name=NAMES, words=NAMES, count=st.integers(0, 20), many=st.integers(0, 30))
@settings(max_examples=examples(60), deadline=None)
def test_slack_takes_every_home(name: str, words: str, count: int, many: int) -> None:
    """20 clusters with 30 incidents each, hostile names: at most 100 blocks and 250 KB, and nobody is mentioned."""
    down = replace(signal(subject=name), text=f"{tick(name)} is down")
    found = tuple(incident(f"i{number}", down) for number in range(many))
    named = name.encode("utf-8", "ignore").decode()  # swarmbot.yml is UTF-8
    clusters = [replace(PROD, name=f"{named}{number}", incidents=found) for number in range(count)]
    home = facts(
        *clusters,
        approvals=tuple(waiting("approve", "deny", words=words, cluster=name) for _ in range(many)),
        jobs=tuple(HomeJob("k7f3", name, words, "succeeded", AT) for _ in range(many)),
    )
    view = home_view(home)
    check_view(view)
    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view)) <= 250_000
    seen = markup_of(Message("", view["blocks"]))
    assert {token for token in seen.tokens if not token.startswith(("<!date", "<@U0BEN>", "<#C0PROD>"))} == set()
    assert not seen.turned
    digest_of(home)
