"""Slack's mrkdwn: escaping, names, mentions, times, and cutting to a length."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

MAX_WORD_CHARS: Final = 200
"""How far back a cut searches for the end of a word."""
MAX_OUTSIDE_CHARS: Final = 1000
"""The most characters of a text from outside that are shown on a line."""
MAX_CODE_CHARS: Final = 2000
"""The most characters of a name or of a whole command that are shown in backticks."""
MAX_NAME_CHARS: Final = 255
MAX_ECHO_CHARS: Final = 60
"""The most characters of a word that was not understood that are repeated."""
MAX_ORDER_CHARS: Final = 300
"""The most characters of an order that are repeated in a message about it."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode's categories of controls, formats (zero width, direction), surrogates, and characters of no meaning."""
_LIKE_UNDERSCORE: Final = "\u02cd"
_EDGE_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LIKE_COLON: Final = "\ua789"
_EMOJI_COLON: Final = re.compile(r":(?=[\w+'-]+:)(?:(?<![0-9A-Fa-f:]:)|(?=[\w+'-]*[g-zG-Z_+'-]))")
"""The colon that begins an emoji code. Groups of hexadecimal digits within an address or a time do not begin one."""
_INERT: Final = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_QUOTES: Final = dict.fromkeys(map(ord, '"\u201c\u201d\u201e'), "'")
_LIKE_ANGLE: Final = "\u203a"
_ANGLES: Final = str.maketrans({"<": "\u2039", ">": _LIKE_ANGLE})
_ODD_IN_NAME: Final = re.compile(r"[^\w.+:/@-]")


def escape(text: str) -> str:
    """Return ``text`` so that Slack shows it as it is, and not as a mention, link or broadcast."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_line(text: str, limit: int = MAX_OUTSIDE_CHARS) -> str:
    """Return text from outside as plain text on one line: what people typed, and what engines and hosts report.

    It never makes bold or italic text, code, a mention, an emoji, a quotation or a new line. Slack's mrkdwn has no
    escape for ``* _ ~``, backticks and the colon of an emoji code, so characters that look the same stand for them. An
    underscore inside a word marks nothing and stays.
    """
    line = _inert(text, limit)
    return escape(line[:1].replace(">", _LIKE_ANGLE) + line[1:])


def plain_title(text: str, limit: int = MAX_OUTSIDE_CHARS) -> str:
    """Return this for a field that may be mrkdwn (Slack does not say): angle brackets are replaced too."""
    return _inert(text, limit).translate(_ANGLES)


def quoted(text: str, limit: int = MAX_OUTSIDE_CHARS) -> str:
    """Return what a person wrote in double quotes, as plain text; a double quote in it cannot end the quotation."""
    return '"' + plain_line(text.translate(_QUOTES), limit) + '"'


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters and characters that are invisible or turn the text."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Return the text without control characters and characters that are invisible or turn it; each space is plain."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def safe_name(text: str) -> str:
    """Return a name that a host or an engine reports, with "?" for each character that no such name needs."""
    return _ODD_IN_NAME.sub("?", one_line(text))[:MAX_NAME_CHARS]


def tick(name: str) -> str:
    """Return a name in backticks, escaped, on one line; backticks in it are removed."""
    return f"`{escape(cut_short(one_line(name.replace('`', '')), MAX_CODE_CHARS)) or '?'}`"


def echo(typed: str) -> str:
    """Return a word that somebody typed and that means nothing, in backticks; if it is long, its beginning."""
    return tick(cut_short(one_line(typed), MAX_ECHO_CHARS))


def order_text(words: str) -> str:
    """Return an order as it was typed, in backticks; if it is long, its beginning. `/swarm job ID` shows all of it."""
    return tick(cut_short(one_line(f"/swarm {words}"), MAX_ORDER_CHARS))


def _inert(text: str, limit: int) -> str:
    line = _EDGE_UNDERSCORE.sub(_LIKE_UNDERSCORE, cut_short(one_line(text), limit))
    # Last: what stands for a backtick is a letter, which may be part of an emoji code.
    return _EMOJI_COLON.sub(_LIKE_COLON, line.translate(_INERT))


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _INVISIBLE else character


def user(user_id: str) -> str:
    """Return the mention of a person (``U…``) or of a user group (``S…``)."""
    return f"<!subteam^{escape(user_id)}>" if user_id.startswith("S") else f"<@{escape(user_id)}>"


def channel(channel_id: str) -> str:
    """Return the link to a channel (``C…``)."""
    return f"<#{escape(channel_id)}>"


def when(unix_seconds: float, *, with_seconds: bool = False) -> str:
    """Return a time that Slack shows in each reader's time zone, as "today at 16:40" or "today at 16:40:12"."""
    form, token = ("%H:%M:%S", "time_secs") if with_seconds else ("%H:%M", "time")
    return _date(unix_seconds, f"{{date_short_pretty}} at {{{token}}}", f"%Y-%m-%d {form} UTC")


def clock(unix_seconds: float) -> str:
    """Return the time of a day that is known, as "16:40:12" in each reader's time zone."""
    return _date(unix_seconds, "{time_secs}", "%H:%M:%S UTC")


def _date(unix_seconds: float, shown: str, plain: str) -> str:
    return f"<!date^{int(unix_seconds)}^{shown}|{datetime.fromtimestamp(unix_seconds, UTC).strftime(plain)}>"


def cut(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and the number of characters left out, in at most ``limit`` characters."""
    if len(text) <= limit:
        return text
    room = limit - len(f" … ({len(text)} characters left out)")
    if room <= 0:
        return text[: limit - 1] + "…"
    space = max(text.rfind("\n", room - MAX_WORD_CHARS, room), text.rfind(" ", room - MAX_WORD_CHARS, room))
    end = space if space > 0 else room
    return f"{text[:end]} … ({len(text) - end} characters left out)"


def cut_short(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and "…", for labels that have no room for a number."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
