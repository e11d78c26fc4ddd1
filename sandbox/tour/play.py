"""What the steps of the tour are made of: somebody types or presses, all see, a host is asked, something is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final, TextIO

from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.fleet import Fleet
from sandbox.slack.transcript import Seen
from sandbox.stage import Stage
from sandbox.tour.ink import Ink
from sandbox.tour.screen import Screen
from sandbox.tour.words import masked

PATIENCE: Final = 90.0
"""Seconds that a job may take to its end."""
LATE: Final = 10.0
"""Seconds that Slack may then take to show it."""
CHANNEL: Final = "prod"


class Untrue(Exception):
    """Something that a step expects was not seen to be so; both texts are for the person at the terminal."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.seen = seen


@dataclass(frozen=True)
class Answer:
    """What followed something that a person did."""

    entries: list[Seen]

    @property
    def public(self) -> list[Seen]:
        """Messages that the channel saw."""
        return [entry for entry in self.entries if not entry.private and entry.kind in {"posted", "edited"}]


class Play:
    """The tour's hands and eyes over a stage."""

    def __init__(self, stage: Stage, out: TextIO, ink: Ink) -> None:
        self.stage = stage
        self.fleet: Fleet = stage.fleet
        self.ink = ink
        self._out = out
        self._screen = Screen(stage.slack.names(), ink)
        self.answer = Answer([])
        self._spaced = True

    def types(self, user: str, text: str, expects: str) -> Answer:
        """Type ``/swarm text`` in the cluster's channel; return once the person has seen ``expects`` and all rests."""
        return self._does(user, expects, lambda: self.stage.slack.slash(user, CHANNEL, text))

    def looks_back_at(self, answer: Answer) -> None:
        """Let the next press be of a button that an earlier answer showed."""
        self.answer = answer

    def presses(self, user: str, label: str, expects: str) -> Answer:
        """Press the newest button of that name that the last answer showed; ``expects`` empty: nothing to read."""
        marked = f"[{label}]"
        shown = next((e for e in reversed(self.answer.entries) if e.kind != "clicked" and marked in e.text), None)
        if shown is None:
            raise Untrue(f"{user} sees a button {marked}.", _texts(self.answer.entries))
        return self._does(user, expects, lambda: self.stage.slack.click(user, shown, label))

    def says(self, host: str, *argv: str) -> str:
        """Run words on a host and show what it printed."""
        said = self.fleet[host].run(*argv)
        self.shell(f"{host}#", " ".join(argv), said)
        return said

    def shell(self, prompt: str, words: str, said: str) -> None:
        """Show a command and what it printed."""
        head = f"      {self.ink.dim(prompt)} {self.ink.bold(words)}"
        self._part(head, *(f"      {line}" for line in self.ink.fitted(masked(said), 6)))

    def note(self, text: str) -> None:
        """Say what happens outside Slack."""
        self._part(*(f"    {line}" for line in self.ink.wrapped(text, 4)))

    def true(self, what: str, holds: bool, seen: Any, *, on: str = "") -> None:  # noqa: FBT001 - reads as a sentence
        """Show what was seen to be true (``on``: where one looked); raises Untrue with what was seen instead."""
        if not holds:
            raise Untrue(f"{what}.", str(seen))
        sign = self.ink.good(f"✓ seen{on and ' on '}{on}:")
        self.write(*(f"    {line}" for line in self.ink.wrapped(f"{sign} {what}", 4)))

    def write(self, *lines: str) -> None:
        """Print lines at once."""
        self._spaced = not lines[-1]
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()

    def user(self, name: str) -> str:
        """Somebody's id."""
        return self.stage.slack.world.user(name).id

    def _part(self, *lines: str) -> None:
        """Print lines with a blank one before and after them."""
        self.write(*([] if self._spaced else [""]), *lines, "")

    def _does(self, user: str, expects: str, act: Callable[[], object]) -> Answer:
        after = len(self.stage.slack.transcript())
        act()
        try:
            self._rests()
            if expects:
                self.stage.slack.wait_to_see(user, expects, after=after, timeout=LATE)
        except TimeoutError:
            raise Untrue(f"{user} sees “{expects}”.", _texts(self.stage.slack.transcript(after))) from None
        finally:
            self.answer = Answer(self.stage.slack.transcript(after))
            self._part(*self._screen.lines(self.answer.entries))
        return self.answer

    def _rests(self) -> None:
        """Wait until no job is under way: nothing tells a reader, so it looks."""
        with connect(Secret(self.stage.redis_url)) as redis:
            queue = Queue(redis, Audit(redis))
            deadline = monotonic() + PATIENCE
            while any(job.state in {"queued", "running"} for job in queue.recent(None, 10)):
                if monotonic() > deadline:
                    raise TimeoutError
                sleep(0.02)


def _texts(entries: list[Seen]) -> str:
    return masked("\n".join(entry.text for entry in entries if entry.kind != "typed")) or "nothing at all"
