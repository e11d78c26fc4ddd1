"""What steps of the tour do: people type and press buttons, commands run on hosts, results are confirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final, TextIO

from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.slack.transcript import TranscriptEntry
from sandbox.tour.screen import TranscriptPrinter, mask_secrets
from sandbox.tour.terminal import TerminalStyle

JOB_TIMEOUT_S: Final = 90.0
"""How long a job may take to end."""
MESSAGE_TIMEOUT_S: Final = 10.0
"""How long Slack may then take to show the result."""
POLL_INTERVAL_S: Final = 0.02
CHANNEL: Final = "prod"


class ExpectationFailed(Exception):
    """Something that a step expects was not seen."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.seen = seen


@dataclass(frozen=True)
class Answer:
    """What followed an action of a person."""

    entries: list[TranscriptEntry]

    @property
    def public(self) -> list[TranscriptEntry]:
        """The messages that the channel saw."""
        return [entry for entry in self.entries if not entry.private and entry.kind in {"posted", "edited"}]


class TourDriver:
    """Drives the people and the hosts of a deployment, and prints what happens."""

    def __init__(self, deployment: Deployment, out: TextIO, style: TerminalStyle) -> None:
        self.deployment = deployment
        self.fleet: Fleet = deployment.fleet
        self.style = style
        self._out = out
        self._printer = TranscriptPrinter(deployment.slack.names(), style)
        self.answer = Answer([])
        self._after_blank_line = True

    def type(self, user: str, text: str, expects: str) -> Answer:
        """Type ``/swarm text`` in the cluster's channel.

        Return when all jobs have ended and the person sees ``expects``; raise ExpectationFailed otherwise.
        """
        return self._act(user, expects, lambda: self.deployment.slack.slash(user, CHANNEL, text))

    def wait(self, user: str, expects: str, act: Callable[[], object], *, timeout: float) -> Answer:
        """Do something that people in Slack do not see, and wait until a person is shown ``expects`` without a request.

        Raise ExpectationFailed after ``timeout`` seconds.
        """
        return self._act(user, expects, act, timeout)

    def go_back_to(self, answer: Answer) -> None:
        """Make the next press use a button in an earlier answer."""
        self.answer = answer

    def press(self, user: str, label: str, expects: str) -> Answer:
        """Press the newest button with this label in the last answer; an empty ``expects`` expects no message."""
        marked = f"[{label}]"
        shown = next((e for e in reversed(self.answer.entries) if e.kind != "clicked" and marked in e.text), None)
        if shown is None:
            raise ExpectationFailed(f"{user} sees a button {marked}.", _text_of(self.answer.entries))
        return self._act(user, expects, lambda: self.deployment.slack.click(user, shown, label))

    def run_on_host(self, host: str, *argv: str) -> str:
        """Run a command on a host, show its output and return it."""
        output = self.fleet[host].run(*argv)
        self.show_shell(f"{host}#", " ".join(argv), output)
        return output

    def show_shell(self, prompt: str, command: str, output: str) -> None:
        """Show a command and its output."""
        head = f"      {self.style.dim(prompt)} {self.style.bold(command)}"
        self._write_paragraph(head, *(f"      {line}" for line in self.style.fit_columns(mask_secrets(output), 6)))

    def note(self, text: str) -> None:
        """Print what happens outside Slack."""
        self._write_paragraph(*(f"    {line}" for line in self.style.wrap(text, 4)))

    def confirm(self, what: str, holds: bool, seen: Any, *, on: str = "") -> None:  # noqa: FBT001 - reads as a sentence
        """Show that ``what`` was seen, ``on`` which engine. Raise ExpectationFailed with ``seen`` if not."""
        if not holds:
            raise ExpectationFailed(f"{what}.", str(seen))
        sign = self.style.good(f"✓ seen{on and ' on '}{on}:")
        self.write(*(f"    {line}" for line in self.style.wrap(f"{sign} {what}", 4)))

    def write(self, *lines: str) -> None:
        """Print lines at once."""
        self._after_blank_line = not lines[-1]
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()

    def user_id(self, name: str) -> str:
        """Return a person's Slack id."""
        return self.deployment.slack.team.user(name).id

    def _write_paragraph(self, *lines: str) -> None:
        """Print lines with a blank line before and after them."""
        self.write(*([] if self._after_blank_line else [""]), *lines, "")

    def _act(self, user: str, expects: str, act: Callable[[], object], timeout: float = MESSAGE_TIMEOUT_S) -> Answer:
        slack = self.deployment.slack
        after = len(slack.transcript())
        act()
        try:
            self._await_jobs()
            if expects:
                slack.wait_to_see(user, expects, after=after, timeout=timeout)
        except TimeoutError:
            raise ExpectationFailed(f"{user} sees: {expects}", _text_of(slack.transcript(after))) from None
        finally:
            self.answer = Answer(slack.transcript(after))
            self._write_paragraph(*self._printer.lines(self.answer.entries))
        return self.answer

    def _await_jobs(self) -> None:
        """Wait until no job is queued or running; Redis does not notify a reader, so this polls."""
        with connect(Secret(self.deployment.redis_url)) as redis:
            queue = Queue(redis, Audit(redis))
            deadline = monotonic() + JOB_TIMEOUT_S
            while any(job.state in {"queued", "running"} for job in queue.recent(None, 10)):
                if monotonic() > deadline:
                    raise TimeoutError
                sleep(POLL_INTERVAL_S)


def _text_of(entries: list[TranscriptEntry]) -> str:
    return mask_secrets("\n".join(entry.text for entry in entries if entry.kind != "typed")) or "nothing"
