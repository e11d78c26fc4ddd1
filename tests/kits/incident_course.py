"""The pure core of watch on real engines: reads a cluster again and again, and keeps what would be reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from bot.model import Engines
from bot.model.incident import Incident, WatchSettings, WatchState
from bot.swarm.incidents.incident_message import incident_message
from bot.swarm.incidents.observation import observe
from bot.swarm.incidents.transitions import advance
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.reading import Reading
from sandbox.fleet.shell import until
from tests.plans.showing import show_message

COURSE_TIMEOUT_S: Final = 90.0


@dataclass
class IncidentCourse:
    """One cluster that is watched in the test's own process, without Redis and Slack."""

    engines: Engines
    reader: FactsReader
    state: WatchState = field(default_factory=WatchState)
    posted: list[str] = field(default_factory=list)
    """The first lines of all messages, as they were posted."""
    lines: dict[str, list[str]] = field(default_factory=dict)
    """Each incident's message as it is now."""
    thread: list[str] = field(default_factory=list)
    """What is in all threads."""

    def __post_init__(self) -> None:
        self._reading = Reading("prod", self.engines, self.reader)
        self._ids = map("i{}".format, count(1))

    def run_once(self) -> None:
        """Read the cluster once."""
        facts = self._reading.read()
        settings = WatchSettings()
        seen = observe(self.state, facts, settings)
        stepped = advance(self.state, seen, silences=(), work=(), settings=settings, new_id=lambda: next(self._ids))
        self.state = stepped.state
        for incident in stepped.told:
            shown = show_message(incident_message(incident, facts.at))
            if incident.id not in self.lines:
                self.posted.append(shown[0])
            self.lines[incident.id] = shown
        self.thread += [note.text for note in stepped.noted]

    def quiet(self) -> bool:
        """Read the cluster; return whether it is read through a manager with a quorum and nothing is wrong."""
        self.run_once()
        return bool(self.state.leader) and not self.state.waiting and not self._open()

    def reads_until(self, condition: Callable[[], bool], what: str) -> None:
        """Read the cluster until the condition holds."""

        def holds() -> bool:
            self.run_once()
            return condition()

        until(holds, what, timeout=COURSE_TIMEOUT_S)

    def sees(self, *words: str) -> None:
        """Read the cluster until a message has all these words."""

        def told() -> bool:
            return any(all(word in "\n".join(lines) for word in words) for lines in self.lines.values())

        self.reads_until(told, f"a message with {words}")

    def ends(self) -> None:
        """Read the cluster until every incident is over."""
        self.reads_until(lambda: not self._open() and not self.state.waiting, "every incident is over")

    def _open(self) -> list[Incident]:
        return [incident for incident in self.state.incidents if incident.open]
