"""Reads the workspace for tests and the tour: messages, what each person saw, and waiting for it without polling."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self, TypeVar

from sandbox.slack.base import CannotDo, SlackError
from sandbox.slack.files import File
from sandbox.slack.messages import Message
from sandbox.slack.team import Team
from sandbox.slack.transcript import TranscriptEntry, as_text
from sandbox.slack.workspace import Workspace, sees_file

T = TypeVar("T")


class Observer:
    """Reads one workspace from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def team(self) -> Team:
        """The people, channels and groups; edit it under ``workspace.changed``."""
        return self.workspace.team

    def names(self) -> dict[str, str]:
        """Return the names of users, channels and user groups by id: ``@ada``, ``#prod``, ``@operators``."""
        with self.workspace.changed:
            groups = {group.id: f"@{group.handle}" for group in self.team.groups.values()}
            return groups | {key: self.team.name_of(key) for key in (*self.team.users, *self.team.channels)}

    def reload(self, user: str) -> None:
        """Reload a person's Slack, which removes their ephemerals."""
        with self.workspace.changed:
            for message in self.workspace.messages.ephemerals(self.team.user(user).id):
                message.gone = True
            self.workspace.tell()

    def messages(self, channel: str) -> list[Message]:
        """Return a channel's current messages without ephemerals, oldest first."""
        with self.workspace.changed:
            return [replace(m) for m in self.workspace.messages.history(self.team.channel(channel).id)]

    def ephemerals(self, user: str) -> list[Message]:
        """Return the ephemerals that are still on a person's screen."""
        with self.workspace.changed:
            return [replace(m) for m in self.workspace.messages.ephemerals(self.team.user(user).id)]

    def seen_by(self, user: str) -> list[TranscriptEntry]:
        """Return what a person typed and saw, in order."""
        with self.workspace.changed:
            return self.workspace.transcript.seen_by(self.team.user(user).id)

    def transcript(self, after: int = 0) -> list[TranscriptEntry]:
        """Return all transcript entries after entry number ``after``."""
        with self.workspace.changed:
            return self.workspace.transcript.entries[after:]

    def text(self, entries: Iterable[TranscriptEntry] | None = None) -> str:
        """Return the entries as text, all of them by default."""
        with self.workspace.changed:
            shown = self.workspace.transcript.entries if entries is None else entries
            return "\n".join(as_text(entry, self.team.name_of) for entry in shown)

    def file_bytes(self, file_id: str) -> bytes:
        """Return the content of a completed file. Raise CannotDo if it does not exist or was deleted."""
        with self.workspace.changed:
            return self._file(file_id).content or b""

    def file_seen_by(self, file_id: str) -> list[str]:
        """Return the names of all people who ever saw a file or image, even if it is deleted now."""
        with self.workspace.changed:
            entries = (e for e in self.workspace.transcript.entries if file_id in e.files)
            users = [self.team.users[user_id] for user_id in {user_id for entry in entries for user_id in entry.to}]
            return sorted(user.name for user in users if not user.is_bot)

    def image(self, user: str, file_id: str) -> bytes:
        """Return an uploaded image that a person sees now. Raise CannotDo if it is not visible or not an image."""
        with self.workspace.changed:
            who, file = self.team.user(user), self._file(file_id)
            if not sees_file(self.workspace, who.id, file_id):
                raise CannotDo(f"{who.name} sees no file {file_id}")
            if file_id not in self.workspace.files.images():
                raise CannotDo(f"{file.name} is not an image, or not ready yet")
            return self.file_bytes(file_id)

    def file_delay(self, seconds: float) -> None:
        """Set the seconds between the completion of a file and the time it is ready, for all files."""
        with self.workspace.changed:
            self.workspace.files.delay = seconds
            self.workspace.tell()

    def _file(self, file_id: str) -> File:
        try:
            return self.workspace.files.find(file_id)
        except SlackError as error:
            raise CannotDo(f"{file_id}: {error.code}") from None

    def wait_for(self, predicate: Callable[[Self], T], timeout: float = 10.0) -> T:
        """Wait until ``predicate`` is true and return its result. Raise TimeoutError with the last entries."""
        with self.workspace.changed:
            found: T = self.workspace.changed.wait_for(lambda: predicate(self), timeout)
            if not found:
                raise TimeoutError(f"not seen within {timeout} s; last entries:\n{self.text(self.transcript()[-10:])}")
            return found

    def wait_to_see(
        self, user: str, contains: str, *, after: int = 0, private: bool | None = None, timeout: float = 10.0
    ) -> TranscriptEntry:
        """Wait until the bot shows a person ``contains`` after entry ``after``, and return that entry.

        ``private`` limits it to private or public entries.
        """
        user_id = self.team.user(user).id

        def find(_: Observer) -> TranscriptEntry | None:
            shown = (e for e in self.transcript(after) if user_id in e.to and contains in e.text)
            shown_by_bot = (e for e in shown if e.kind in {"posted", "edited", "modal", "home", "error"})
            return next((e for e in shown_by_bot if private is None or e.private is private), None)

        entry = self.wait_for(find, timeout)
        assert entry is not None  # noqa: S101 - wait_for returns only true values
        return entry
