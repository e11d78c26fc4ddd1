"""What a new observation changes in a signal that is known. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.blocks import tick
from bot.model.incident import Tracked
from bot.model.observation import Observation, Signal
from bot.swarm.incidents.flapping import with_change
from bot.swarm.incidents.grouping import HOSTS, NODES, SERVICES


def followed(tracked: Tracked, seen: Observation, signals: dict[str, Signal]) -> Tracked:
    """Return the signal as the observation shows it: it holds, is over, or was not read and stays as it is.

    ``signals`` are those of the observation by key.
    """
    old = tracked.signal
    new = signals.get(old.key)
    if new is not None:
        again = bool(tracked.over_at)
        fresh = again or (new.kind == "node down" and new.holds_s < old.holds_s)  # its state was unknown before
        signal = new if fresh or new.since < old.since else replace(new, since=old.since, at_latest=old.at_latest)
        if new.kind in HOSTS and new.text == old.text:  # how a host fails to answer differs from reading to reading
            signal = replace(signal, advice=old.advice, lines=old.lines)
        changes = with_change(tracked.changes, seen.at) if again else tracked.changes
        begun = tracked.begun + again
        return replace(tracked, signal=signal, last_seen=seen.at, over_at=0.0, ended="", begun=begun, changes=changes)
    if tracked.over_at or old.severity == "note" or old.kind not in seen.read or old.key in seen.unread:
        return tracked
    ended = seen.well.get(old.key) or ended_text(old)
    return replace(tracked, over_at=seen.at, ended=ended, changes=_changes_at_end(tracked, seen.at))


def _changes_at_end(tracked: Tracked, at: float) -> tuple[float, ...]:
    """Return the changes of a signal that is over: none, if it did not hold long enough to be reported by itself.

    A busy host responds too late now and then: that is not flapping.
    """
    passing = tracked.last_seen - tracked.signal.since < tracked.signal.holds_s
    return tracked.changes[:-1] if passing else with_change(tracked.changes, at)


def ended_text(signal: Signal) -> str:
    """Return that a signal is over although its subject was not seen to be well: the subject is gone."""
    name = tick(signal.subject)
    if signal.kind in NODES:
        return f"{name} is no longer a node of the cluster"
    if signal.kind in HOSTS:
        return f"{name} is no longer in swarmbot.yml"
    return f"{name} was removed" if signal.kind in SERVICES else f"no longer true: {signal.text}"
