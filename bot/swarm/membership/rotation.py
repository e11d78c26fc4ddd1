"""The plan that makes a join token worthless."""

from __future__ import annotations

from bot.model import Plan, Role, Step
from bot.swarm.operations import RotateToken


def rotation(cluster: str, role: Role, before: str) -> Plan:
    """Rotate the token of ``role`` whose fingerprint is ``before``, and show nobody the new one."""
    return Plan(
        title=f"rotates the {role} token of {cluster}",
        deed=f"rotate the {role} token of {cluster}",
        ended=f"The {role} token of {cluster} is a new one",
        failed=f"the {role} token of {cluster} was not rotated",
        steps=(Step(RotateToken(role, cluster, before=before), "token"),),
        effect="nodes that are in stay in; the old token joins nothing",
    )
