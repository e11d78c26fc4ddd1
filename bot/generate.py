"""``python -m bot.generate`` writes what the commands declare into README.md, docs/guide.md and the manifests.

manifest-socket-mode.json is manifest.json without addresses: in Socket Mode Slack uses none.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.commands import Command, CommandRegistry, Flag, Word, permission_text
from bot.commands.command import Parameter
from handlers import registry

ROOT: Final = Path(__file__).parents[1]
BEGIN: Final = "<!-- commands: written by python -m bot.generate -->"
END: Final = "<!-- end of commands -->"
HINTED: Final = ("status", "nodes", "services", "check", "join", "deploy", "drain", "incidents", "help")
"""The commands that Slack shows while somebody types ``/swarm``."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file, and the text that it must have."""

    path: Path
    text: str


def documents(commands: CommandRegistry) -> list[Document]:
    """Return README, guide and manifests with their generated parts."""
    readme, guide, manifest = ROOT / "README.md", ROOT / "docs/guide.md", ROOT / "manifest.json"
    socket_mode = ROOT / "manifest-socket-mode.json"
    described = json.loads(manifest.read_text(encoding="utf-8"))
    described["features"]["slash_commands"][0]["usage_hint"] = usage_hint(commands)
    return [
        Document(readme, _between(readme.read_text(encoding="utf-8"), "\n".join(table(commands)))),
        Document(guide, _between(guide.read_text(encoding="utf-8"), "\n".join(reference(commands)))),
        Document(manifest, _json(described)),
        Document(socket_mode, _json(without_addresses(described))),
    ]


def without_addresses(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of an app that is reached by Socket Mode."""
    found = copy.deepcopy(manifest)
    for command in found["features"]["slash_commands"]:
        del command["url"]
    settings = found["settings"]
    del settings["event_subscriptions"]["request_url"], settings["interactivity"]["request_url"]
    settings["socket_mode_enabled"] = True
    return found


def table(commands: CommandRegistry) -> Iterator[str]:
    """Yield the lines of README's tables: one table for each group, one row for each command."""
    for group, members in commands.groups():
        yield from (f"**{group}**", "", "| command | what it does | permission |", "|---|---|---|")
        for command in members:
            usage = f"/swarm {_words(command)}{_optional(command)}{' [--…]' if _flags(command) else ''}"
            yield f"| `{_cell(usage)}` | {_cell(command.help)} | {_cell(permission_text(command))} |"
        yield ""


def reference(commands: CommandRegistry) -> Iterator[str]:
    """Yield the lines of the guide's reference: each command with its arguments and flags, by group."""
    for group, members in commands.groups():
        yield from (f"### {group}", "")
        for command in members:
            yield from (f"#### {command.name}", "", f"{command.help}. Permission: {permission_text(command)}.", "")
            yield from ("```", command.usage, "```", "")
            if command.parameters:
                yield from (f"- `{_shown(parameter)}`: {parameter.spec.help}" for parameter in command.parameters)
                yield ""
            yield from (f"Example: `/swarm {command.example}`", "")


def usage_hint(commands: CommandRegistry) -> str:
    """Return what Slack shows behind ``/swarm`` while somebody types: a few commands, because more are not readable."""
    return " | ".join([*(_words(commands[name]) for name in HINTED), "…"])


def _words(command: Command) -> str:
    shown = [p.shown + "…" * p.many for p in command.parameters if isinstance(p.spec, Word) and p.required]
    return " ".join([command.word, *shown])


def _optional(command: Command) -> str:
    words = [p for p in command.parameters if isinstance(p.spec, Word) and not p.required]
    return "".join(f" [{p.shown}{'…' * p.many}]" for p in words)


def _flags(command: Command) -> list[Parameter]:
    return [parameter for parameter in command.parameters if isinstance(parameter.spec, Flag)]


def _shown(parameter: Parameter) -> str:
    if isinstance(parameter.spec, Flag) and parameter.spec.kind:
        return f"{parameter.shown} {parameter.spec.kind.shown}"
    return parameter.shown


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _cell(text: str) -> str:
    """Escape the bars of ``text``: in Markdown a bar ends a cell, even inside code."""
    return text.replace("|", "\\|")


def _between(text: str, generated: str) -> str:
    """Return ``text`` with ``generated`` between its markers. Raise ValueError if they are missing."""
    marked = re.compile(f"(?<={re.escape(BEGIN)}\n).*(?={re.escape(END)})", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"the markers are missing: {BEGIN} … {END}")
    return marked.sub(lambda _: f"\n{generated.strip()}\n\n", text)


def main() -> int:
    """Write the files that differ, and print their names."""
    for document in documents(registry()):
        if document.path.read_text(encoding="utf-8") != document.text:
            document.path.write_text(document.text, encoding="utf-8")
            sys.stdout.write(f"{document.path.relative_to(ROOT)} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
