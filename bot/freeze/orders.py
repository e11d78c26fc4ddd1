"""Carries `/swarm freeze` and `/swarm thaw` out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from bot.audit import Entry
from bot.blocks import DONE, WARNING, Message, escape, text_message, tick, user, when
from bot.commands import FreezeCluster, ThawCluster, read_moment
from bot.errors import NotUnderstood, Refused
from bot.freeze.freezes import Freezes
from bot.secrets.redact import redact

LONGEST: Final = 366 * 24 * 3600.0
"""Seconds that a freeze may last: past that a date is taken for a slip of the pen."""


class Ordered(NamedTuple):
    """What is told to who ordered it, and what the cluster's channel reads of it (None: nothing changed)."""

    told: Message
    announced: Message | None


def carry_out(freezes: Freezes, order: FreezeCluster | ThawCluster, cluster: str, entry: Entry, now: float) -> Ordered:
    """Freeze or thaw ``cluster`` for ``entry.by`` at ``now`` (unix seconds)."""
    if isinstance(order, FreezeCluster):
        return _freeze(freezes, order, cluster, entry, now)
    return _thaw(freezes, cluster, entry, now)


def _freeze(freezes: Freezes, order: FreezeCluster, cluster: str, entry: Entry, now: float) -> Ordered:
    until = read_moment(order.until, now)
    if until is None or until <= now:
        raise NotUnderstood(
            f"{tick(order.until)} is over.",
            next_step="Times are UTC: write `18:00`, `2026-12-24T08:00`, `2026-12-24T08:00+01:00`, or how long: `4h`.",
        )
    if until > now + LONGEST:
        raise NotUnderstood(
            f"{tick(order.until)} is more than a year away.", next_step="A freeze lasts a year at most."
        )
    stands = freezes.ordered(cluster, now)
    if stands is not None and (stands.until, stands.reason) == (until, redact(order.reason)):
        held = f"{cluster} is frozen until {when(until)} ({_utc(until)}) by {user(stands.by)}"
        return Ordered(
            text_message(f"{DONE} Already so: {held}: “{escape(stands.reason)}”. Nothing was changed."), None
        )
    written = replace(entry, action="froze", detail=f"until {_utc(until)}: {order.reason}")
    freezes.freeze(cluster, until, entry.by, order.reason, [written])
    terms = (
        f"until {when(until)} ({_utc(until)}): “{escape(order.reason)}”. Until then each change needs one yes more: "
        "one, where none is needed otherwise. `/swarm thaw` ends it."
    )
    return Ordered(
        text_message(f"*{cluster} is frozen* {terms}"),
        text_message(f"{WARNING} *{cluster} is frozen* by {user(entry.by)} {terms}"),
    )


def _thaw(freezes: Freezes, cluster: str, entry: Entry, now: float) -> Ordered:
    thawed = freezes.thaw(cluster, [replace(entry, action="thawed")])
    planned = freezes.planned(cluster, now)
    if not thawed and planned is None:
        return Ordered(text_message(f"{cluster} is not frozen. Nothing was changed."), None)
    if planned is None:
        return Ordered(
            text_message(f"*{cluster} is thawed*."), text_message(f"{DONE} *{cluster} is thawed* by {user(entry.by)}.")
        )
    held = f"swarmbot.yml freezes {cluster} until {when(planned.until)} (“{escape(planned.reason)}”)"
    if not thawed:
        raise Refused(
            f"{held}, and what is scheduled there cannot be thawed.",
            next_step="A change goes through with one yes more. Who runs Swarmbot can take the window out.",
        )
    return Ordered(
        text_message(f"The freeze that was ordered is over, but {held}: that cannot be thawed."),
        text_message(f"{WARNING} {user(entry.by)} ended the freeze that was ordered, but {held}."),
    )


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
