"""Text that tries to look like Swarmbot's own, and what Slack would make of a message, read strictly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from hypothesis import strategies as st

from bot.blocks import Message
from bot.secrets.secret import Secret

PIECES = (
    *(
        "\n",
        "\r",
        "\u2028",
        "\x85",
        "\x0b",
        "\x00",
        "\t",
        " ",
        "\u200b",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u00ad",
        "\ud800",
    ),
    *("*", "**", "_", "~", "`", "```", '"', "'", "\u201d", ">", ">>> ", "• ", "&", "\\", "{count}", "%s"),
    *("<!channel>", "<!here>", "<@U0ADMIN2>", "<!subteam^S0OPS|ops>", "<#C0PROD>", "<https://a.example|ok>", "<"),
    *("&lt;!channel&gt;", "&#60;!here&#62;", "✓ *Approved* by <@U0ADMIN2>", "_a_", "~b~", "a", "snake_case", "✗"),
    *(":", ":x:", ":white_check_mark:", ":+1::skin-tone-2:", "fd00::1:2:3"),
)
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)
"""Up to a few hundred characters: less than what is cut."""
NOT_BLANK = HOSTILE.map(lambda text: f"{text}x")

SHOWN = ("text", "title", "elements", "fields", "rows", "tasks")
"""The keys of blocks with text for people.

A task's details continue where a long title ends, as rich text, which has no markup."""

PLAIN = frozenset({str, int, float, bool, type(None)})
"""The types of most values, which hold no field."""

_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_TOKEN = re.compile(r"<[^>]*>?")
_EMOJI = re.compile(r"(?<![0-9A-Fa-f:]):[\w+'-]+:|:[\w+'-]*[g-zG-Z_+'-][\w+'-]*:")
_MARKUP = re.compile(r"[*~`_:<>&]")
"""In a table's cell, which is plain text to Slack, these mark nothing."""
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Markup:
    """What a message looks like, apart from its words: two messages that differ in plain text alone are equal."""

    lines: int
    marks: Mapping[str, int]
    """The number of ``*``, ``~``, backticks, outer underscores and emoji codes outside code."""
    tokens: Mapping[str, int]
    """Mentions, links and times."""
    quotations: int
    """Lines that Slack shows as a quotation."""
    turned: int
    """Characters that are invisible or turn the text."""


def markup_of(message: Message) -> Markup:
    """Return what Slack makes of all texts of the message."""
    return _markup([*_texts(message.text), *_texts(message.blocks), *_texts(message.plain)])


def markup_of_text(text: str) -> Markup:
    """Return what Slack makes of one mrkdwn text."""
    return _markup([text])


def _markup(texts: list[str]) -> Markup:
    lines = [line for text in texts for line in re.split(r"[\n\r\x0b\x0c\x85\u2028\u2029]", text)]
    bare = [_CODE.sub("§", text) for text in texts]
    marks = Counter(mark for text in bare for mark in re.findall(r"[*~`]", text))
    marks["_"] = sum(len(_EDGE_UNDERSCORE.findall(_TOKEN.sub("", text))) for text in bare)
    marks[":"] = sum(len(_EMOJI.findall(text)) for text in bare)
    return Markup(
        len(lines),
        marks,
        Counter(token for text in texts for token in _TOKEN.findall(text)),
        sum(line.lstrip().startswith((">", "&gt;")) for line in lines),
        len(re.findall(r"[\x00-\x08\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]", "".join(texts))),
    )


def _texts(part: object) -> Iterator[str]:
    """Yield every text that is shown; not the ids and values of buttons."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Secret):
        return
    elif isinstance(part, Mapping) and part.get("type") == "raw_text":
        yield _MARKUP.sub("", part["text"])
    elif isinstance(part, Mapping):
        yield from _texts([part[name] for name in SHOWN if name in part])
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _texts(each)


def replaced(value: Any, names: frozenset[str], text: str) -> Any:
    """Return frozen data with ``text`` in each field of these names that is not empty; in mappings, in each value."""
    kind = type(value)
    if kind is tuple:
        return tuple(replaced(each, names, text) for each in value)
    if kind in PLAIN:
        return value
    if isinstance(value, Mapping):
        return {name: replaced(each, names, text) for name, each in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    held = {field.name: getattr(value, field.name) for field in fields(value)}
    changed = {name: _put(each, text) if name in names else replaced(each, names, text) for name, each in held.items()}
    return replace(value, **{name: each for name, each in changed.items() if each is not held[name]})


def _put(value: Any, text: str) -> Any:
    if isinstance(value, Mapping):
        return dict.fromkeys(value, text)
    return text if value else value
