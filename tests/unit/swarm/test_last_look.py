"""What an operation sees just before it acts: a plan may be older than that."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.errors import Failed
from bot.model import Engines, Facts
from bot.swarm.operations import AwaitCaRotation, AwaitCertificate, TakeBackup
from tests.plans.description import Description

NO_ENGINES = cast("Engines", {})
TAKE = TakeBackup(host="host-2", node="id-host-2", cluster="prod")
RENEW = AwaitCertificate(cluster="prod", node="id-host-2", called="host-2", before="")
ERROR = "The swarm does not have a leader"


def _facts(**second: Any) -> Facts:
    """Three managers in the middle of a rotation; what differs is said of the second."""
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "manager", **second}, "host-3": {"is": "manager"}}
    return Description.model_validate({"hosts": hosts, "root": "own", "issuer": "corporate", "rotating": True}).facts()


@pytest.mark.parametrize("second", [{"swarm_error": ERROR}, {"record": {"reachability": "unreachable"}}])
def test_a_manager_that_was_cut_off_since_is_not_backed_up(second: dict[str, Any]) -> None:
    """Its state may be an old one, and would be kept as the newest."""
    with pytest.raises(Failed, match="not reachable for the other managers"):
        TAKE.apply(NO_ENGINES, _facts(**second))


@pytest.mark.parametrize("operation", [RENEW, AwaitCaRotation("prod")])
def test_a_rotation_waits_for_a_node_that_is_not_judged_yet(operation: AwaitCertificate | AwaitCaRotation) -> None:
    """A node is unknown at first, and when another manager has come to lead; one that is down is not waited for."""
    operation.apply(NO_ENGINES, _facts(issuer="own", record={"state": "unknown"}))
    with pytest.raises(Failed):
        operation.apply(NO_ENGINES, _facts(issuer="own", record={"state": "down"}))
