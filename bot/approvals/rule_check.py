"""Find the approval rules for which there are too few people."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.approvals.rule import Rule, approver_groups, approver_names, approvers, cluster_rules
from bot.config import Config
from bot.text.suggest import listed, number_of
from bot.usergroups import MembershipUnknown, UserGroups

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """A rule, or several alike, with too few approvers."""

    words: str
    grave: bool
    """Whether no request can ever be approved; otherwise only those of requesters who are not approvers can."""


def every_rule(config: Config, counts: Mapping[str, int]) -> list[tuple[str, Rule]]:
    """Return each cluster's name with each of its rules; ``counts`` are the commands' defaults by subject."""
    return [(cluster, rule) for cluster in config.clusters for rule in cluster_rules(config, cluster, counts)]


def unsatisfiable(
    config: Config, members: Mapping[str, frozenset[str]], counts: Mapping[str, int]
) -> list[RuleProblem]:
    """Return what is wrong with the rules, one problem for rules that are alike. ``members``: as in ``approvers``."""
    alike: dict[tuple[tuple[str, ...], int], dict[str, list[str]]] = {}
    for cluster, rule in every_rule(config, counts):
        if len(approvers(config, rule, members)) <= rule.count > 0:
            alike.setdefault((rule.by, rule.count), {}).setdefault(cluster, []).append(rule.subject)
    return [_problem(config, members, Rule("", by, count, 0.0), where) for (by, count), where in alike.items()]


def rule_problems(config: Config, user_groups: UserGroups, counts: Mapping[str, int]) -> list[str]:
    """Return the problems in sentences; if Slack does not say who is in a group, return that."""
    try:
        members = user_groups.members(
            approver_groups(config, (rule for _, rule in every_rule(config, counts))), may_be_stale=True
        )
    except MembershipUnknown as error:
        return [f"Unknown whether enough people can approve: {error.happened}"]
    return [problem.words for problem in unsatisfiable(config, members, counts)]


def log_rule_problems(config: Config, user_groups: UserGroups, counts: Mapping[str, int]) -> None:
    """Log the problems as warnings."""
    for words in rule_problems(config, user_groups, counts):
        log.warning("Approval rules: %s", words)


def _problem(
    config: Config, members: Mapping[str, frozenset[str]], rule: Rule, where: Mapping[str, Iterable[str]]
) -> RuleProblem:
    people = len(approvers(config, rule, members))
    what = "; ".join(f"{cluster}: {listed(f'`{each}`' for each in subjects)}" for cluster, subjects in where.items())
    needs = f"{what}: needs {number_of(rule.count, 'approval')} from {approver_names(config, rule)}"
    can = "nobody" if not people else "only 1 person" if people == 1 else f"only {people} people"
    if people < rule.count:
        return RuleProblem(f"{needs}, but {can} can approve: it can never be approved.", grave=True)
    words = f"{needs} besides the requester, but {can} can approve: none of them can ever request it."
    return RuleProblem(words, grave=False)
