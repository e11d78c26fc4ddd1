"""What the bot showed in tests: ``pytest --transcripts FOLDER`` writes it, the gallery reads it."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.slack import LocalSlack

FORMS: Final = "forms"
HOMES: Final = "homes"
UNASKED: Final = "unasked"
"""What is shown before anybody types."""
_VARIES: Final = re.compile(r"\"(?:block_id|file_id|id|value)\": \"[^\"]*\"|SWMTKN-[^`\"\s]+|`[a-z0-9]{4}`|[0-9]+")
"""What differs from run to run: ids, tokens, jobs, and numbers with times among them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message, or the content of a form or of a Home."""

    of: str
    """The command that was typed last before it, FORMS, HOMES or UNASKED."""
    text: str
    blocks: list[dict[str, Any]]

    @property
    def shape(self) -> str:
        """What is the same if it is shown again."""
        return f"{self.of} {_VARIES.sub('#', json.dumps([self.text, self.blocks], ensure_ascii=False))}"


@contextmanager
def saved(folder: Path) -> Iterator[None]:
    """Write what each local Slack has shown into a file of ``folder`` when it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    ended = LocalSlack.__exit__

    def save_and_end(slack: LocalSlack, *error: object) -> None:
        shown = {each.shape: each for each in _shown(slack)}
        if shown:
            text = json.dumps([asdict(each) for each in shown.values()], ensure_ascii=False)
            Path(folder, f"{uuid.uuid4().hex}.json").write_text(text, encoding="utf-8")
        ended(slack, *error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalSlack, "__exit__", save_and_end)
        yield


def read(folder: Path) -> list[Shown]:
    """Return what was shown, each of it once, by command."""
    files = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))
    found = (Shown(**each) for file in files for each in file)
    once = {each.shape: each for each in found}
    return sorted(once.values(), key=lambda each: each.of)


def _shown(slack: LocalSlack) -> Iterator[Shown]:
    with slack.workspace.changed:
        entries, calls = [*slack.workspace.transcript.entries], [*slack.workspace.calls]
    command = UNASKED
    for entry in entries:
        if entry.kind == "typed":
            command = [*entry.text.split(), "menu"][1]
        elif entry.kind in {"posted", "edited"} and entry.who == slack.team.app.bot_user:
            yield Shown(command, "" if entry.blocks else entry.text, entry.blocks)
    for call in calls:
        if call.method.startswith("views.") and call.body.get("ok"):
            yield _of_view(call.body["view"])


def _of_view(view: dict[str, Any]) -> Shown:
    if view["type"] == "home":
        return Shown(HOMES, "", view["blocks"])
    return Shown(FORMS, "", [{"type": "header", "text": view["title"]}, *view["blocks"]])
