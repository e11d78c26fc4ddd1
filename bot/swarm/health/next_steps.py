"""What to do next about a cluster: the fixes of its issues, unless a change that waits or runs is about them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bot.blocks import tick, user
from bot.model import Facts, OpenChange
from bot.swarm.health.health import Health
from bot.swarm.health.issues import WAIT, Issue
from bot.text.suggest import listed

WHOLE_CLUSTER: Final = frozenset({"init", "recover", "restore"})
"""Commands that decide about the managers of the whole cluster: until they have ended, nothing else is advised.

While they wait for approval, it is still right to bring managers back.
"""


def next_steps(facts: Facts, health: Health) -> list[str]:
    """Return the next steps, the most urgent first; [] if there is nothing to do."""
    changes = [change for change in facts.open_changes if not change.outdated]
    decide = [
        *(
            f"`/swarm cancel {change.id}`, and request it again if it is still needed"
            for change in facts.open_changes
            if change.outdated
        ),
        *(
            f"{who} {tick(change.id)}: `/swarm approvals {change.id}`"
            for change in changes
            if (who := _decider(change))
        ),
    ]
    if whole := [change for change in changes if change.command in WHOLE_CLUSTER]:
        waits = all(map(_decider, whole))
        instead = [f"or {issue.harmless}" for issue in health.issues if waits and issue.harmless]
        return [*decide, *_followed(whole), *instead]
    if health.level == "none":
        return [*decide, "`/swarm init HOST` creates the cluster; `/swarm hosts` shows which hosts respond."]
    waiting = [change for change in changes if any(_is_about(issue, change) for issue in health.issues)]
    left = [issue for issue in health.issues if not any(_is_about(issue, change) for change in changes)]
    urgent, rest = [issue for issue in left if issue.urgent], [issue for issue in left if not issue.urgent]
    steps = [*fixes(urgent), *decide, *_followed(waiting), *fixes(rest)]
    if health.level != "healthy" and not steps:
        return ["`/swarm hosts` shows the state of each host"]
    return steps


def _followed(changes: Iterable[OpenChange]) -> list[str]:
    """Return how to follow the changes that run or wait for their turn."""
    return [
        f"wait for {tick(change.id)}: `/swarm job {change.id}` shows its steps"
        for change in changes
        if not _decider(change)
    ]


def _decider(change: OpenChange) -> str:
    """Return who must do what, to be followed by the change; "" if it waits for no decision."""
    if change.state == "awaiting confirmation":
        return f"{user(change.requester)} must confirm or cancel"
    return "approve or deny" if change.state == "awaiting approval" else ""


def fixes(issues: Iterable[Issue]) -> list[str]:
    """Return each fix once, with the hosts on which it must be done; to wait is named once."""
    places: dict[str, list[str]] = {}
    for issue in issues:
        if issue.fix and issue.may_pass:
            places.setdefault(WAIT, [""])
        if issue.fix:
            places.setdefault(issue.fix, []).append(tick(issue.where) if issue.where else "")
    return [f"{listed(hosts)}: {fix}" if all(hosts) else fix for fix, hosts in places.items()]


def _is_about(issue: Issue, change: OpenChange) -> bool:
    """Return whether a fix is for a host or node that the change names already."""
    words = {*re.findall(r"[\w.:-]+", issue.fix), issue.where}
    return bool(issue.fix) and not words.isdisjoint(filter(None, change.names))
