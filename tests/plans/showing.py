"""Plans, messages and errors as a case writes them: plain lists that a person can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.blocks import Message
from bot.errors import SwarmbotError
from bot.model import Plan, Step
from bot.secrets.secret import Secret
from bot.stored_json import to_plain


def show_plan(plan: Plan, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the plan without empty fields. Of each step only kind, track and the fields that ``steps`` names."""
    named = [*map(set, steps), *([set()] * len(plan.steps))]
    shown = {
        "titles": asdict(plan.titles),
        "steps": [_step(step, names) for step, names in zip(plan.steps, named, strict=False)],
        "effect": plan.effect,
        "meanwhile": [*plan.meanwhile],
        "costs": [cost.text for cost in plan.costs],
        "warnings": [*plan.warnings],
        "findings": [
            " | ".join(filter(None, (f"{f.sign} {f.target}".strip(), f.text, f.next_step))) for f in plan.findings
        ],
        "unchanged": [*plan.unchanged],
        "offer": plan.offer,
        "quorum": [*plan.quorum],
        "approvals": plan.approvals,
        "subject": plan.subject,
        "reveals": [*plan.reveals],
        "typed_secret": plan.needs_typed_secret,
    }
    return {name: value for name, value in shown.items() if value}


def _step(step: Step, names: set[str]) -> dict[str, Any]:
    fields = {"after": step.after, "always": step.always, **to_plain(step.operation), "track": step.track}
    return {name: _plain(fields.get(name, "(no such field)")) for name in {"kind", "track", *names}}


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def show_message(message: Message) -> list[str]:
    """Return the message's lines: tables as rows, buttons in brackets, a secret in guillemets."""
    return [line for block in message.blocks for line in _block(block)] or [message.text]


def _block(block: Mapping[str, Any]) -> list[str]:
    match block["type"]:
        case "section" if "fields" in block:
            return [_text(field).replace("\n", " ") for field in block["fields"]]
        case "section":
            return _text(block["text"]).split("\n")
        case "context":
            return [f"({_text(element)})" for element in block["elements"]]
        case "table" | "data_table":
            return [" | ".join(cell["text"] for cell in row) for row in block["rows"]]
        case "actions":
            return [" ".join(f"[{element['text']['text']}]" for element in block["elements"])]
    raise AssertionError(f"no way to show a {block['type']}")


def _text(element: Mapping[str, Any]) -> str:
    text = element["text"]
    return f"«{text.reveal()}»" if isinstance(text, Secret) else str(text)


def show_error(error: SwarmbotError) -> list[str]:
    """Return what happened, what is true now and what to do next, without empty parts."""
    return [part for part in (error.happened, error.true_now, error.next_step) if part]
