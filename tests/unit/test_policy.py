"""Who may do what. What must hold for every swarmbot.yml is tested as a property."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import EVERYONE, Config
from bot.config.models import PERMISSIONS, Permission
from bot.policy import (
    Allow,
    Membership,
    Refuse,
    Unsettled,
    decide,
    groups_named,
    groups_to_ask,
    named,
    permissions,
    unsettled,
)

CLUSTERS = {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}}
NAMES = ["operators", "admins", "guests"]
USERS = ["U01", "U02", "U03", "W04"]
GROUPS = ["S01", "S02"]

ids = st.lists(st.sampled_from([*USERS, *GROUPS]), max_size=3)
people = st.fixed_dictionaries(dict.fromkeys(NAMES, ids))
entries = st.lists(st.sampled_from([*NAMES, *USERS, *GROUPS]), max_size=3)
who = st.just(EVERYONE) | entries
rules = st.fixed_dictionaries({"view": who, "operate": who, "administer": entries})
memberships = st.builds(Membership, st.sampled_from(USERS), st.frozensets(st.sampled_from(GROUPS)))
permission_ = st.sampled_from(PERMISSIONS)


def _config(people: dict[str, Any], rules: dict[str, Any]) -> Config:
    return Config.model_validate({"clusters": CLUSTERS, "people": people, "rules": rules})


def _allowed(config: Config, permission: Permission, membership: Membership) -> bool:
    return isinstance(decide(config, permission, membership, "it"), Allow)


def _written_for(config: Config, permission: Permission) -> set[str]:
    """Every id that the file gives the permission to, found the slow way."""
    greater = {"view": ["view", "operate", "administer"], "operate": ["operate", "administer"]}
    written: set[str] = set()
    for rule in greater.get(permission, [permission]):
        for entry in getattr(config.rules, rule):
            written |= set(config.people[entry]) if entry in config.people else {entry}
    return written


@given(people, rules, memberships, permission_)
def test_exactly_those_in_the_lists_are_allowed(
    people: dict[str, Any], rules: dict[str, Any], membership: Membership, permission: Permission
) -> None:
    """Nobody outside the lists is ever allowed, and nobody inside them refused."""
    config = _config(people, rules)
    written = _written_for(config, permission)
    inside = EVERYONE in written or bool(written & {membership.user, *membership.groups})
    assert _allowed(config, permission, membership) is inside


@given(people, rules, memberships, st.sampled_from(NAMES), st.sampled_from([*USERS, *GROUPS]))
def test_adding_somebody_takes_no_right_away(
    people: dict[str, Any], rules: dict[str, Any], membership: Membership, name: str, added: str
) -> None:
    """A longer list of people allows all that the shorter one did, to everybody."""
    before = _config(people, rules)
    after = _config({**people, name: [*people[name], added]}, rules)
    assert set(permissions(before, membership)) <= set(permissions(after, membership))


@given(people, rules, memberships)
def test_each_permission_includes_those_below(
    people: dict[str, Any], rules: dict[str, Any], membership: Membership
) -> None:
    """Who may administer may operate and view; who may operate may view."""
    had = permissions(_config(people, rules), membership)
    assert had == PERMISSIONS[: len(had)]


@given(people, rules, memberships, permission_)
def test_the_groups_asked_about_are_enough(
    people: dict[str, Any], rules: dict[str, Any], membership: Membership, permission: Permission
) -> None:
    """Knowing only the groups that were asked for decides as knowing all of them does."""
    config = _config(people, rules)
    asked = groups_to_ask(config, permission, membership.user)
    narrow = Membership(membership.user, membership.groups & asked)
    assert _allowed(config, permission, narrow) is _allowed(config, permission, membership)
    assert asked <= groups_named(config)


TEAM = _config(
    {"operators": ["U01", "S01"], "admins": ["U02"]}, {"operate": ["operators"], "administer": ["admins", "S02", "W04"]}
)


@pytest.mark.parametrize(
    ("permission", "shown"),
    [
        ("view", "everyone"),
        ("operate", "@operators, @admins, <!subteam^S02> and <@W04>"),
        ("administer", "@admins, <!subteam^S02> and <@W04>"),
    ],
)
def test_who_it_takes_is_named(permission: Permission, shown: str) -> None:
    """Names of swarmbot.yml as they are written there, ids as Slack shows them."""
    assert named(TEAM, permission) == shown


def test_a_refusal_says_what_it_takes_and_what_to_do() -> None:
    """It names the command, who may run it, and the next step."""
    decision = decide(TEAM, "administer", Membership("U01"), "`/swarm promote host-3` in prod")
    assert isinstance(decision, Refuse)
    assert decision.reason.severity == "refused"
    assert decision.reason.happened == (
        "You can't run `/swarm promote host-3` in prod: it needs @admins, <!subteam^S02> or <@W04>."
    )
    assert decision.reason.next_step == "Ask one of them; `/swarm whoami` lists your permissions."


def test_no_group_is_asked_about_where_the_lists_decide() -> None:
    """An administrator named by id can act while Slack does not say who is in a group."""
    assert groups_to_ask(TEAM, "administer", "U02") == frozenset()
    assert groups_to_ask(TEAM, "view", "U99") == frozenset()
    assert groups_to_ask(TEAM, "administer", "U99") == {"S02"}
    assert groups_to_ask(TEAM, "operate", "U99") == {"S01", "S02"}


def test_nobody_named_is_nobody_allowed() -> None:
    """Rules left out give view to everyone and the rest to none."""
    config = _config({}, {})
    assert permissions(config, Membership("U01", frozenset(GROUPS))) == ("view",)
    assert named(config, "administer") == "nobody"


def test_a_group_that_cannot_be_read_proves_and_refuses_nothing() -> None:
    """What another entry proves counts; where only an unread group may give the permission, that is unknown."""
    config = _config(
        {"operators": ["S01"], "admins": ["U01", "S02"]}, {"view": ["operators"], "administer": ["admins"]}
    )
    unread = frozenset({"S01"})
    assert isinstance(decide(config, "view", Membership("U01", unknown=unread), "it"), Allow)
    assert decide(config, "view", Membership("U02", unknown=unread), "it") == Unsettled(unread)
    assert isinstance(decide(config, "administer", Membership("U02", unknown=unread), "it"), Refuse)
    assert isinstance(decide(config, "view", Membership("U02", frozenset({"S02"}), unread), "it"), Allow)
    assert unsettled(config, Membership("U02", unknown=unread)) == ("view",)


@given(people, rules, permission_, memberships)
def test_an_unread_group_never_permits(
    people: dict[str, Any], rules: dict[str, Any], permission: Permission, membership: Membership
) -> None:
    """Only what was read permits something, even if other groups could not be read."""
    config = _config(people, rules)
    unread = Membership(membership.user, membership.groups, frozenset(GROUPS) - membership.groups)
    assert _allowed(config, permission, unread) == _allowed(config, permission, membership)
