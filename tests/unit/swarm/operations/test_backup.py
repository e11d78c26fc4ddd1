"""A backup is taken only from a manager that is in the quorum."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.errors import Failed
from bot.model import Engines
from bot.swarm.operations import TakeBackup
from tests.kits.managers import three_managers

NO_ENGINES = cast("Engines", {})
TAKE = TakeBackup(host="host-2", node="id-host-2", cluster="prod")
ERROR = "The swarm does not have a leader"


@pytest.mark.parametrize("second", [{"swarm_error": ERROR}, {"record": {"reachability": "unreachable"}}])
def test_an_unreachable_manager_is_not_backed_up(second: dict[str, Any]) -> None:
    """Its state may be old, and would be stored as the newest."""
    with pytest.raises(Failed, match="not reachable for the other managers"):
        TAKE.apply(NO_ENGINES, three_managers(**second))
