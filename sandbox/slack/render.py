"""What blocks show: plain lines for the transcript, a terminal and assertions; labels; uploaded images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from sandbox.slack.base import Json

SIGNS: Final = {"pending": "·", "in_progress": "▸", "complete": "✓", "error": "✗"}


def shown(text: str, blocks: list[Json]) -> str:
    """Return the visible text: of the blocks, or ``text`` if there are none."""
    return "\n".join(line for line in lines(blocks) if line) if blocks else text


def lines(blocks: list[Json]) -> Iterable[str]:
    """Return the lines of all blocks."""
    for block in blocks:
        yield from _BLOCKS.get(block["type"], _nothing)(block)


def flat(value: Any) -> str:
    """Return all text of a rich text or a table cell."""
    if isinstance(value, list):
        return "".join(flat(item) for item in value)
    if not isinstance(value, dict):
        return ""
    if value.get("type") == "link":
        return str(value.get("text") or value.get("url"))
    names = {"user": "<@{user_id}>", "channel": "<#{channel_id}>", "usergroup": "<!subteam^{usergroup_id}>"}
    if value.get("type") in names:
        return names[value["type"]].format(**value)
    return str(value.get("text") or "") or flat(value.get("elements"))


def label(element: Json) -> str:
    """Return the label of a button or menu."""
    words = element.get("text") or element.get("placeholder") or {}
    return str(words.get("text", element["type"])) if isinstance(words, dict) else str(words)


def _nothing(_block: Json) -> Iterable[str]:
    return []


def _section(block: Json) -> Iterable[str]:
    accessory = block.get("accessory")
    if block.get("text"):
        yield block["text"]["text"] + (f" [{label(accessory)}]" if accessory else "")
    for field in block.get("fields") or []:
        yield field["text"]


def _task(block: Json) -> Iterable[str]:
    title, details = block["title"], flat(block["details"]) if block.get("details") else ""
    if title.endswith("…") and details.startswith("…"):  # one text, which continues below its title
        title, details = title[:-1] + details[1:], ""
    yield f"{SIGNS[block['status']]} {title}"
    for part in (details, flat(block["output"]) if block.get("output") else ""):
        if part:
            yield f"  {part}"


def _plan(block: Json) -> Iterable[str]:
    yield block["title"]
    for task in block.get("tasks") or []:
        yield from _task(task)


def _table(block: Json) -> Iterable[str]:
    return [" | ".join(flat(cell) for cell in row) for row in block["rows"]]


def _input(block: Json) -> Iterable[str]:
    yield f"{block['label']['text']}: [{label(block['element'])}]"


_BLOCKS: Final[dict[str, Callable[[Json], Iterable[str]]]] = {
    "section": _section,
    "header": lambda block: [block["text"]["text"]],
    "divider": lambda _block: ["────"],
    "context": lambda block: [" ".join(e.get("text") or e.get("alt_text", "") for e in block["elements"])],
    "actions": lambda block: [" ".join(f"[{label(element)}]" for element in block["elements"])],
    "image": lambda block: [f"(image: {block['alt_text']})"],
    "input": _input,
    "markdown": lambda block: [block["text"]],
    "rich_text": lambda block: [flat(element) for element in block["elements"]],
    "table": _table,
    "data_table": _table,
    "task_card": _task,
    "plan": _plan,
}


def uploaded_images_in(blocks: list[Json]) -> Iterator[tuple[str, str]]:
    """Return for each ``slack_file`` in valid blocks its JSON pointer below the blocks and its id."""
    for number, block in enumerate(blocks):
        places = {"": block, "/accessory": block.get("accessory")}
        places |= {f"/elements/{at}": element for at, element in enumerate(block.get("elements") or [])}
        for place, element in places.items():
            if element and element["type"] == "image" and element.get("slack_file"):
                yield f"/{number}{place}/slack_file", str(element["slack_file"]["id"])
