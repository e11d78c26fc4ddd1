"""The CA rotation waits only for nodes that can renew their certificates."""

from __future__ import annotations

from typing import cast

import pytest

from bot.errors import Failed
from bot.model import Engines
from bot.swarm.operations import AwaitCaRotation, AwaitCertificate
from tests.kits.managers import three_managers

NO_ENGINES = cast("Engines", {})
RENEW = AwaitCertificate(cluster="prod", node="id-host-2", called="host-2", before="")


@pytest.mark.parametrize("operation", [RENEW, AwaitCaRotation("prod")])
def test_rotation_waits_for_unknown_nodes_and_not_for_nodes_that_are_down(
    operation: AwaitCertificate | AwaitCaRotation,
) -> None:
    """A node is unknown at first, and after another manager became the leader."""
    operation.apply(NO_ENGINES, three_managers(issuer="own", record={"state": "unknown"}))
    with pytest.raises(Failed):
        operation.apply(NO_ENGINES, three_managers(issuer="own", record={"state": "down"}))


def test_a_rotation_that_waits_names_the_nodes_to_remove() -> None:
    """Only those that are away: the others renew their certificates soon."""
    late = Failed("Timed out.")
    away = AwaitCaRotation("prod").settle(NO_ENGINES, three_managers(issuer="own", record={"state": "down"}), late)
    assert away.next_step.endswith("If it is permanently lost: `/swarm remove host-2`.")
    slow = AwaitCaRotation("prod").settle(NO_ENGINES, three_managers(issuer="own"), late)
    assert "remove" not in slow.next_step
