"""Each button of the inspector makes Slack fail in its way, and people see the message that the bot then sends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from bot.blocks import DONE, Line, Message, data_table, progress, text_message
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from sandbox.slack import LocalSlack
from sandbox.slack.page import slack_faults
from tests.browser.conftest import OpenWindow
from tests.kits.browser import feed, type_text

CARD = progress("*1 worker joined prod*", [Line(DONE, "`host-3` joined")])
NODES = Message(
    "2 nodes", [data_table("Nodes of prod", ["NODE", "ROLE"], [["host-1", "manager"], ["host-2", "worker"]])]
)
NOTHING = "None is waiting."


class Button(NamedTuple):
    """A button of the inspector: its label, the fault that waits then, and what is seen of the call that failed."""

    label: str
    waiting: str
    method: str = "chat.postMessage"
    status: str = ""


@pytest.fixture
def notifier(slack: LocalSlack) -> Notifier:
    """What the bot sends its messages by."""
    return Notifier(web_client(Settings.from_environment(slack.environment())))


def press(page: Page, button: Button) -> None:
    """Press it, and see that the fault waits."""
    page.get_by_role("button", name=button.label).click()
    expect(page.get_by_role("complementary", name="Details")).to_contain_text(f"Waiting: {button.waiting}")


def failed(page: Page, button: Button) -> None:
    """See the failed call in the inspector, and that no fault waits any more."""
    expect(page.get_by_role("complementary", name="Details")).to_contain_text(NOTHING)
    row = page.locator(".exchange.failed").filter(has_text=button.method)
    expect(row).to_have_count(1)
    expect(row).to_contain_text(button.status)


def posted(notifier: Notifier) -> str:
    """Post a message."""
    return notifier.post("C0PROD", text_message("✓ prod is healthy"))


def edited(notifier: Notifier) -> str:
    """Post a message and edit it."""
    return notifier.update(
        "C0PROD", notifier.post("C0PROD", text_message("▸ running")), text_message("✓ prod is healthy")
    )


BREAK = Button("Break the bot's next call", "break the connection", status="no answer")
LIMIT_POST = Button("429 on the next post", "answer 429 (chat.postMessage)", status="429")
LIMIT_EDIT = Button("429 on the next edit", "answer 429 (chat.update)", "chat.update", "429")
REFUSE_PLAN = Button("Refuse the next plan block", "answer invalid_blocks (plan)")
REFUSE_TABLE = Button("Refuse the next table", "answer invalid_blocks (data_table)")


@pytest.mark.parametrize(
    ("button", "send"),
    [(LIMIT_POST, posted), pytest.param(LIMIT_EDIT, edited, marks=pytest.mark.long), (BREAK, posted)],
)
def test_a_call_that_fails_costs_time_and_no_message(
    window: OpenWindow, notifier: Notifier, button: Button, send: Callable[[Notifier], str]
) -> None:
    """The bot tries again: people see the message once."""
    ada = window("ada", panel="inspector")
    press(ada, button)
    send(notifier)
    expect(feed(ada).get_by_text("✓ prod is healthy")).to_have_count(1)
    failed(ada, button)


@pytest.mark.parametrize(
    ("button", "message", "shown", "hidden"),
    [(REFUSE_PLAN, CARD, "✓ host-3 joined", ".task"), (REFUSE_TABLE, NODES, "host-1  manager", "table")],
    ids=["plan", "table"],
)
def test_refused_blocks_are_sent_in_older_ones(  # noqa: PLR0917 - pytest's parameters
    window: OpenWindow, notifier: Notifier, button: Button, message: Message, shown: str, hidden: str
) -> None:
    """People see the same in sections and monospaced text."""
    ada = window("ada", panel="inspector")
    press(ada, button)
    notifier.post("C0PROD", message)
    expect(feed(ada)).to_contain_text(shown)
    expect(feed(ada).locator(hidden)).to_have_count(0)
    expect(ada.get_by_role("complementary", name="Details")).to_contain_text(NOTHING)
    refused = ada.locator(".exchange.failed").filter(has_text="chat.postMessage").first
    refused.locator("summary").click()
    expect(refused).to_contain_text('"error": "invalid_blocks"')


def test_a_post_whose_answer_is_lost_is_there_twice(window: OpenWindow, notifier: Notifier) -> None:
    """Slack has no key that would make the second one harmless; the inspector shows both calls."""
    ada = window("ada", panel="inspector")
    lost = Button(
        "Lose the answer to the next post", "lose the answer (chat.postMessage)", status="the answer was lost"
    )
    press(ada, lost)
    posted(notifier)
    expect(feed(ada).get_by_text("✓ prod is healthy")).to_have_count(2)
    failed(ada, lost)


def test_a_command_is_delivered_twice(window: OpenWindow) -> None:
    """Both deliveries reach the bot: this one, which compares no keys, answers twice."""
    dan = window("dan", panel="inspector")
    press(dan, Button("Deliver the next request twice", "deliver twice (command)"))
    type_text(dan, "/swarm promote host-3")
    expect(dan.locator(".exchange").filter(has_text="command")).to_have_count(2)
    expect(feed(dan).get_by_text("asks to promote")).to_have_count(2)
    expect(dan.get_by_role("complementary", name="Details")).to_contain_text("Waiting: deliver twice (block_actions)")
    dan.get_by_role("button", name="No faults").click()
    expect(dan.get_by_role("complementary", name="Details")).to_contain_text(NOTHING)


def test_slack_is_away_and_comes_back(
    window: OpenWindow, slack: LocalSlack, notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile no call succeeds, and the inspector counts down; then the message appears. Here it is away for 2 s."""
    monkeypatch.setattr(slack_faults, "AWAY_S", 2.0)
    slack.workspace.tell()
    ada = window("ada", panel="inspector")
    press(ada, Button("Be away for 2 s", "away, back in"))
    with ThreadPoolExecutor() as pool:
        sent = pool.submit(posted, notifier)
        expect(ada.locator(".exchange.failed").filter(has_text="chat.postMessage").first).to_contain_text("no answer")
        sent.result()
    expect(feed(ada).get_by_text("✓ prod is healthy")).to_have_count(1)
    expect(ada.get_by_role("complementary", name="Details")).to_contain_text(NOTHING)
