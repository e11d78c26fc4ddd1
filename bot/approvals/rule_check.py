"""Finds the rules for which there are too few people."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.approvals.rule import Rule, approver_groups, approver_names, approvers, cluster_rules
from bot.config import Config
from bot.text.suggest import listed
from bot.usergroups import MembershipUnknown, UserGroups

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """``grave``: nobody at all can satisfy the rule; else only somebody who does not decide by it can ask."""

    words: str
    grave: bool


def every_rule(config: Config, counts: Mapping[str, int]) -> list[tuple[str, Rule]]:
    """The rules of each cluster by its name; ``counts`` are the commands' own, by subject."""
    return [(cluster, rule) for cluster in config.clusters for rule in cluster_rules(config, cluster, counts)]


def unsatisfiable(config: Config, members: Mapping[str, frozenset[str]], counts: Mapping[str, int]) -> list[Problem]:
    """What is wrong with the rules, those that are alike in one sentence. ``members`` as for ``approvers``. Pure."""
    alike: dict[tuple[tuple[str, ...], int], dict[str, list[str]]] = {}
    for cluster, rule in every_rule(config, counts):
        if len(approvers(config, rule, members)) <= rule.count > 0:
            alike.setdefault((rule.by, rule.count), {}).setdefault(cluster, []).append(rule.subject)
    return [_problem(config, members, Rule("", by, count, 0.0), where) for (by, count), where in alike.items()]


def rule_problems(config: Config, user_groups: UserGroups, counts: Mapping[str, int]) -> list[str]:
    """What :func:`unsatisfiable` finds, in sentences; where Slack does not say who is in a group, that it does not."""
    try:
        members = user_groups.members(approver_groups(config, (rule for _, rule in every_rule(config, counts))))
    except MembershipUnknown as error:
        return [f"It is not known whether there are people enough for the approval rules. {error.happened}"]
    return [problem.words for problem in unsatisfiable(config, members, counts)]


def log_rule_problems(config: Config, user_groups: UserGroups, counts: Mapping[str, int]) -> None:
    """Say in the log what :func:`rule_problems` finds."""
    for words in rule_problems(config, user_groups, counts):
        log.warning("Approval rules: %s", words)


def _problem(
    config: Config, members: Mapping[str, frozenset[str]], rule: Rule, where: Mapping[str, Iterable[str]]
) -> Problem:
    there = len(approvers(config, rule, members))
    what = "; ".join(f"{cluster}: {listed(f'`{each}`' for each in subjects)}" for cluster, subjects in where.items())
    needs = f"{what}: a yes of {rule.count} of {approver_names(config, rule)} is needed"
    if there < rule.count:
        return Problem(f"{needs}, and there {_are(there)}: nobody can ever do it.", grave=True)
    words = f"{needs} besides who asks, and there {_are(there)}: none of them can ever do it."
    return Problem(words, grave=False)


def _are(count: int) -> str:
    return "is nobody" if not count else "is only 1" if count == 1 else f"are only {count}"
