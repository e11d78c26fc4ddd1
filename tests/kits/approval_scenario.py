"""What scenarios of approvals are played with: a cluster, people who ask, and people who approve."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, Final

from bot.approvals.approval import Approval
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.deployment import Deployment
from sandbox.slack.messages import Message

RULES: Final[dict[str, Any]] = {
    "join manager": {"count": 2, "by": ["admins", "operators"]},
    "rotate": {"expires": "1s"},
    "ca rotate": {"by": ["admins", "operators"]},
    "unlock-key": {"count": 9},
}
PATIENCE: Final = 60.0


class Asked:
    """A cluster of one manager and two workers, and the people who ask and approve: cleo and dan are admins."""

    def __init__(self, stage: Deployment) -> None:
        self.stage = stage
        self.slack = stage.slack
        self.fleet = stage.fleet
        self._redis = connect(Secret(stage.redis_url))
        self.audit = Audit(self._redis)
        self.queue = Queue(self._redis, self.audit)
        self.approvals = ApprovalRepository(self._redis, self.audit)

    def asks(self, user: str, text: str) -> str:
        """Type it, and return the job's id once its card waits in the channel."""
        before = {job.id for job in self.queue.recent("prod", 100)}
        self.slack.slash(user, "prod", text)
        return str(self.until(lambda: next((i for i in self._carded() if i not in before), "")))

    def set_group(self, group: str, users: list[str]) -> None:
        """Say who is in a user group; the three seconds for which Slack's last word is good are over at once."""
        with self.slack.workspace.changed:
            self.slack.team.set_group(group, users)
        self._redis.delete(keys.user_group(group))

    def _carded(self) -> list[str]:
        return [found.id for found in self.approvals.waiting("prod") if found.message_ts]

    def card(self, job: str) -> Message:
        """The job's card as the channel sees it now."""
        ts = self.approval(job).message_ts
        return next(message for message in self.slack.messages("prod") if message.ts == ts)

    def press(self, user: str, job: str, button: str) -> str:
        """Press a button of the card and return what the presser alone is told."""
        after = len(self.slack.transcript())
        self.slack.click(user, self.card(job), button)
        return self.slack.wait_to_see(user, "", after=after, private=True).text

    def privately(self, after: int, *words: str) -> list[str]:
        """What people were told alone since entry ``after`` with one of ``words`` in it."""
        seen = (entry for entry in self.slack.transcript(after) if entry.private)
        return [entry.text for entry in seen if any(word in entry.text for word in words)]

    def ends(self, job: str, state: str) -> Approval:
        """Wait until the job has ended like this, and its card says so."""
        self.until(lambda: (found := self.queue.get(job)) and found.ended)
        found = self.queue.get(job)
        assert found is not None
        assert found.state == state, found.outcome
        self.until(lambda: job not in self.approvals.unshown())
        return self.approval(job)

    def approval(self, job: str) -> Approval:
        """The approval as it is now."""
        found = self.approvals.get(job)
        assert found is not None
        return found

    def managers(self) -> set[str]:
        """Who the first manager's own engine says is a manager."""
        said = self.fleet["host-1"].docker("node", "ls", "--filter", "role=manager", "--format", "{{.Hostname}}")
        return set(said.split())

    def root(self) -> str:
        """The root certificate that nodes of the cluster trust, as the first manager's own engine has it."""
        with self.fleet["host-1"].engine() as engine:
            return str(engine.inspect_swarm()["TLSInfo"]["TrustRoot"])

    def reachable(self) -> set[str]:
        """The managers whom the first one hears in Raft."""
        said = self.fleet["host-1"].docker("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}")
        return {line.split()[0] for line in said.splitlines() if line.endswith(("Leader", "Reachable"))}

    @staticmethod
    def until(query: Callable[[], Any]) -> Any:
        """Wait for what must become true."""
        deadline = monotonic() + PATIENCE
        while not (found := query()):
            assert monotonic() < deadline, "not seen in time"
            sleep(0.02)  # nothing tells a reader of Redis
        return found
