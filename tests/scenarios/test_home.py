"""Home tabs: what each person sees, kept fresh by watch, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.queue.job import Job
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.slack.observer import Observer
from sandbox.slack.render import shown
from tests.kits.approval_scenario import ApprovalScenario
from tests.kits.scenario import config
from tests.kits.watch_scenario import WatchScenario

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def watched_deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot with a worker and a watch process."""
    settings = {**config(fleet), "watch": {"poll": "1s", "quiet_poll": "3s", "group_interval": "5s"}}
    with Deployment(fleet, tmp_path_factory.mktemp("home"), watchers=1, config=settings) as deployment:
        yield deployment


def home(slack: Observer, user: str) -> str:
    """Return what a person's Home shows now."""
    with slack.workspace.changed:
        view = slack.workspace.views.homes.get(slack.team.user(user).id)
        return shown("", view.content["blocks"]) if view else ""


def sees(slack: Observer, user: str, *words: str, without: str = "", timeout: float = 40) -> str:
    """Wait until a person's Home shows these words, and not ``without``."""

    def find(_: Observer) -> str:
        page = home(slack, user)
        return page if all(word in page for word in words) and not (without and without in page) else ""

    return slack.wait_for(find, timeout)


def test_home_shows_the_clusters_and_keeps_fresh(watched_deployment: Deployment) -> None:
    """Without being opened again; an incident has the buttons of its message. Eve may only view."""
    scenario = WatchScenario(watched_deployment)
    scenario.reset()
    scenario.cluster(managers=("host-1",), workers=("host-2",))
    scenario.watched()
    scenario.slack.open_home("eve")
    page = sees(scenario.slack, "eve", "*prod is healthy* · 1 manager", "2 of 2 nodes ready", "lab")
    assert "Your last orders" not in page
    scenario.change("ada", "label host-2 zone=a")
    scenario.slack.open_home("ada")
    sees(scenario.slack, "ada", "Your last orders", "`/swarm label host-2 zone=a` in prod · succeeded")
    scenario["host-2"].power_off()
    incident = scenario.told("`host-2` (worker) is down")
    sees(scenario.slack, "ada", "Open incidents", "`host-2` (worker) is down", "[Acknowledge]", "has 1 open incident")
    scenario.slack.click_in_view("ada", "Acknowledge")
    scenario.told("acknowledged by <@U0ADA>")
    assert incident.id in {each.id for each in scenario.incidents()}
    sees(scenario.slack, "ada", "Open incidents", without="[Acknowledge]")
    scenario["host-2"].power_on()
    sees(scenario.slack, "eve", "*prod is healthy*", without="Open incidents", timeout=90)


def test_a_command_of_home_is_answered_directly(watched_deployment: Deployment) -> None:
    """The view says where; nobody else sees the answer."""
    scenario = WatchScenario(watched_deployment)
    scenario.reset()
    scenario.cluster()
    scenario.slack.open_home("eve")
    sees(scenario.slack, "eve", "*prod is healthy*")
    after = scenario.now
    scenario.slack.click_in_view("eve", "command.type#prod", "Nodes")
    scenario.slack.wait_to_see("eve", "the answer comes as a direct message", after=after, private=True)
    answer = scenario.slack.wait_to_see("eve", "host-1", after=after, timeout=30)
    assert answer.channel.startswith("D")
    scenario.slack.close_view("eve")
    scenario.slack.click_in_view("eve", "My permissions")
    scenario.slack.wait_to_see("eve", "You may *view*", after=after)


@pytest.mark.long
def test_an_approver_decides_in_home(approvals: ApprovalScenario) -> None:
    """What waits is in the approver's Home alone, and a press goes through the same gate as the card's."""
    slack = approvals.slack
    for user in ("dan", "cleo", "eve"):
        slack.open_home(user)
    job = approvals.asks("cleo", "promote host-2")
    sees(slack, "dan", "Waits for your decision", "`/swarm promote host-2` in prod", "[Approve] [Deny]")
    sees(slack, "cleo", "Your requests that wait", "[Withdraw]", without="[Approve]")
    assert "promote host-2" not in home(slack, "eve").replace("Your last orders", "")
    slack.click_in_view("dan", "Approve")
    slack.wait_to_see("dan", f"`{job}`", private=True)
    assert approvals.ends(job, "succeeded").counted == ("U0DAN",)
    assert approvals.managers() == {"host-1", "host-2"}
    sees(slack, "dan", "Clusters", without="Waits for your decision")
    found = approvals.queue.get(job)
    assert isinstance(found, Job)
