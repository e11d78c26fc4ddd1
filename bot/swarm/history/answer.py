"""The history of a cluster as a message: in words, with what to do if there is none. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import WAITING, Message, paragraphs, plain_line, section, text_message, when
from bot.model.history import SAMPLE_S, History
from bot.swarm.history.chart import chart_of
from bot.swarm.history.span import ALL_KEPT, HistorySpan
from bot.swarm.history.words import lines
from bot.swarm.incidents.status_lines import START_WATCH, unwatched_text

LATE_S: Final = 2.0 * SAMPLE_S
"""After this time without a sample a cluster counts as unwatched, if no process leads: another one would by then."""


def history_message(cluster: str, history: History, span: HistorySpan, now: float) -> Message:
    """Return what was recorded in a time, or that nothing was, and why."""
    if not history.samples:
        return _nothing_yet(cluster, watched=history.watched)
    chart = chart_of(cluster, history.samples, span, now)
    if chart is None:
        told = f"*Nothing of {cluster} was recorded* from {when(span.since)} to {when(span.until)}."
        return text_message(f"{told}\nNext: {ALL_KEPT}")
    text = f"History of {cluster}"
    head = [f"*{text}* · {when(chart.since)} to {when(min(chart.until, now))}", *_unwatched(cluster, history, now)]
    return Message(text, (section("\n".join(head)), *paragraphs(map(plain_line, lines(chart)))))


def _nothing_yet(cluster: str, *, watched: bool) -> Message:
    if watched:
        text = f"{WAITING} *Nothing of {cluster} has been recorded yet*: a `watch` process has just begun to read it."
        return text_message(f"{text}\nNext: `/swarm watch` shows when it was read.")
    return text_message(f"{unwatched_text(cluster, 0.0)} Nothing is recorded.\nNext: {START_WATCH}.")


def _unwatched(cluster: str, history: History, now: float) -> list[str]:
    """Return that no process watches the cluster any more, and what to do."""
    last = history.samples[-1].at
    if history.watched or now - last < LATE_S:
        return []
    return [unwatched_text(cluster, last), f"Next: {START_WATCH}."]
