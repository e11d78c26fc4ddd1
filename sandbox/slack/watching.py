"""What tests and the tour look at: messages, what each person saw, and waiting for it without polling."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self, TypeVar

from sandbox.slack.errors import CannotDo, SlackError
from sandbox.slack.files import File
from sandbox.slack.messages import Message
from sandbox.slack.sight import sees_file
from sandbox.slack.transcript import Seen, as_text
from sandbox.slack.workspace import Workspace
from sandbox.slack.world import World

T = TypeVar("T")


class Watching:
    """A view of one workspace that may be used from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def world(self) -> World:
        """Who and what is there; edit it under ``workspace.changed``."""
        return self.workspace.world

    def names(self) -> dict[str, str]:
        """Return what people call each user, channel and user group, by id: ``@ada``, ``#prod``, ``@ops``."""
        with self.workspace.changed:
            groups = {group.id: f"@{group.handle}" for group in self.world.groups.values()}
            return groups | {key: self.world.name_of(key) for key in (*self.world.users, *self.world.channels)}

    def reload(self, user: str) -> None:
        """Reload a person's Slack: their ephemerals are gone."""
        with self.workspace.changed:
            for message in self.workspace.messages.ephemerals(self.world.user(user).id):
                message.gone = True

    def messages(self, channel: str) -> list[Message]:
        """Return a channel's messages as they are now, the oldest first; no ephemerals."""
        with self.workspace.changed:
            return [replace(m) for m in self.workspace.messages.history(self.world.channel(channel).id)]

    def ephemerals(self, user: str) -> list[Message]:
        """Return the private messages that a person still has on the screen."""
        with self.workspace.changed:
            return [replace(m) for m in self.workspace.messages.ephemerals(self.world.user(user).id)]

    def seen_by(self, user: str) -> list[Seen]:
        """Return what a person typed and saw, in order."""
        with self.workspace.changed:
            return self.workspace.transcript.seen_by(self.world.user(user).id)

    def transcript(self, after: int = 0) -> list[Seen]:
        """Return what everybody typed and saw, from entry number ``after`` + 1 on."""
        with self.workspace.changed:
            return self.workspace.transcript.entries[after:]

    def text(self, entries: Iterable[Seen] | None = None) -> str:
        """Return entries (all of them by default) for a terminal."""
        with self.workspace.changed:
            shown = self.workspace.transcript.entries if entries is None else entries
            return "\n".join(as_text(entry, self.world.name_of) for entry in shown)

    def file_bytes(self, file_id: str) -> bytes:
        """Return what is in a completed file. Raises CannotDo when there is none, or no longer."""
        with self.workspace.changed:
            return self._file(file_id).content or b""

    def file_seen_by(self, file_id: str) -> list[str]:
        """Return the names of the people to whom a file, or a picture of it, was ever shown, deleted or not."""
        with self.workspace.changed:
            entries = (e for e in self.workspace.transcript.entries if file_id in e.files)
            users = [self.world.users[user_id] for user_id in {user_id for entry in entries for user_id in entry.to}]
            return sorted(user.name for user in users if not user.is_bot)

    def picture(self, user: str, file_id: str) -> bytes:
        """Return an uploaded picture that a person has before their eyes. Raises CannotDo: not seen, or no picture."""
        with self.workspace.changed:
            who, file = self.world.user(user), self._file(file_id)
            if not sees_file(self.workspace, who.id, file_id):
                raise CannotDo(f"{who.name} sees no file {file_id}")
            if file_id not in self.workspace.files.pictures():
                raise CannotDo(f"{file.name} is no picture, or not ready yet")
            return self.file_bytes(file_id)

    def file_delay(self, seconds: float) -> None:
        """Say how long after its completion a file is ready, from now on and for all files."""
        with self.workspace.changed:
            self.workspace.files.delay = seconds
            self.workspace.tell()

    def _file(self, file_id: str) -> File:
        try:
            return self.workspace.files.find(file_id)
        except SlackError as error:
            raise CannotDo(f"{file_id}: {error.code}") from None

    def wait_for(self, predicate: Callable[[Self], T], timeout: float = 10.0) -> T:
        """Wait until ``predicate`` is true and return what it returned. Raises TimeoutError with the last lines."""
        with self.workspace.changed:
            found: T = self.workspace.changed.wait_for(lambda: predicate(self), timeout)
            if not found:
                raise TimeoutError(f"not seen in {timeout} s; last:\n{self.text(self.transcript()[-10:])}")
            return found

    def wait_to_see(
        self, user: str, contains: str, *, after: int = 0, private: bool | None = None, timeout: float = 10.0
    ) -> Seen:
        """Wait until a person sees ``contains`` from the bot (in private or not) after entry ``after``; return it."""
        user_id = self.world.user(user).id

        def find(_: Watching) -> Seen | None:
            shown = (e for e in self.transcript(after) if user_id in e.to and contains in e.text)
            shown_by_bot = (e for e in shown if e.kind in {"posted", "edited", "modal", "home", "error"})
            return next((e for e in shown_by_bot if private is None or e.private is private), None)

        entry = self.wait_for(find, timeout)
        assert entry is not None  # noqa: S101 - wait_for returns what is true
        return entry
