"""What a failed drill reports of its throwaway engine."""

from __future__ import annotations

import pytest

from bot.errors import EngineError, HostUnreachable, SwarmbotError
from bot.swarm.operations import DrillBackup


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (EngineError("host-4", 500, "It refused."), "is removed."),
        (HostUnreachable("host-1", "lost", "The connection broke."), "is removed."),
        (
            HostUnreachable("host-4", "lost", "The connection broke."),
            "ends with its connection, within 10 minutes at most.",
        ),
    ],
    ids=["its engine", "the cluster's host", "its host"],
)
def test_the_end_of_the_engine_is_reported_only_if_it_was_seen(error: SwarmbotError, ends: str) -> None:
    """It is seen, unless the engine's own host is lost."""
    told = DrillBackup(host="host-4", cluster="prod").settle(None, None, error)  # type: ignore[arg-type] # nothing is read
    assert told.true_now == f"prod is unchanged; the throwaway engine on `host-4` {ends}"
