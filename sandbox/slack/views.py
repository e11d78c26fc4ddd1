"""Modals and Home tabs: each person has one stack of modals and one Home tab."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from sandbox.slack.base import Json, SlackError
from sandbox.slack.validate import inputs_of

MAX_OPEN_MODALS: Final = 3


@dataclass
class View:
    """A view of one person; ``hash`` changes with every update."""

    id: str
    user: str
    content: Json
    hash: str = field(default_factory=lambda: secrets.token_hex(8))
    root_id: str = ""
    open: bool = True
    entered: Json = field(default_factory=dict)
    """The values entered into its inputs so far, by action_id. An update of the view keeps them for inputs that
    stay."""
    errors: dict[str, str] = field(default_factory=dict)
    """What the bot said of the last submission, by block_id."""

    def as_slack(self, team_id: str, app_id: str, values: Json | None = None) -> Json:
        """Return the view as Slack sends it."""
        return {
            **self.content,
            "id": self.id,
            "team_id": team_id,
            "app_id": app_id,
            "hash": self.hash,
            "root_view_id": self.root_id or self.id,
            "state": {"values": values or {}},
        }


@dataclass
class Views:
    """All modals by id, and the Home tabs by user id."""

    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)

    def stack(self, user: str) -> list[View]:
        """Return a person's open modals; the last one is on top."""
        return [view for view in self.views.values() if view.user == user and view.open]

    def open(self, user: str, content: Json, *, push: bool = False) -> View:
        """Open a modal: in place of the open ones or, with ``push``, on top of them. Raise SlackError if refused."""
        stack = self.stack(user)
        external_id = content.get("external_id")
        if external_id and any(v.open and v.content.get("external_id") == external_id for v in self.views.values()):
            raise SlackError("duplicate_external_id")
        if push and len(stack) >= MAX_OPEN_MODALS:
            raise SlackError("push_limit_reached")
        if not push:
            self.close(user)
        view = View(f"V{secrets.token_hex(5).upper()}", user, content)
        view.root_id = stack[0].id if push and stack else view.id
        self.views[view.id] = view
        return view

    def update(self, view: View, content: Json, expected_hash: str = "") -> View:
        """Replace a view's content. Raise SlackError hash_conflict if it has changed since."""
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        view.content, view.hash, view.errors = content, secrets.token_hex(8), {}
        inputs = {block["element"]["action_id"] for block in inputs_of(content["blocks"])}
        view.entered = {action: value for action, value in view.entered.items() if action in inputs}
        return view

    def publish(self, user: str, content: Json, expected_hash: str = "") -> View:
        """Set a person's Home tab. Raise SlackError hash_conflict if it has changed since."""
        home = self.homes.get(user)
        if home is None:
            home = self.homes[user] = View(f"V{secrets.token_hex(5).upper()}", user, content)
            return home
        return self.update(home, content, expected_hash)

    def find(self, view_id: str, external_id: str) -> View:
        """Return an open view. Raise SlackError not_found if there is none."""
        for view in self.views.values():
            if view.open and (view.id == view_id or (external_id and view.content.get("external_id") == external_id)):
                return view
        raise SlackError("not_found")

    def close(self, user: str) -> None:
        """Close all of a person's modals."""
        for view in self.stack(user):
            view.open = False
