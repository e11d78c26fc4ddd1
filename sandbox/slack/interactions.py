"""Finds elements by label, and builds the payloads of actions and submissions as Slack does."""

from __future__ import annotations

from typing import Any, Final

from sandbox.slack.base import CannotDo, Json
from sandbox.slack.render import label
from sandbox.slack.validate import elements_of, inputs_of

_PICKED: Final = {
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
}


def find_element(blocks: list[Json], action: str, block_id: str = "") -> tuple[Json, Json]:
    """Return the block and the element with this action_id or label, in any block or in the one with ``block_id``.

    Raise CannotDo unless there is exactly one.
    """
    found = [
        (block, element)
        for block in blocks
        if block_id in {"", block["block_id"]}
        for element in elements_of(block)
        if action in {element["action_id"], label(element)}
    ]
    if len(found) != 1:
        there = ", ".join(f"[{label(element)}]" for block in blocks for element in elements_of(block)) or "none"
        raise CannotDo(f"{len(found)} elements are called {action!r}; elements: {there}")
    return found[0]


def action_of(block: Json, element: Json, value: Any, ts: str) -> Json:
    """Return an entry of ``actions``."""
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    if element["type"] == "button":
        return action | {key: element[key] for key in ("text", "value", "style") if element.get(key) is not None}
    return action | _state(element, value)


def entered_values(blocks: list[Json], answers: Json) -> Json:
    """Return the ``state.values`` of a view that is not submitted yet: inputs may be empty."""
    values: Json = {}
    for block in inputs_of(blocks):
        element = block["element"]
        _put(values, block, answers.get(element["action_id"], _initial(element)))
    return values


def values_of(blocks: list[Json], answers: Json) -> Json:
    """Return a submission's ``state.values``. Raise CannotDo if an answer is missing or belongs to no input.

    ``answers`` are named by action_id, by ``block_id/action_id`` or by label.
    """
    left = dict(answers)
    values: Json = {}
    for block in inputs_of(blocks):
        element = block["element"]
        names = (f"{block['block_id']}/{element['action_id']}", element["action_id"], block["label"]["text"])
        given = [left.pop(name) for name in names if name in left]
        answer = given[0] if given else _initial(element)
        if answer is None and not block.get("optional"):
            raise CannotDo(f"{block['label']['text']} needs an answer")
        _put(values, block, answer)
    if left:
        raise CannotDo(f"the modal has no input {', '.join(left)}")
    return values


def _put(values: Json, block: Json, answer: Any) -> None:
    element = block["element"]
    state = {"type": element["type"], **_state(element, answer)}
    values.setdefault(block["block_id"], {})[element["action_id"]] = state


def _initial(element: Json) -> Any:
    """Return the initial value of an input."""
    if isinstance(element.get("initial_option"), dict):
        return element["initial_option"]["value"]
    if isinstance(element.get("initial_options"), list):
        return [option["value"] for option in element["initial_options"]]
    return next((value for key, value in element.items() if key.startswith("initial_")), None)


def _state(element: Json, value: Any) -> Json:
    kind = str(element["type"])
    if kind in _PICKED:
        return {_PICKED[kind]: value}
    if kind in {"static_select", "radio_buttons", "overflow"}:
        return {"selected_option": _option(element, value) if value is not None else None}
    if kind in {"multi_static_select", "checkboxes"}:
        return {"selected_options": [_option(element, one) for one in value or []]}
    return {"value": value}


def _option(element: Json, value: str) -> Json:
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    for option in (option for group in groups for option in group["options"]):
        if value in {option["value"], option["text"]["text"]}:
            return dict(option)
    raise CannotDo(f"there is no option {value!r}")
