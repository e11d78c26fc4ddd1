"""The job of a pending rotation: rotates the token, unless it was rotated already."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import Conclusion
from bot.execution.plan_run import PlanRun
from bot.execution.services import WorkerServices
from bot.model import Plan, Role
from bot.queue.lease import Lease
from bot.stored_json import from_json, to_json
from bot.swarm.membership.secrets import token_rotation_plan


class TokenRotation:
    """Safe to share between threads.

    It needs no approval, even in a freeze: the rotation was part of the request to show the token, and a token that was
    shown for one node and stays valid is the greater risk.
    """

    def __init__(self, services: WorkerServices) -> None:
        self._config = services.config
        self._cluster_reader = services.cluster_reader
        self._queue = services.queue
        self._replies = services.replies

    def run(self, lease: Lease) -> None:
        """Carry out the rotation. The RotationWatcher tells the requesters."""
        job = lease.job
        cluster = job.order.cluster
        try:
            plan = from_json(Plan, job.plan) if job.begun else self._begin(lease)
        except Conclusion as error:
            self._replies.fail(lease, error)
            return
        if not plan.steps:
            self._replies.succeed(lease, f"✓ *No change needed*: {plan.unchanged[0]}.", "no change needed")
            return
        change = PlanRun(lease, plan, self._queue, self._replies, self._config.clusters[cluster].channel)
        change.run(
            self._cluster_reader.engines(cluster), lambda query: self._cluster_reader.read_for(plan, cluster, query)
        )
        change.finish()

    def _begin(self, lease: Lease) -> Plan:
        order = lease.job.order
        role: Role = order.args["role"]
        plan = token_rotation_plan(order.cluster, role, order.pending_rotation.rpartition(":")[2])
        operation = plan.steps[0].operation
        facts = self._cluster_reader.read_whole(order.cluster, operation.query)
        if operation.satisfied(facts):
            return replace(plan, steps=(), unchanged=(operation.done,))
        plan = replace(plan, effect=f"{order.reason}; {plan.effect}", cluster_id=facts.cluster_id)
        self._queue.record(
            lease, {"plan": to_json(plan), "begun": "1"}, [lease.audit_entry("planned", operation.doing)]
        )
        return plan
