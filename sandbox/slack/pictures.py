"""Finds the uploaded pictures that blocks show."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.slack.json_types import Json


def pictures_in(blocks: list[Json]) -> Iterator[tuple[str, str]]:
    """Return where a ``slack_file`` is (a JSON pointer below the blocks) and its id, for each of valid blocks."""
    for number, block in enumerate(blocks):
        places = {"": block, "/accessory": block.get("accessory")}
        places |= {f"/elements/{at}": element for at, element in enumerate(block.get("elements") or [])}
        for place, element in places.items():
            if element and element["type"] == "image" and element.get("slack_file"):
                yield f"/{number}{place}/slack_file", str(element["slack_file"]["id"])
