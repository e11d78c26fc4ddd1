"""Approval scenarios: a cluster, requesters and approvers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bot.approvals.approval import Approval
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.queue.end_messages import card_id
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.deployment import Deployment
from sandbox.fleet.shell import await_found
from sandbox.slack.messages import Message
from tests.kits.outbox import card_ts

RULES: Final[dict[str, Any]] = {
    "join manager": {"count": 2, "by": ["admins", "operators"]},
    "rotate": {"expires": "1s"},
    "update": {"count": 1, "expires": "30m", "remind": "1799s"},
    "ca rotate": {"by": ["admins", "operators"]},
    "unlock-key": {"count": 9},
    "force": {"by": ["admins", "operators"]},
}
WAIT_TIMEOUT_S: Final = 60.0


class ApprovalScenario:
    """A cluster of one manager and two workers, and its requesters and approvers; cleo and dan are administrators."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.slack = deployment.slack
        self.fleet = deployment.fleet
        self._redis = connect(Secret(deployment.redis_url))
        self.audit = Audit(self._redis)
        self.queue = Queue(self._redis, self.audit)
        self.approvals = ApprovalRepository(self._redis, self.audit)

    def asks(self, user: str, text: str) -> str:
        """Type a command and return the job's id when its card is in the channel."""
        before = {job.id for job in self.queue.recent("prod", 100)}
        self.slack.slash(user, "prod", text)
        return str(self.until(lambda: next((i for i in self._carded() if i not in before), "")))

    def withdraw_all(self) -> None:
        """End the requests that an earlier test left waiting."""
        for each in self.approvals.waiting():
            self.approvals.end(each.id, "withdrawn", each.request.requester, "Another test begins.", [])

    def set_group(self, group: str, users: list[str]) -> None:
        """Set the members of a user group, and drop the bot's cache of them, which is valid for three seconds."""
        with self.slack.workspace.changed:
            self.slack.team.set_group(group, users)
        self._redis.delete(keys.user_group(group))

    def _carded(self) -> list[str]:
        return [found.id for found in self.approvals.waiting("prod") if self.carded(found.id)]

    def carded(self, job: str) -> bool:
        """Return whether the job's card is in the channel."""
        return bool(self._card_ts(job))

    def _card_ts(self, job: str) -> str:
        found = self.queue.get(job)
        return card_ts(self._redis, found.order) if found else ""

    def card(self, job: str) -> Message:
        """Return the current card of the job."""
        ts = self._card_ts(job)
        return next(message for message in self.slack.messages("prod") if message.ts == ts)

    def press(self, user: str, job: str, button: str) -> str:
        """Press a button of the card and return the private answer."""
        after = len(self.slack.transcript())
        self.slack.click(user, self.card(job), button)
        return self.slack.wait_to_see(user, "", after=after, private=True).text

    def privately(self, after: int, *words: str) -> list[str]:
        """Return the private messages after entry ``after`` that contain one of ``words``."""
        seen = (entry for entry in self.slack.transcript(after) if entry.private)
        return [entry.text for entry in seen if any(word in entry.text for word in words)]

    def ends(self, job: str, state: str) -> Approval:
        """Wait until the job has ended in ``state`` and its card says so; return the approval."""
        self.until(lambda: (found := self.queue.get(job)) and found.ended)
        found = self.queue.get(job)
        assert found is not None
        assert found.state == state, found.outcome
        self.until(lambda: job not in self.approvals.unshown())
        self.until(lambda: self._redis.zscore(keys.OUTBOX, card_id(found.order)) is None)
        return self.approval(job)

    def approval(self, job: str) -> Approval:
        """Return the current approval."""
        found = self.approvals.get(job)
        assert found is not None
        return found

    def managers(self) -> set[str]:
        """Return the managers according to the first manager's engine."""
        said = self.fleet["host-1"].docker("node", "ls", "--filter", "role=manager", "--format", "{{.Hostname}}")
        return set(said.split())

    def root(self) -> str:
        """Return the cluster's root certificate from the first manager's engine."""
        with self.fleet["host-1"].engine() as engine:
            return str(engine.inspect_swarm()["TLSInfo"]["TrustRoot"])

    def reachable(self) -> set[str]:
        """Return the managers that the first manager reaches in Raft."""
        said = self.fleet["host-1"].docker("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}")
        return {line.split()[0] for line in said.splitlines() if line.endswith(("Leader", "Reachable"))}

    @staticmethod
    def until(query: Callable[[], Any]) -> Any:
        """Poll until ``query`` returns a true value, and return it."""
        return await_found(query, "what the test waits for", timeout=WAIT_TIMEOUT_S)
