"""What must hold for the facts of every case: order does not matter, and text from outside changes words alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random
from types import MappingProxyType
from typing import Any, Final, NamedTuple, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config.models import Severity, WebhookKind
from bot.model import Facts
from bot.model.incident import Advanced, WatchState
from bot.secrets.secret import Secret
from bot.swarm.incidents.events import events_of
from bot.swarm.incidents.incident_message import incident_message, orders_of, severity_of
from bot.swarm.incidents.partial_observation import PLACEHOLDER
from bot.swarm.incidents.webhook_body import incident_key, webhook_body
from bot.watch.announce import announcements
from bot.webhooks.targets import Target
from tests.kits.examples import examples
from tests.kits.hostile_text import NOT_BLANK, Markup, markup_of, markup_of_text, replaced
from tests.kits.webhook_schemas import check_alertmanager, check_pagerduty
from tests.plans.parts import NOW
from tests.plans.showing import show_message
from tests.plans.test_advice import advised_in, refusals
from tests.watch.timeline import CASES, Timeline, descriptions, turns

MARKUP: Final = re.compile(r"[`*]|<[!@#]|&(?:amp|lt|gt);")
"""What only Slack understands."""
FROM_OUTSIDE: Final = frozenset({"swarm_error", "error", "complaint", "message", "labels"})
"""The fields of facts that hold what engines report and people wrote."""


class Step(NamedTuple):
    """One turn of a case, carried out."""

    before: WatchState
    facts: Facts | None
    described: dict[str, Any]
    turn: Mapping[str, Any]
    stepped: Advanced


class Course(NamedTuple):
    """All turns of a case, carried out once for all tests of this file."""

    name: str
    settings: Mapping[str, Any]
    steps: list[Step]

    @property
    def state(self) -> WatchState:
        """The state at the end."""
        return self.steps[-1].stepped.state


@pytest.fixture(scope="module", params=CASES)
def course(request: pytest.FixtureRequest) -> Course:
    """Each case in turn; pytest runs all tests of one case before the next."""
    given_facts, case = CASES[request.param]
    timeline = Timeline(case.get("settings", {}))
    steps = []
    for (facts, turn), (described, _) in zip(turns(given_facts, case), descriptions(given_facts, case), strict=True):
        before = timeline.state
        _, stepped = timeline.turn(facts, turn["at"], turn)
        steps.append(Step(before, facts, described, turn, stepped))
    return Course(request.param, case.get("settings", {}), steps)


def _shuffled(facts: Facts, random: Random) -> Facts:
    """Return the same facts in another order."""

    def mixed(found: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(found, len(found)))

    hosts = MappingProxyType(dict(random.sample([*facts.hosts.items()], len(facts.hosts))))
    swarm = facts.swarm and replace(
        facts.swarm,
        nodes=mixed(facts.swarm.nodes),
        services=mixed(facts.swarm.services),
        task_list=mixed(facts.swarm.task_list),
    )
    return replace(facts, hosts=hosts, swarm=swarm)


def test_the_order_of_hosts_does_not_matter(course: Course) -> None:
    """Hosts, nodes, services and tasks in another order make the same incidents, with the same signals."""
    other = Timeline(course.settings)
    random = Random(course.name)  # noqa: S311 - an order, not a secret
    for _, facts, _, turn, stepped in course.steps:
        other.turn(_shuffled(facts, random) if facts else None, turn["at"], turn)
        groups = [
            [(each.root, bool(each.told_at), each.open, {one.signal.key for one in each.tracked}) for each in incidents]
            for incidents in (stepped.state.incidents, other.state.incidents)
        ]
        assert groups[0] == groups[1]
        assert {each.signal.key for each in stepped.state.waiting} == {each.signal.key for each in other.state.waiting}


def test_what_is_advised_can_be_typed(course: Course) -> None:
    """No command that a message names has a placeholder."""
    for step in course.steps:
        for incident in step.stepped.told:
            assert not PLACEHOLDER.search("\n".join(show_message(incident_message(incident, 0.0))))
            assert not any(PLACEHOLDER.search(f"`/swarm {words}`") for words in orders_of(incident).values())


def test_what_is_advised_is_not_refused(course: Course) -> None:
    """Each command that a message names, or that its buttons prepare, works with the facts that it was made from."""
    for _, facts, described, _, stepped in course.steps:
        for incident in stepped.told:
            if not incident.open or facts is None or facts.swarm is None:
                continue  # what an unreadable cluster needs is tried with the answers of `status`
            lines = show_message(incident_message(incident, 0.0))
            found = {"answer": [line for line in lines if not line.startswith("It began during")]}
            commands = {*advised_in(found), *((words, False) for words in orders_of(incident).values())}
            refused = [refusals(described, words, conditional=conditional) for words, conditional in sorted(commands)]
            assert [*filter(None, refused)] == []


def test_other_systems_see_each_incident_begin_and_end_in_turn(course: Course) -> None:
    """A webhook gets beginning, changes and end, in plain text that PagerDuty's and Alertmanager's API accept.

    What is open in Slack is open there.
    """
    open_: dict[str, bool] = {}
    for before, _, _, turn, stepped in course.steps:
        for happened in events_of(before, stepped):
            key = incident_key(happened.incident)
            assert open_.get(key, False) == (happened.event != "opened")
            open_[key] = happened.event != "resolved"
            now = NOW + turn["at"]
            bodies = {kind: webhook_body(kind, happened, get_args(Severity), now) for kind in get_args(WebhookKind)}
            assert not MARKUP.search(json.dumps(bodies, ensure_ascii=False))
            check_pagerduty(bodies["pagerduty"])
            check_alertmanager(bodies["alertmanager"])
        assert not events_of(stepped.state, replace(stepped, told=(), entries=()))
    told = {incident_key(each): not each.shown.startswith("over") for each in course.state.incidents if each.told_at}
    assert open_ == told


def test_a_pager_for_critical_incidents_is_told_of_their_end(course: Course) -> None:
    """An incident that becomes critical begins for it, and its end is reported although it was only a warning then."""
    severities: tuple[Severity, ...] = ("critical",)
    pager = Target("pager", "json", Secret("https://192.0.2.9/"), None, severities, ("prod",))
    open_: dict[str, bool] = {}
    critical: set[str] = set()
    for before, _, _, turn, stepped in course.steps:
        critical |= {incident_key(each) for each in stepped.told if severity_of(each) == "critical"}
        for delivery in announcements(before, stepped, [pager], "prod", turn["at"]):
            key, event = delivery.body["key"], delivery.body["event"]
            assert open_.get(key, False) == (event != "opened")
            open_[key] = event != "resolved"
    over = {incident_key(each): each.shown.startswith("over") for each in course.state.incidents if each.told_at}
    assert open_ == {key: not over[key] for key in critical}


@cache
def _plain_looks(name: str) -> list[Markup]:
    return _looks(name, "x")


def _looks(name: str, text: str) -> list[Markup]:
    given_facts, case = CASES[name]
    timeline = Timeline(case.get("settings", {}))
    found = []
    for facts, turn in turns(given_facts, case):
        hostile = replaced(facts, FROM_OUTSIDE, text) if facts else None
        _, stepped = timeline.turn(hostile, turn["at"], turn)
        found += [markup_of(incident_message(each, timeline.state.read_at)) for each in stepped.told]
        found += [markup_of_text(each.text) for each in stepped.noted]
    return found


@given(st.sampled_from(sorted(CASES)), NOT_BLANK)
@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_text_from_outside_makes_no_markup(name: str, text: str) -> None:
    """What engines report and people wrote is one line of plain text in messages and threads."""
    assert _looks(name, text) == _plain_looks(name)
