"""Who must approve a risky change, how many of them, and whether there are enough."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import policy
from bot.approvals.rule import (
    DEFAULT_EXPIRY_S,
    Rule,
    approver_groups,
    approver_names,
    approvers,
    cluster_rules,
    confirmation_rule,
    may_approve,
    needs_text,
    rule_for,
    shortage,
)
from bot.approvals.rule_check import unsatisfiable
from bot.config import Config
from bot.config.approvals import SUBJECTS
from tests.kits.commands import COMMANDS

PEOPLE = {"admins": ["U01", "U02", "S01"], "leads": ["U03"], "nobody": []}
MEMBERS = {"S01": frozenset({"U02", "U04"})}


def _config(rules: dict[str, Any] | None = None, prod: dict[str, Any] | None = None, **people: list[str]) -> Config:
    clusters = {
        "prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}, "approvals": prod or {}},
        "lab": {"channel": "C0LAB", "hosts": {"host-2": "192.0.2.2"}},
    }
    return Config.model_validate(
        {
            "clusters": clusters,
            "people": {**PEOPLE, **people},
            "rules": {"administer": ["admins"], "approvals": rules or {}},
        }
    )


def test_default_rule() -> None:
    """Those who may administer approve, within half an hour, without a code."""
    assert rule_for(_config(), "prod", "promote", 1) == Rule("promote", ("admins",), 1, DEFAULT_EXPIRY_S)
    assert rule_for(_config(), "prod", "join worker", 0).count == 0


LAYER = st.fixed_dictionaries(
    {},
    optional={
        "by": st.sampled_from([["leads"], ["admins", "U09"]]),
        "count": st.integers(0, 5),
        "expires": st.sampled_from(["5s", "2h", "4w"]),
        "second_factor": st.sampled_from(["totp", "none"]),
    },
)
SECONDS = {"5s": 5.0, "2h": 7200.0, "4w": 4 * 7 * 86400.0}


@given(LAYER, LAYER, st.integers(0, 3))
def test_cluster_overrides_key_by_key(general: dict[str, Any], own: dict[str, Any], default: int) -> None:
    """Each key is the cluster's, else the general one, else the default; other clusters are not affected."""
    config = _config({"promote": general}, {"promote": own})
    for cluster, written in (("prod", {**general, **own}), ("lab", general)):
        rule = rule_for(config, cluster, "promote", default)
        assert rule.by == tuple(written.get("by", ["admins"]))
        assert rule.count == written.get("count", default)
        assert rule.expires == (SECONDS[written["expires"]] if "expires" in written else DEFAULT_EXPIRY_S)
        assert rule.second_factor == ("totp" if written.get("second_factor") == "totp" else None)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_freeze_needs_one_more_approval(count: int) -> None:
    """A change that needs no approval needs one."""
    assert rule_for(_config(), "prod", "promote", count, frozen=True).count == count + 1


def test_what_a_change_needs_is_said_before_it_is_requested() -> None:
    """How many approvals, from whom, which of them a freeze adds; or that its requester must confirm it."""
    config = _config({"promote": {"second_factor": "totp"}})

    def needs(count: int, *, frozen: bool = False) -> str:
        return needs_text(config, rule_for(config, "prod", "drain", count, frozen=frozen), "prod", "U01")

    assert needs(0) == ""
    assert needs(1) == "It needs 1 approval from @admins (not <@U01>)."
    assert needs(0, frozen=True) == "It needs 1 approval from @admins (not <@U01>), because prod is frozen."
    frozen = "It needs 3 approvals from @admins (not <@U01>), one of them because prod is frozen."
    assert needs(2, frozen=True) == frozen
    coded = rule_for(config, "prod", "promote", 1)
    assert needs_text(config, coded, "prod", "U01") == "It needs 1 approval from @admins with a code (not <@U01>)."
    confirmed = confirmation_rule(rule_for(config, "prod", "drain", 0), "U01")
    told = "It costs service: <@U01> must confirm it before it starts."
    assert needs_text(config, confirmed, "prod", "U01") == told


def test_approvers_are_people_and_group_members() -> None:
    """Names, ids and groups, each person once; an unknown group is an error."""
    config = _config({"promote": {"by": ["admins", "leads", "U09"]}})
    rule = rule_for(config, "prod", "promote", 1)
    assert approver_groups(config, [rule]) == {"S01"}
    assert approvers(config, rule, MEMBERS) == {"U01", "U02", "U03", "U04", "U09"}
    assert approver_names(config, rule) == "@admins, @leads and <@U09>"
    with pytest.raises(KeyError):
        approvers(config, rule, {})


@given(st.sampled_from(["U01", "U02", "U03", "U04", "U05"]), st.sampled_from([["admins"], ["leads"], ["S01", "U03"]]))
def test_may_approve_agrees_with_approvers(user: str, by: list[str]) -> None:
    """The answer for one person is the same as in the list of all."""
    config = _config({"promote": {"by": by}})
    rule = rule_for(config, "prod", "promote", 1)
    groups = frozenset(group for group, users in MEMBERS.items() if user in users)
    assert may_approve(config, rule, policy.Membership(user, groups)) is (user in approvers(config, rule, MEMBERS))


def test_shortage_names_too_few_approvers() -> None:
    """The requester does not count as an approver."""
    config = _config({"promote": {"by": ["leads"]}, "rotate": {"by": ["nobody"]}})
    promote = rule_for(config, "prod", "promote", 1)
    assert shortage(config, promote, MEMBERS, "U01") == ""
    told = "`promote` needs 1 approval from @leads, but nobody else can approve it."
    assert shortage(config, promote, MEMBERS, "U03") == told
    assert shortage(config, rule_for(config, "prod", "rotate", 1), MEMBERS, "U01")
    forced = rule_for(config, "prod", "force-new-cluster", 3)
    assert shortage(config, forced, MEMBERS, "U09") == ""
    assert shortage(config, forced, MEMBERS, "U01").endswith(", but only 2 other people can approve it.")


def test_unsatisfiable_rules_are_found() -> None:
    """Fewer approvers than needed is grave; exactly as many means that none of them can request it."""
    config = _config({"promote": {"count": 4}, "rotate": {"count": 3}, "demote": {"by": ["nobody"]}}, {"rotate": {}})
    found = unsatisfiable(config, MEMBERS, {"promote": 1, "rotate": 1, "demote": 1, "join manager": 2})
    promote, rotate, demote = found
    assert (promote.grave, rotate.grave, demote.grave) == (True, False, True)
    assert promote.words.startswith("prod: `promote`; lab: `promote`: needs 4 approvals from @admins, ")
    assert promote.words.endswith("but only 3 people can approve: it can never be approved.")
    assert (
        "`rotate`: needs 3 approvals from @admins besides the requester, but only 3 people can approve: none of"
        in rotate.words
    )
    assert "`demote`: needs 1 approval from @nobody, but nobody can approve: it can never" in demote.words


@given(st.integers(0, 4), st.sampled_from([["admins"], ["leads"], ["nobody"]]), st.sampled_from(["U01", "U03", "U09"]))
def test_shortage_agrees_with_unsatisfiable(count: int, by: list[str], requester: str) -> None:
    """Without a problem nobody meets a shortage; with a grave one everybody does."""
    config = _config({"promote": {"by": by, "count": count}})
    found = unsatisfiable(config, MEMBERS, {"promote": 1})
    short = shortage(config, rule_for(config, "prod", "promote", 1), MEMBERS, requester)
    if not found:
        assert short == ""
    elif found[0].grave:
        assert short


def test_subjects_of_commands_are_valid_in_the_file() -> None:
    """swarmbot.yml accepts the subject of each command, and each default count is at least one."""
    counts = COMMANDS.approval_counts()
    assert counts.keys() <= set(SUBJECTS)
    assert counts.items() >= {("join manager", 1), ("token manager", 1), ("rotate", 1), ("force-new-cluster", 2)}


def test_subject_of_the_file_is_a_rule_without_a_command() -> None:
    """Whoami shows each subject of the file, for any defaults of the commands."""
    config = _config({"trust": {"count": 1}}, {"leave": {"count": 1}})
    assert [rule.subject for rule in cluster_rules(config, "prod", {"rotate": 1})] == ["rotate", "trust", "leave"]
    assert [rule.subject for rule in cluster_rules(config, "lab", {"rotate": 1})] == ["rotate", "trust"]
