"""The tour at the reader's pace: each scene waits for Enter in the terminal or for the button in the page."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep
from typing import Any, Final, TextIO

from bot.errors import SwarmbotError
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet, Host
from sandbox.tour.driver import Answer, TourDriver
from sandbox.tour.incident_steps import BOOT_TIMEOUT_S
from sandbox.tour.needs import unmet
from sandbox.tour.runner import failure_of, report
from sandbox.tour.scenes import SCENES, Scene
from sandbox.tour.terminal import TerminalStyle

BEFORE_ACTING_S: Final = 1.2
"""How long a reader sees who acts next before it happens."""
AFTER_ACTING_S: Final = 1.0
WAITS: Final = frozenset({"waiting", "unmet", "failed"})
"""The states in which the tour waits for the reader."""
AGAIN: Final = {"next": "Try again", "skip": "Skip this scene"}


class PacedTour:
    """Runs the scenes in the thread that calls :meth:`run`; ``tell`` is called when its state has changed."""

    def __init__(self, deployment: Deployment, out: TextIO, style: TerminalStyle, tell: Callable[[], object]) -> None:
        self._driver = PacedDriver(self, deployment, out, style)
        self._style = style
        self._tell = tell
        self._next = Event()
        self._skip = False
        self.state: dict[str, Any] = {
            "number": 0,
            "total": len(SCENES),
            "title": "A tour in six scenes",
            "text": "Five Docker hosts are up, and no cluster exists yet. You see what the people in #prod see.",
            "lines": [],
            "person": "",
            "state": "waiting",
            "next": f"Begin: {SCENES[0].title}",
            "skip": "",
        }

    def go_on(self, *, skip: bool = False) -> None:
        """Begin the next scene, or the same one again after a failure; or ``skip`` that one."""
        if self.state["state"] in WAITS and (not skip or self.state["skip"]):
            self._skip = skip
            self._next.set()

    def run(self) -> bool:
        """Run all scenes; return whether none was skipped: each waits until all its expectations are met."""
        complete = True
        for number, scene in enumerate(SCENES, 1):
            self._driver.write("", self._style.dim(f"  Enter: scene {number} of {len(SCENES)}, {scene.title}"))
            self._next.wait()
            while not self._attempt(number, scene):
                self._driver.write("", self._style.dim("  Enter: try again. s and Enter: skip this scene"))
                self._next.wait()
                if self._skip:
                    complete = False
                    break
            following = SCENES[number].title if number < len(SCENES) else ""
            self._next.clear()
            self.say(
                state="waiting" if following else "done",
                next=f"Next: {following}" if following else "",
                skip="",
                person="",
            )
        return complete

    def say(self, **changes: Any) -> None:
        """Change the state that the page shows."""
        self.state = self.state | changes
        self._tell()

    def add_line(self, line: str) -> None:
        """Add a line to what was seen in this scene."""
        self.say(lines=[*self.state["lines"], line])

    def _attempt(self, number: int, scene: Scene) -> bool:
        """Run a scene, and undo its faults if it fails; return whether all expectations were met."""
        self.say(number=number, title=scene.title, text=scene.text, lines=[], state="running", next="Running…", skip="")
        self._next.clear()
        self._driver.write("", "", self._style.bold(f"{number:>2}  {scene.title}"), "", f"    {scene.text}", "")
        if missing := unmet(scene.needs, self._driver.fleet):
            self._driver.write("  This scene cannot begin.", *(f"  {line}" for line in missing))
            self.say(state="unmet", text="This scene cannot begin.", lines=missing, **AGAIN)
            return False
        undo = faults_undone(self._driver.fleet)
        failure = next(
            (failed for step in scene.steps if (failed := failure_of(step, scene.title, self._driver))), None
        )
        if failure is None:
            return True
        report(self._driver, failure)
        self.say(next="Undoing its faults…")
        lines = [f"Expected: {failure.expected}", f"Seen: {failure.seen}", *undo()]
        self.say(state="failed", person="", lines=[*self.state["lines"], *lines], **AGAIN)
        return False


def faults_undone(fleet: Fleet) -> Callable[[], list[str]]:
    """Return a function that undoes the faults that hosts get from now on, and says so."""
    before = {host.name: (host.up, host.faults.blocks) for host in fleet}

    def undo(host: Host) -> list[str]:
        up, blocks = before[host.name]
        lines = []
        try:
            for block in host.faults.blocks - blocks:
                host.unblock(block.port, block.protocol, direction=block.direction)
                lines.append(f"{host.name} accepts {block.port}/{block.protocol} again.")
            if up and not host.up:
                host.power_on(timeout=BOOT_TIMEOUT_S)
                lines.append(f"{host.name} has power again.")
        except (SwarmbotError, OSError) as error:
            lines.append(f"A fault of {host.name} could not be undone: {error}")
        return lines

    def undo_all() -> list[str]:
        with ThreadPoolExecutor() as pool:  # a manager without quorum starts only beside the others
            return [line for lines in pool.map(undo, fleet) for line in lines]

    return undo_all


class PacedDriver(TourDriver):
    """A driver that says who acts, waits a moment around each action, and sends the page what was seen."""

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
        """Print what happens outside Slack, in the page too."""
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
