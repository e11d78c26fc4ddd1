"""Incidents as tests need them."""

from __future__ import annotations

from bot.model.incident import Incident, Tracked
from bot.model.observation import Signal, SignalKind

AT = 1_800_000_000.0


def signal(kind: SignalKind = "node down", subject: str = "host-2", fix: str = "") -> Signal:
    """Something wrong since AT."""
    return Signal(
        kind, subject, "critical", f"`{subject}` is down", AT, subject_id="n2", fix=fix, nodes=("n2",), hosts=(subject,)
    )


def incident(incident_id: str = "3f2a", *signals: Signal, resolved_at: float = 0.0) -> Incident:
    """An incident of prod that was reported at AT."""
    tracked = tuple(Tracked(each, AT, AT, over_at=resolved_at) for each in signals or [signal()])
    root = tracked[0].signal.key
    return Incident(incident_id, "prod", root, tracked, AT, told_at=AT, changed_at=AT, resolved_at=resolved_at)
