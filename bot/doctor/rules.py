"""The approval rules: whether there are people enough for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import handlers  # noqa: F401 - importing it registers the commands, whose own counts hold by default
from bot.approvals.rule import groups_of
from bot.approvals.rule_check import every_rule, unsatisfiable
from bot.commands import default_counts
from bot.doctor.finding import Finding, look_here, well, wrong
from bot.doctor.resources import Resources
from bot.doctor.slack import members_of

MEND: Final = "Name more people in `by`, or ask for fewer (`count`): `approvals` in swarmbot.yml."


def rules(resources: Resources) -> Iterator[Finding]:
    """Each rule can be satisfied, by everybody who may ask."""
    counts = default_counts()
    groups = groups_of(resources.config, (rule for _, rule in every_rule(resources.config, counts)))
    problems = unsatisfiable(resources.config, {group: members_of(resources, group) for group in groups}, counts)
    for problem in problems:
        yield wrong(problem.words, MEND) if problem.grave else look_here(problem.words, MEND)
    if not problems:
        yield well("There are people enough for every approval rule.")
