"""The tour at the reader's pace: each scene waits for Enter in the terminal or for the button in the page."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import sleep
from typing import Any, Final, TextIO

from sandbox.deployment import Deployment
from sandbox.tour.driver import Answer, ExpectationFailed, TourDriver
from sandbox.tour.runner import failure_of, report
from sandbox.tour.scenes import SCENES, Scene
from sandbox.tour.terminal import TerminalStyle

BEFORE_ACTING_S: Final = 1.2
"""So long a reader sees who acts next before it happens."""
AFTER_ACTING_S: Final = 1.0


class PacedTour:
    """Runs the scenes in the thread that calls :meth:`run`; ``tell`` is called when its state has changed."""

    def __init__(self, deployment: Deployment, out: TextIO, style: TerminalStyle, tell: Callable[[], object]) -> None:
        self._driver = PacedDriver(self, deployment, out, style)
        self._style = style
        self._tell = tell
        self._next = Event()
        self.state: dict[str, Any] = {
            "number": 0,
            "total": len(SCENES),
            "title": "A tour in six scenes",
            "text": "Five Docker hosts are up, and no cluster exists yet. You see what the people in #prod see.",
            "lines": [],
            "person": "",
            "state": "waiting",
            "next": f"Begin: {SCENES[0].title}",
        }

    def go_on(self) -> None:
        """Begin the next scene, if one waits."""
        if self.state["state"] == "waiting":
            self._next.set()

    def run(self) -> bool:
        """Run all scenes; return whether all expectations were met."""
        for number, scene in enumerate(SCENES, 1):
            self._next.clear()
            self._driver.write("", self._style.dim(f"  Enter: scene {number} of {len(SCENES)}, {scene.title}"))
            self._next.wait()
            failure = self._run_scene(number, scene)
            if failure is not None:
                report(self._driver, failure)
                lines = [f"Expected: {failure.expected}", f"Seen: {failure.seen}"]
                self.say(state="failed", next="", lines=[*self.state["lines"], *lines])
                return False
            following = SCENES[number].title if number < len(SCENES) else ""
            self.say(
                state="waiting" if following else "done", next=f"Next: {following}" if following else "", person=""
            )
        return True

    def say(self, **changes: Any) -> None:
        """Change the state that the page shows."""
        self.state = self.state | changes
        self._tell()

    def add_line(self, line: str) -> None:
        """Add a line to what was seen in this scene."""
        self.say(lines=[*self.state["lines"], line])

    def _run_scene(self, number: int, scene: Scene) -> ExpectationFailed | None:
        self.say(number=number, title=scene.title, text=scene.text, lines=[], state="running", next="Running…")
        self._driver.write("", "", self._style.bold(f"{number:>2}  {scene.title}"), "", f"    {scene.text}", "")
        for step in scene.steps:
            failure = failure_of(step, scene.title, self._driver)
            if failure is not None:
                return failure
        return None


class PacedDriver(TourDriver):
    """A driver that says who acts, waits a moment around each action, and tells the page what was seen."""

    def __init__(self, tour: PacedTour, deployment: Deployment, out: TextIO, style: TerminalStyle) -> None:
        super().__init__(deployment, out, style)
        self._tour = tour

    def type(self, user: str, text: str, expects: str) -> Answer:
        """Type a command, as the page says beforehand."""
        self._acts(user)
        return self._rest(super().type(user, text, expects))

    def press(self, user: str, label: str, expects: str) -> Answer:
        """Press a button, as the page says beforehand."""
        self._acts(user)
        return self._rest(super().press(user, label, expects))

    def note(self, text: str) -> None:
        """Say what happens outside Slack, in the page too."""
        self._tour.add_line(text)
        super().note(text)

    def confirm(self, what: str, holds: bool, seen: Any, *, on: str = "") -> None:  # noqa: FBT001 - as the base class
        """Show what was seen, in the page too."""
        super().confirm(what, holds, seen, on=on)
        self._tour.add_line(f"✓ seen{on and ' on '}{on}: {what}")

    def _acts(self, user: str) -> None:
        self._tour.say(person=user)
        sleep(BEFORE_ACTING_S)

    def _rest(self, answer: Answer) -> Answer:
        sleep(AFTER_ACTING_S)
        return answer
