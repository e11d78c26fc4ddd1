"""One open window, with the changes that were not sent to it yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.base import Json
from sandbox.slack.page import person_view
from sandbox.slack.page.inspector import as_shown
from sandbox.slack.workspace import Workspace


@dataclass
class Window:
    """A window of one person. Its first update has everything that the person sees, so a reload loses nothing.

    Updates are found by comparing the state with what was sent, not by collecting events: none can be missed.
    """

    workspace: Workspace
    user: str
    """A user id."""
    parts: Callable[[], Json]
    """Returns further parts of the state that are equal for everybody: hosts, tour, faults."""
    _items: dict[str, str] = field(default_factory=dict)
    """The version of each message that was sent, by key."""
    _parts: dict[str, str] = field(default_factory=dict)
    _exchanges: int = 0

    def news(self) -> Json:
        """Return what has changed since the last call; empty if nothing has."""
        with self.workspace.changed:
            found: Json = {}
            shown = [*person_view.items(self.workspace, self.user)]
            changed = [content() for key, version, content in shown if self._items.get(key) != version]
            now = {key: version for key, version, _ in shown}
            if changed:
                found["items"] = changed
            if gone := [key for key in self._items if key not in now]:
                found["gone"] = gone
            self._items = now
            for name, part in self._all_parts().items():
                text = json.dumps(part)
                if self._parts.get(name) != text:
                    self._parts[name] = text
                    found[name] = part
            exchanges = self.workspace.exchanges
            fresh = [as_shown(each, self.workspace.team, self.user) for each in exchanges.after(self._exchanges)]
            if fresh:
                found["exchanges"] = fresh
            self._exchanges = exchanges.total
            return found

    def _all_parts(self) -> dict[str, Any]:
        return {
            "team": person_view.team(self.workspace, self.user),
            "modals": person_view.modals(self.workspace, self.user),
            "home": person_view.home(self.workspace, self.user),
            **self.parts(),
        }
