"""What it takes to do a risky thing: whose yes, how many, for how long. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot import policy
from bot.config import ApprovalRule, Config
from bot.text.suggest import listed

EXPIRES: Final = 1800.0
"""Seconds that a question waits where no rule says otherwise."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``count`` people of ``by`` (names of swarmbot.yml or Slack ids) must say yes within ``expires`` seconds."""

    subject: str
    by: tuple[str, ...]
    count: int
    expires: float
    second_factor: Literal["totp"] | None = None


def rule_for(config: Config, cluster: str, subject: str, default_count: int) -> Rule:
    """The rule that holds in ``cluster``: each key from the cluster's own rule, else the general one, else the default.

    Who may administer decides by default; how many must is the command's own ``default_count``.
    """
    layers: list[ApprovalRule] = [config.rules.approvals.get(subject, ApprovalRule())]
    if cluster in config.clusters:
        layers.insert(0, config.clusters[cluster].approvals.get(subject, ApprovalRule()))
    by = next((layer.by for layer in layers if layer.by is not None), config.rules.administer)
    count = next((layer.count for layer in layers if layer.count is not None), default_count)
    expires = next((layer.expires for layer in layers if layer.expires is not None), EXPIRES)
    factor = next((layer.second_factor for layer in layers if layer.second_factor is not None), "none")
    return Rule(subject, by, count, expires, "totp" if factor == "totp" else None)


def cluster_rules(config: Config, cluster: str, counts: Mapping[str, int]) -> list[Rule]:
    """The rules of a cluster for all subjects that have a default in ``counts`` or are named in swarmbot.yml."""
    about = config.clusters[cluster].approvals if cluster in config.clusters else {}
    subjects = dict.fromkeys((*counts, *config.rules.approvals, *about))
    return [rule_for(config, cluster, subject, counts.get(subject, 0)) for subject in subjects]


def frozen_rule(rule: Rule) -> Rule:
    """The rule in a freeze: one yes more, one where none was needed."""
    return replace(rule, count=rule.count + 1)


def approver_groups(config: Config, rules: Iterable[Rule]) -> frozenset[str]:
    """The user groups (S…) in which approvers may be found."""
    return frozenset(each for rule in rules for each in _ids(config, rule) if each.startswith("S"))


def approvers(config: Config, rule: Rule, members: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The users (U…) whose yes counts, the requester among them; ``members`` holds who is in each of the groups.

    A group that ``members`` does not hold raises KeyError: nobody is counted, or left out, by a guess.
    """
    found: set[str] = set()
    for each in _ids(config, rule):
        found |= members[each] if each.startswith("S") else {each}
    return frozenset(found)


def may_approve(config: Config, rule: Rule, membership: policy.Membership) -> bool:
    """Whether this person's yes counts, on another's request."""
    who = _ids(config, rule)
    return membership.user in who or not membership.groups.isdisjoint(who)


def approver_names(config: Config, rule: Rule) -> str:
    """Whose yes counts, as Slack shows it: ``@admins and @kim``."""
    return listed(policy.shown(config, entry) for entry in dict.fromkeys(rule.by)) or "nobody"


def shortage(config: Config, rule: Rule, members: Mapping[str, frozenset[str]], requester: str) -> str:
    """Why nobody could ever satisfy ``rule`` for this requester, in a sentence; "" when there are people enough."""
    others = len(approvers(config, rule, members) - {requester})
    if others >= rule.count:
        return ""
    there = "is nobody else" if not others else f"{'is' if others == 1 else 'are'} only {others} besides you"
    return f"`{rule.subject}` needs a yes of {rule.count} of {approver_names(config, rule)}, and there {there}."


def _ids(config: Config, rule: Rule) -> frozenset[str]:
    return frozenset(each for entry in rule.by for each in config.people.get(entry, (entry,)))
