"""A person who reads an approval sees only the buttons that they may press."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from redis import Redis

from bot.approvals.approval import Approval, ApprovalRequest, Vote
from bot.approvals.choices import Choice, Viewer, choices
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.audit.paging import AuditPages
from bot.config import Config
from bot.gate.records import RecordReader
from bot.model import Plan, PlanTitles
from bot.model.records import RecordsQuery
from bot.queue.queue import Queue
from bot.stored_json import to_json
from bot.usergroups import MembershipUnknown
from bot.watch.repository import WatchRepository
from tests.kits.approvals.world import People
from tests.kits.commands import COMMANDS
from tests.kits.jobs import admitted, taken

GROUP: Final = "S0ADMINS"
CONFIG: Final = Config.model_validate(
    {
        "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}},
        "people": {"admins": [GROUP]},
        "rules": {"administer": ["admins"]},
    }
)
REQUEST: Final = ApprovalRequest(
    job="k7f3",
    cluster="prod",
    channel="C0PROD",
    requester="U0CLEO",
    words="promote host-3",
    reason="",
    subject="promote",
    by=("admins",),
    needed=2,
    asked_at=1.0,
    expires=4e9,
    digest="9c41e0",
    basis="{}",
)
OPEN: Final = Approval(REQUEST, "open", 2, votes=(Vote("U0BEN", 1.0),))
INSIDE: Final = {GROUP: frozenset({"U0CLEO", "U0BEN", "U0DAN"})}


def may(person: str, approval: Approval = OPEN, *, enrolled: bool = False, silent: bool = False) -> tuple[Choice, ...]:
    """Return the choices of a person; ``silent``: Slack does not say who is in the group."""
    return choices(CONFIG, approval, Viewer(person, None if silent else INSIDE, enrolled))


@pytest.mark.parametrize(
    ("person", "expected"),
    [("U0CLEO", ("withdraw",)), ("U0BEN", ("deny",)), ("U0DAN", ("approve", "deny")), ("U0EVE", ())],
    ids=["requester", "has approved", "approver", "nobody"],
)
def test_each_reader_has_their_own_buttons(person: str, expected: tuple[Choice, ...]) -> None:
    """Also an approver cannot approve their own request, or twice."""
    assert may(person) == expected
    assert may(person, replace(OPEN, state="denied")) == ()


def test_who_must_type_a_code_needs_one() -> None:
    """An approver without a second factor can only deny."""
    coded = replace(OPEN, request=replace(REQUEST, second_factor="totp"))
    assert may("U0DAN", coded) == ("deny",)
    assert may("U0DAN", coded, enrolled=True) == ("approve", "deny")


def test_unknown_members_may_try() -> None:
    """While Slack does not say who is in the group, only what is certain is left out."""
    assert may("U0EVE", silent=True) == ("approve", "deny")
    assert may("U0CLEO", silent=True) == ("withdraw",)
    assert may("U0BEN", silent=True) == ("deny",)


def test_a_confirmation_is_its_requester_s() -> None:
    """Approvers see that it waits, without a button."""
    asked = replace(OPEN, request=replace(REQUEST, confirmation=True, by=("U0CLEO",)), votes=())
    assert may("U0CLEO", asked) == ("approve", "withdraw")
    assert may("U0DAN", asked) == ()


@pytest.mark.parametrize(
    ("person", "expected"),
    [("U0CLEO", ["Withdraw"]), ("U0DAN", ["Deny"]), ("U0EVE", [])],
)
def test_list_and_card_agree(client: Redis, queue: Queue, audit: Audit, person: str, expected: list[str]) -> None:
    """From a real Redis; an approver without a second factor is told how to get one."""
    approvals = ApprovalRepository(client, audit)
    job = admitted(queue, lane="concurrent")
    request = replace(REQUEST, job=job, second_factor="totp")
    approvals.open(taken(queue, lane="concurrent"), request, to_json(Plan(PlanTitles(imperative="promote it"))), [])
    people = People()
    people.inside = {"U0CLEO", "U0DAN"}
    records = RecordReader(
        config=CONFIG,
        commands=COMMANDS,
        queue=queue,
        pages=AuditPages(client, audit),
        user_groups=people,
        approvals=approvals,
        watch=WatchRepository(client, audit),
        enrolled=lambda _: False,
    )
    for query in (RecordsQuery(approvals=True), RecordsQuery(approval=job)):
        [read] = records.read(query, cluster="prod", requester=person).approvals
        assert _labels(read.buttons) == _labels(read.whole.blocks) == expected
        assert ("`/swarm totp` sets it up" in str(read.whole.blocks)) is (person == "U0DAN")

    def silent() -> None:
        raise MembershipUnknown("Slack does not say who is in it.")

    people.meanwhile = silent
    assert records.read(RecordsQuery(approvals=True), cluster="prod", requester=person).approvals


def _labels(blocks: Any) -> list[str]:
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]
