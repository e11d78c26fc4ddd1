"""`/swarm status`: health first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.blocks import (
    FAILED,
    RUNNING,
    WAITING,
    WARNING,
    Message,
    channel,
    context,
    order_text,
    paragraphs,
    plain_line,
    quoted,
    tick,
    user,
    when,
)
from bot.commands import NoArguments, question
from bot.errors import SwarmbotError
from bot.model import Facts, FactsQuery, OpenChange
from bot.swarm.health.headline import headline
from bot.swarm.health.health import Health, Level, health
from bot.swarm.health.next_steps import next_steps
from bot.swarm.health.summary import AgedSummary, Summary, summary_of
from bot.swarm.incidents.status_lines import START_WATCH, unwatched_text, wrong_lines
from bot.swarm.quorum import quorum_of, raft_members
from bot.text.suggest import number_of

READ_TIMEOUT_S: Final = 5.0
"""The time-out for the hosts, and again for the manager: a status must not wait for hosts that are down."""


LEVELS: Final[tuple[Level, ...]] = ("no quorum", "no leader", "unknown", "degraded", "none", "healthy")
"""The order of clusters in the overview, the worst first."""
COMMAND: Final = re.compile(r"`(/swarm [^`]+)`")


def overview(results: Mapping[str, Facts | AgedSummary | SwarmbotError]) -> Message:
    """Return a line for each cluster with its next step, the worst cluster first."""
    lines = [line for *_, line in sorted(_overview_line(name, each) for name, each in results.items())]
    title = f"{number_of(len(results), 'cluster')}, the worst first"
    return Message(title, tuple(paragraphs([f"*{title}*", *lines])))


def _overview_line(name: str, result: Facts | AgedSummary | SwarmbotError) -> tuple[int, int, str, str]:
    """Return the line, with its sort key. Its commands name the cluster, so they can be typed in any channel."""
    if isinstance(result, SwarmbotError):
        why = _naming(name, f"{result.happened} {result.next_step}".rstrip())
        return LEVELS.index("unknown"), 0, name, f"{FAILED} *{plain_line(name)} cannot be read*: {why}"
    if isinstance(result, AgedSummary):
        state, first, records = result.summary.health, result.headline, result.records
    else:
        state, records = health(result), result
        first = headline(result, state)
    tolerates = quorum_of(raft_members(records)).tolerates if records.swarm else 0
    changes = f" · {number_of(len(records.open_changes), 'change')} under way" if records.open_changes else ""
    steps = "".join(f" · Next: {_naming(name, step)}" for step in next_steps(records, state)[:1])
    return LEVELS.index(state.level), tolerates, name, f"{first}{changes}{steps}"


def _naming(cluster: str, text: str) -> str:
    """Return the text with ``--cluster`` in each of its commands."""
    return COMMAND.sub(lambda found: f"`{found[1]} --cluster {cluster}`", text)


def _query(_: NoArguments) -> FactsQuery:
    return FactsQuery(
        all_hosts=True,
        services=True,
        restarts=True,
        certificates=True,
        open_changes=True,
        incidents=True,
        timeout_s=READ_TIMEOUT_S,
    )


def aged_status(aged: AgedSummary) -> Message:
    """Return the status as watch read it, with its age and the records of now."""
    message = _message(replace(aged.summary, headline=aged.headline), aged.records)
    return replace(message, blocks=(*message.blocks, context(f"{WAITING} The complete answer follows.")))


@question(
    "status",
    group="Look",
    help="Show the cluster's health and how to fix problems; `--cluster all` for every cluster",
    example="status",
    permission="view",
    risk="none",
    approval=0,
    query=_query,
    overview=overview,
    aged=aged_status,
)
def status(facts: Facts, _: NoArguments) -> Message:
    """Return the state, the changes that run or wait, what is wrong, the numbers that matter, then the next step."""
    return _message(summary_of(facts), facts)


def _message(summary: Summary, records: Facts) -> Message:
    """Return the answer. Only Swarmbot's own records of the cluster are used from ``records``."""
    lines = [
        summary.headline,
        *map(_change, records.open_changes),
        *_frozen(records),
        *_closed(records),
        *_unwatched(records),
        *wrong_lines(summary.health, records.incidents),
        *summary.numbers,
        *_next(records, summary.health),
    ]
    return Message(summary.headline.replace("*", ""), tuple(paragraphs(lines)))


def _frozen(facts: Facts) -> list[str]:
    if facts.freeze is None:
        return []
    who = user(facts.freeze.by) if facts.freeze.by else "swarmbot.yml"
    reason = f": {quoted(facts.freeze.reason)}" if facts.freeze.reason else ""
    return [f"{WARNING} Frozen until {when(facts.freeze.until)} by {who}{reason} · each change needs one more approval"]


def _closed(facts: Facts) -> list[str]:
    closed = facts.closed_channel
    if closed is None:
        return []
    text = (
        f"{WARNING} *Swarmbot cannot post in* {channel(closed.id)} ({tick(closed.reason)}) since {when(closed.since)}"
    )
    return [f"{text}: approval requests and results are not seen there. {closed.next_step}"]


def _unwatched(facts: Facts) -> list[str]:
    since = facts.unwatched_since
    return [f"{unwatched_text(facts.name, since)} To go on: {START_WATCH}."] if since else []


def _change(change: OpenChange) -> str:
    words, by = order_text(change.words), user(change.requester)
    if change.outdated:
        why = f"its plan no longer applies: {change.outdated}"
        return f"{WARNING} {tick(change.id)} {words} · {why} · requested by {by} · expires {when(change.expires)}"
    if change.state == "awaiting confirmation":
        wait = f"waits until {by} confirms it · expires {when(change.expires)}"
        return f"{WAITING} {tick(change.id)} {words} · {wait}"
    if change.state != "awaiting approval":
        sign, state = (RUNNING, "runs") if change.state == "running" else (WAITING, "waits for its turn")
        return f"{sign} {tick(change.id)} {words} · {state} · requested by {by}"
    have, needed = change.approvals
    return (
        f"{WAITING} {tick(change.id)} {words} · waits for approval, {have} of {needed} · requested by {by} · "
        f"expires {when(change.expires)}"
    )


def _next(facts: Facts, health: Health) -> list[str]:
    steps = next_steps(facts, health)
    return [f"Next: {' · '.join(steps)}"] if steps else []
