"""`/swarm watch`: whether the cluster is watched, by which process, and how fresh its reading is."""

from __future__ import annotations

from typing import Final

from bot.blocks import DONE, WAITING, WARNING, Message, paragraphs, plain_line, text_message, tick
from bot.commands import NoArguments, record
from bot.model.incident import LastReading
from bot.model.records import Records, RecordsQuery
from bot.swarm.incidents.overlay_signals import MAX_CHECKED_NODES
from bot.swarm.incidents.status_lines import unwatched_lines
from bot.text.durations import age, write_duration
from bot.text.suggest import listed, number_of

LATE_S: Final = 60.0
"""A reading that is older than this, although a process leads, is late."""


@record(
    "watch",
    group="Watch",
    help="Show what is watched, how fresh it is, and which process does it",
    example="watch",
    permission="view",
    risk="none",
    approval=0,
    query=lambda _: RecordsQuery(watch=True, incidents=True, silences=True),
)
def watch(records: Records, _: NoArguments) -> Message:
    """Return who watches the cluster, and what was read last."""
    cluster, reading, leader = records.cluster, records.watch.last_reading, records.watch.leader
    if not leader:
        return text_message("\n".join(unwatched_lines(cluster, reading)))
    if reading is None:
        return text_message(f"{WAITING} *{cluster} is being read for the first time* by {plain_line(leader)}.")
    old = records.at - reading.at
    headline = f"{cluster} is watched · read {age(old)} ago"
    sign = DONE if reading.read_from and old < LATE_S else WARNING
    lines = [
        f"{sign} *{headline}*",
        _read(reading),
        _speed(reading, leader),
        _overlay(reading, records.at),
        _counts(records),
    ]
    return Message(headline, tuple(paragraphs(lines)))


def _read(reading: LastReading) -> str:
    unread = f" · not read: {listed(map(tick, reading.unread), limit=5)}" if reading.unread else ""
    if not reading.read_from:
        return f"{WARNING} No manager with a quorum could be read{unread}"
    counts = f"{number_of(reading.nodes, 'node')}, {number_of(reading.services, 'service')}"
    return f"Read through {tick(reading.read_from)} in {reading.duration_s:.1f} s: {counts}{unread}"


def _speed(reading: LastReading, leader: str) -> str:
    at_once = ", and at once after an event" if reading.bell else ""
    return f"By {plain_line(leader)} · next reading within {reading.interval_s:.0f} s{at_once}"


def _overlay(reading: LastReading, now: float) -> str:
    """Return when the routes between the nodes and the overlay are checked."""
    if not reading.overlay_check_s:
        return "Routes between nodes are not checked: swarmbot.yml has no `watch.overlay_check`"
    some = f", {MAX_CHECKED_NODES} of {reading.nodes} nodes each time" if reading.nodes > MAX_CHECKED_NODES else ""
    last = f"checked {age(now - reading.overlay_checked_at)} ago" if reading.overlay_checked_at else "not checked yet"
    return f"Routes between nodes: {last}, every {write_duration(reading.overlay_check_s)}{some}"


def _counts(records: Records) -> str:
    count = sum(each.open for each in records.incidents)
    return f"{number_of(count, 'open incident')} · {number_of(len(records.silences), 'silence')}"
