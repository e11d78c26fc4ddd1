"""Scenarios in which watch runs: its incidents, as people see them in the channel and as it stored them."""

from __future__ import annotations

from typing import Any

from bot.audit import Audit
from bot.model.incident import Incident, LastReading
from bot.outbox.outbox import Outbox
from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.swarm.incidents.grouping import MANAGERS, PLACES
from bot.watch.messages import message_id
from bot.watch.repository import WatchRepository
from sandbox.deployment import Deployment
from sandbox.fleet.shell import await_found, until
from sandbox.slack.messages import Message
from tests.kits.scenario import Scenario

TOLD_TIMEOUT_S = 60.0
"""The engines take up to 15 s to see that a node is down, and 45 s for a former leader."""


class WatchScenario(Scenario):
    """A scenario whose deployment has at least one watch process."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment)
        self._redis = connect(Secret(deployment.redis_url))
        self.audit = Audit(self._redis)
        self.repository = WatchRepository(self._redis, self.audit)
        self.outbox = Outbox(self._redis, self.audit)

    def watched(self) -> None:
        """Wait until a process has read the cluster as it is now, with every manager reachable and no node in doubt."""
        nodes = self.nodes()

        def reads() -> bool:
            last_reading, state = self.repository.last_reading("prod"), self.repository.state("prod")
            doubtful = any(each.signal.kind in PLACES | MANAGERS for each in state.waiting)
            if last_reading is None or last_reading.numbers is None or not state.leader or doubtful:
                return False
            seen = last_reading.numbers
            return last_reading.nodes == len(nodes) and seen.managers == seen.managers_reachable == _managers(nodes)

        until(reads, "prod is watched", timeout=TOLD_TIMEOUT_S)

    def read_last(self) -> str:
        """Return the headline of what watch read last, "" if that is not fresh."""
        kept = self.repository.summary("prod")
        return kept[0].headline if kept else ""

    def incidents(self) -> list[Incident]:
        """Return the incidents that were reported, the first one first."""
        return sorted(
            (each for each in self.repository.state("prod").incidents if each.told_at), key=lambda each: each.opened_at
        )

    def message(self, incident: Incident) -> Message:
        """Return an incident's message as it is now."""
        ts = self.outbox.posted_ts(message_id(incident))
        [found] = [each for each in self.slack.messages("prod") if each.ts == ts]
        return found

    def thread(self, incident: Incident) -> str:
        """Return what is in the thread of an incident's message."""
        return "\n".join(each.shown for each in self.replies(incident))

    def replies(self, incident: Incident) -> list[Message]:
        """Return the messages in the thread of an incident's message, in order."""
        parent = self.message(incident).ts
        return [each for each in self.slack.messages("prod") if each.thread_ts == parent]

    def shown(self, incident: Incident) -> tuple[list[float], list[float]]:
        """Return when an incident's message was posted, and when it was edited: unix seconds of Slack."""
        ts = self.message(incident).ts
        own = [each for each in self.slack.transcript(self.began) if each.ts == ts]
        posted, edited = ([each.at for each in own if each.kind == kind] for kind in ("posted", "edited"))
        return posted, edited

    def told(self, *words: str, resolved: bool | None = None, timeout: float = TOLD_TIMEOUT_S) -> Incident:
        """Wait until the message of an incident has all these words, and return the incident."""

        def find() -> list[Incident]:
            return [
                each
                for each in self.incidents()
                if resolved in {None, not each.open}
                and self.outbox.posted_ts(message_id(each))
                and all(word in self.message(each).shown for word in words)
            ]

        return await_found(find, f"{words} is told", timeout=timeout)[0]

    def leading(self) -> str:
        """Return the Procfile's name of the process that watches prod now; "" if none does."""
        leader = self.repository.leader("prod")
        processes = self.deployment.processes.items()
        return next((name for name, process in processes if leader.endswith(f"-{process.pid}")), "")

    def redis_commands(self, count: int) -> None:
        """Wait until Redis has carried out ``count`` more commands: a moment that no process of the bot chooses."""
        wanted = self._commands() + count
        until(lambda: self._commands() >= wanted, f"Redis carries out {count} commands", timeout=TOLD_TIMEOUT_S)

    def _commands(self) -> int:
        stats: Any = self._redis.info("stats")
        return int(stats["total_commands_processed"])

    def turns(self, count: int) -> LastReading:
        """Wait until the cluster was read ``count`` more times, and return the last turn."""
        for _ in range(count):
            self._next_turn()
        found = self.repository.last_reading("prod")
        assert found is not None
        return found

    def _next_turn(self) -> None:
        last = self.repository.last_reading("prod")
        until(lambda: self.repository.last_reading("prod") != last, "it is read again", timeout=TOLD_TIMEOUT_S)


def _managers(nodes: dict[str, str]) -> int:
    return sum(state.endswith(("Leader", "Reachable")) for state in nodes.values())
