"""What engines say, as people read it."""

from __future__ import annotations

import pytest

from bot.text.engine_text import without_grpc


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("rpc error: code = Unknown desc = The swarm does not have a leader.", "The swarm does not have a leader."),
        (
            'could not join: rpc error: code = Unavailable desc = rpc error: code = Unknown desc = "no leader"',
            'could not join: "no leader"',
        ),
        ("no such node", "no such node"),
        ("rpc error: code = Unknown desc = ", "rpc error: code = Unknown desc = "),
    ],
)
def test_prefixes_of_grpc_are_left_out(message: str, shown: str) -> None:
    """Wherever they stand. A message that is nothing else stays."""
    assert without_grpc(message) == shown
