"""Recordings of deploys as data: made by Docker's CLI on a real engine, and changed as a test needs it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

from bot.model import StackObject, StackRecording, StackWrite
from bot.secrets.secret import Secret
from bot.stack_recording.content_names import with_content_names
from tests.kits.yaml_file import read_yaml

FOLDER: Final = Path(__file__).parents[1] / "plans" / "recordings"
KEY: Final = Secret("a key of the tests")


def recording(
    name: str = "app-28",
    *,
    writes: Mapping[str, Any] | None = None,
    objects: Mapping[str, Any] | None = None,
    without: tuple[str, ...] = (),
    first: bool = False,
    added: tuple[StackObject, ...] = (),
    changed_secrets: tuple[str, ...] = (),
    **fields: Any,
) -> StackRecording:
    """Return a recording of tests/plans/recordings.

    ``writes`` and ``objects`` set values of bodies and specs, by place: ``service app_web/Mode/Replicated/Replicas``.
    ``without`` lists writes that the CLI did not send (``service app_db``); with ``first`` the cluster has nothing of
    the stack, and everything is created. ``added`` are more objects of the cluster. ``changed_secrets`` have another
    content than the compose file. Configs and secrets are named by their content, as a recorder does.
    """
    data = deepcopy(_loaded(name))
    for change, listed, key in ((writes, data["writes"], "body"), (objects, data["objects"], "spec")):
        for place, value in (change or {}).items():
            _set(listed, key, place, value)
    for write in data["writes"]:
        write["action"] = "create" if first else write["action"]
    if first:
        data["writes"] = [*data["first_networks"], *data["writes"]]
        data["objects"] = [each for each in data["objects"] if not each["name"].startswith("app_")]
        data["first_networks"] = []
    objects_now = (*(StackObject(**each) for each in data["objects"]), *added)
    recorded = [StackWrite(**each) for each in data["writes"] if f"{each['type']} {each['name']}" not in without]

    def has_content(known: StackObject, body: Mapping[str, Any]) -> bool:
        if known.type == "secret":
            return known.name not in changed_secrets
        return bool(known.spec["Data"] == body["Data"])

    named, conflicts = with_content_names("app", recorded, objects_now, KEY, has_content)
    return StackRecording(
        name="app",
        objects=objects_now,
        writes=named,
        conflicts=conflicts,
        source="`/srv/stacks/app/compose.yml`",
        cli=data["cli"],
        key=KEY,
        first_networks=tuple(StackWrite(**each) for each in data["first_networks"]),
        **fields,
    )


@cache
def _loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(FOLDER / f"{name}.yml")
    return found


def _set(listed: list[dict[str, Any]], key: str, place: str, value: Any) -> None:
    which, *path, last = place.split("/")
    [each] = [each for each in listed if f"{each['type']} {each['name']}" == which]
    found = each[key]
    for part in path:
        found = found.setdefault(part, {})
    found[last] = value
