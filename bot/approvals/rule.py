"""Approval rules: who must approve a risky change, how many of them, and within what time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot import policy
from bot.blocks import plain_line, user
from bot.config import ApprovalRule, Config
from bot.text.suggest import listed, number_of

DEFAULT_EXPIRY_S: Final = 1800.0
CONFIRMATION_EXPIRY_S: Final = 600.0
"""The requester is present to confirm it: Slack's response_url, which carries the question, is valid for 30 minutes."""

REMINDED_PART: Final = 0.25
"""People are reminded when this part of a request's lifetime is left."""
MIN_REMINDED_S: Final = 300.0
"""If a request expires sooner than this, nobody is reminded of it, unless its rule says when."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who must approve a subject in a cluster."""

    subject: str
    """What swarmbot.yml's rules call the change, for example ``promote``."""
    by: tuple[str, ...]
    """Names of swarmbot.yml or Slack ids."""
    count: int
    """The approvals needed; 0 for none."""
    expires: float
    """Seconds in which they must be given."""
    second_factor: Literal["totp"] | None = None
    frozen: bool = False
    """Whether a freeze adds one approval."""
    confirmation: bool = False
    """Whether the requester alone decides: nobody else needs to approve, but the plan costs service."""
    remind: float | None = None
    """Seconds before it expires when those who may approve are reminded; 0.0 for never, None for the default."""

    def reminded_before_s(self, lifetime_s: float) -> float:
        """Return the seconds before a request of this lifetime expires when people are reminded; 0.0 for never."""
        default_s = lifetime_s * REMINDED_PART if lifetime_s >= MIN_REMINDED_S else 0.0
        before_s = default_s if self.remind is None else self.remind
        return before_s if before_s < lifetime_s else 0.0


def rule_for(config: Config, cluster: str, subject: str, default_count: int, *, frozen: bool = False) -> Rule:
    """Return the rule in ``cluster``: each key from the cluster's rule, then the general rule, then the default.

    By default those who may administer approve, and ``default_count`` of them must; it is the command's own. A freeze
    adds one approval.
    """
    layers: list[ApprovalRule] = [config.rules.approvals.get(subject, ApprovalRule())]
    if cluster in config.clusters:
        layers.insert(0, config.clusters[cluster].approvals.get(subject, ApprovalRule()))
    by = next((layer.by for layer in layers if layer.by is not None), config.rules.administer)
    count = next((layer.count for layer in layers if layer.count is not None), default_count)
    expires = next((layer.expires for layer in layers if layer.expires is not None), DEFAULT_EXPIRY_S)
    remind = next((layer.remind for layer in layers if layer.remind is not None), None)
    factor = next((layer.second_factor for layer in layers if layer.second_factor is not None), "none")
    second_factor: Literal["totp"] | None = "totp" if factor == "totp" else None
    return Rule(subject, by, count + frozen, expires, second_factor, frozen=frozen, remind=remind)


def cluster_rules(config: Config, cluster: str, counts: Mapping[str, int]) -> list[Rule]:
    """Return the cluster's rules for all subjects with a default in ``counts`` or an entry in swarmbot.yml."""
    about = config.clusters[cluster].approvals if cluster in config.clusters else {}
    subjects = dict.fromkeys((*counts, *config.rules.approvals, *about))
    return [rule_for(config, cluster, subject, counts.get(subject, 0)) for subject in subjects]


def confirmation_rule(rule: Rule, requester: str) -> Rule:
    """Return the rule by which the requester confirms a plan that needs no approval."""
    return Rule(rule.subject, (requester,), 1, CONFIRMATION_EXPIRY_S, confirmation=True, remind=0.0)


def approver_groups(config: Config, rules: Iterable[Rule]) -> frozenset[str]:
    """Return the user groups (S…) that the rules name."""
    return frozenset(each for rule in rules for each in _ids(config, rule) if each.startswith("S"))


def notified(config: Config, rule: Rule, requester: str) -> tuple[str, ...]:
    """Return whom to mention for approval, as users (U…) and user groups (S…), without the requester."""
    return tuple(each for each in _ids(config, rule) if each != requester)


def approvers(config: Config, rule: Rule, members: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the users (U…) who may approve, including the requester; ``members`` are the users of each group.

    Raises KeyError for a group that ``members`` does not have.
    """
    found: set[str] = set()
    for each in _ids(config, rule):
        found |= members[each] if each.startswith("S") else {each}
    return frozenset(found)


def may_approve(config: Config, rule: Rule, membership: policy.Membership) -> bool:
    """Return whether this person may approve the requests of others."""
    who = _ids(config, rule)
    return membership.user in who or not membership.groups.isdisjoint(who)


def approver_names(config: Config, rule: Rule) -> str:
    """Return who may approve, as Slack shows it: ``@admins and @kim``."""
    return listed(policy.shown(config, entry) for entry in dict.fromkeys(rule.by)) or "nobody"


def needs_text(config: Config, rule: Rule, cluster: str, requester: str) -> str:
    """Return what a change by this rule needs before it starts, in a sentence; "" for nothing."""
    if rule.confirmation:
        return f"It costs service: {user(requester)} must confirm it before it starts."
    if not rule.count:
        return ""
    frozen = f"{plain_line(cluster)} is frozen" if rule.frozen else ""
    who = approver_names(config, rule)
    needs = approvals_text(rule.count, who, requester, with_code=bool(rule.second_factor), frozen=frozen)
    return f"It needs {needs}."


def approvals_text(count: int, who: str, requester: str, *, with_code: bool, frozen: str) -> str:
    """Return how many approvals are needed, from whom, and that ``frozen`` is why one of them is; "": none is."""
    code = " with a code" if with_code else ""
    which = "one of them " if count > 1 else ""
    because = f", {which}because {frozen}" if frozen else ""
    return f"{number_of(count, 'approval')} from {who}{code} (not {user(requester)}){because}"


def shortage(config: Config, rule: Rule, members: Mapping[str, frozenset[str]], requester: str) -> str:
    """Return why too few people can approve a change of this requester, in a sentence; "" if there are enough."""
    others = len(approvers(config, rule, members) - {requester})
    if others >= rule.count:
        return ""
    people = "nobody else" if not others else "only 1 other person" if others == 1 else f"only {others} other people"
    needs = f"{number_of(rule.count, 'approval')} from {approver_names(config, rule)}"
    return f"`{rule.subject}` needs {needs}, but {people} can approve it."


def _ids(config: Config, rule: Rule) -> dict[str, None]:
    """Return the users and user groups that the rule names, each once, in its order."""
    return dict.fromkeys(each for entry in rule.by for each in config.people.get(entry, (entry,)))
