"""Blocks and views that the local Slack's strict validator refused, as Slack would: the bot must send none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.slack.base import InvalidBlocks


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Collect the problems of blocks and views that are refused, unless a fault asked for it.

    Without it most of them would pass unseen: the bot then sends older blocks, or text.
    """
    found: list[str] = []
    init = InvalidBlocks.__init__

    def noted(
        error: InvalidBlocks, messages: list[str], code: str = "invalid_blocks", *, of_fault: bool = False
    ) -> None:
        init(error, messages, code, of_fault=of_fault)
        if not of_fault:
            found.extend(messages)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InvalidBlocks, "__init__", noted)
        yield found
