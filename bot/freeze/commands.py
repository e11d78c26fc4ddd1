"""Run `/swarm freeze` and `/swarm thaw`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from bot.audit import Entry
from bot.blocks import DONE, WARNING, Message, echo, paragraphs, quoted, text_message, user, when
from bot.commands import ControlResult, FreezeCluster, ThawCluster
from bot.errors import NotUnderstood, Refused
from bot.freeze.freezes import Freezes
from bot.model import Freeze
from bot.secrets.redact import redact
from bot.text.timespec import read_future

MAX_FREEZE_S: Final = 366 * 24 * 3600.0
"""A later end is treated as a typing mistake."""


def run_freeze_command(
    freezes: Freezes,
    command: FreezeCluster | ThawCluster,
    cluster: str,
    entry: Entry,
    now: float,
    *,
    waiting: Sequence[str] = (),
) -> ControlResult:
    """Freeze or thaw ``cluster`` for ``entry.by`` at ``now`` (unix seconds).

    ``waiting`` is shown when no freeze is left: the orders that still wait for an approval that a freeze added.
    """
    if isinstance(command, FreezeCluster):
        return _freeze(freezes, command, cluster, entry, now)
    return _thaw(freezes, cluster, entry, now, waiting)


def _until(command: FreezeCluster, now: float) -> float:
    """Return when the freeze is to end, unix seconds. Raise NotUnderstood for a time that cannot be meant."""
    until = read_future(command.until, now)
    if until is None or until <= now:
        raise NotUnderstood(
            f"{echo(command.until)} is in the past.",
            next_step="Times are UTC: try `18:00`, `2026-12-24T08:00`, `2026-12-24T08:00+01:00`, or a duration: `4h`.",
        )
    if until > now + MAX_FREEZE_S:
        raise NotUnderstood(
            f"{echo(command.until)} is more than a year away.", next_step="A freeze lasts a year at most."
        )
    return until


def _freeze(freezes: Freezes, command: FreezeCluster, cluster: str, entry: Entry, now: float) -> ControlResult:
    until = _until(command, now)
    while True:
        stored = freezes.kept(cluster)
        current = stored if stored and stored.until > now else None
        if current is not None and (current.until, current.reason) == (until, redact(command.reason)):
            frozen_text = f"{cluster} is frozen until {when(until)} by {user(current.by)}"
            return ControlResult(
                text_message(f"{DONE} No change needed: {frozen_text}: {quoted(current.reason)}. Nothing was changed."),
                None,
            )
        entries = [replace(entry, action="froze", detail=f"until {_utc(until)}: {command.reason}")]
        if current is not None:
            entries.insert(0, replace(entry, action="replaced freeze", detail=_replaced_detail(current, until)))
        if freezes.freeze(cluster, until, entry.by, command.reason, entries, replaces=stored):
            break
    terms = (
        f"until {when(until)}: {quoted(command.reason)}. Until then every change needs one more "
        "approval, also a change that usually needs none. `/swarm thaw` ends the freeze."
    )
    replaced = [_replaced_text(current, until)] if current else []
    return ControlResult(
        message_of(f"*{cluster} is frozen* {terms}", *replaced),
        message_of(f"{WARNING} *{cluster} is frozen* by {user(entry.by)} {terms}", *replaced),
    )


def _replaced_text(replaced: Freeze, until: float) -> str:
    """Return which freeze was replaced, and plainly whether that has made it shorter."""
    which = f"the one that {user(replaced.by)} set until {when(replaced.until)} ({quoted(replaced.reason)})"
    if until < replaced.until:
        return f"{WARNING} *The freeze is shorter now*: it replaces {which}."
    return f"It replaces {which}."


def _replaced_detail(replaced: Freeze, until: float) -> str:
    ends = "earlier" if until < replaced.until else "later" if until > replaced.until else "at the same time"
    return f"it was set by {replaced.by} until {_utc(replaced.until)}; the new one ends {ends}"


def _thaw(freezes: Freezes, cluster: str, entry: Entry, now: float, waiting: Sequence[str]) -> ControlResult:
    thawed = freezes.thaw(cluster, [replace(entry, action="thawed")], now)
    scheduled = freezes.scheduled(cluster, now)
    if not thawed and scheduled is None:
        return ControlResult(message_of(f"{cluster} is not frozen. Nothing was changed.", *waiting), None)
    if scheduled is None:
        return ControlResult(
            message_of(f"*{cluster} is thawed*.", *waiting),
            message_of(f"{DONE} *{cluster} is thawed* by {user(entry.by)}.", *waiting),
        )
    frozen_text = scheduled_text(scheduled)
    if not thawed:
        raise Refused(
            f"{frozen_text}, and `/swarm thaw` cannot end a scheduled freeze.",
            next_step="Get one more approval for a change, or have the freeze removed from swarmbot.yml.",
        )
    return ControlResult(
        text_message(
            f"The freeze set by `/swarm freeze` has ended, but {frozen_text}. `/swarm thaw` cannot end that one."
        ),
        text_message(f"{WARNING} {user(entry.by)} ended the freeze set by `/swarm freeze`, but {frozen_text}."),
    )


def scheduled_text(scheduled: Freeze) -> str:
    """Return that swarmbot.yml freezes the cluster, until when and why."""
    return f"swarmbot.yml freezes {scheduled.cluster} until {when(scheduled.until)} ({quoted(scheduled.reason)})"


def message_of(*lines: str) -> Message:
    """Return a message of these lines."""
    return Message("\n".join(lines), tuple(paragraphs(lines)))


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
