"""Plain English: no text of the project uses a word or phrase that is ruled out here.

It reads the sources of bot/, handlers/, sandbox/, bench/ and tests/ (messages, docstrings and comments), Lua scripts,
README, CHANGELOG and docs/.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

# Regular expression of what is ruled out → what to write. Case does not matter; \b is added at both ends.
RULED_OUT: Final = {
    r"a yes|yes more|say yes|says yes|said yes|others' yes|somebody else's yes": "approve, approval, needs 2 approvals",
    r"mend|mends|mended|mending": "fix",
    r"shall": "must, should, will",
    r"is no (moment|node|host|member|manager)|knows no|for want of": "cannot, is not, has no",
    r"no way leads|is there and finds": "unreachable, did not respond, timed out",
    r"survives?( no)?( more)? failures?": "tolerates 1 failure, tolerates no failure",
    r"can lose no manager|stops deciding|can decide anything": "loses quorum, has no quorum",
    r"would be fatal|is fatal|fatal meanwhile": "loses quorum",
    r"good until|good for \d+": "valid until, valid for",
    r"wants a value": "needs a value",
    r"at strength": "running, fully running, 3 of 5 replicas running",
    r"gone for good": "permanently lost",
    r"the asker|who asks|who asked for it": "the requester, only you",
    r"not looked at|looked at": "skipped, checked, not tested",
    r"already so": "no change needed",
    r"what (becomes|became) of|whatever becomes of|what came of": "the result, how it ended",
    r"of which|whereof|whereupon|wherein": "a sentence of its own",
    r"is told that|are told that|told of it": "is notified, sees",
    r"takes? itself for": "believes that it is",
    r"all the same": "still",
    r"anew|once more": "again",
    r"nowhere to go": "no node can run",
    r"lest|hence|thereof|therein|thereby|aught|naught|ere|unto|amid|amidst": "everyday English",
    r"in the asking|the deed|ailing|ailment": "a plain word",
    r"is in none": "is not part of any cluster",
    r"makes? an end of|put an end to": "ends",
    r"of late": "recently",
    r"(url|secret|deploy|head|host|one) is none|it is none|none of a deploy": "is not valid, is not a secret",
    r"tells? (of )?(an |the )?incidents?|incidents are told|told of incidents": "report",
}
ANY: Final = re.compile(rf"\b(?:{'|'.join(RULED_OUT)})\b")
"""Finds everything that is ruled out in a text of small letters."""
INVERTED: Final = re.compile(
    r'"""(?:Of|So (?:long|often|many|much)|The same(?: (?:of|for|as|if|while|after)\b|[.,;]))[ "]'
)
"""Beginnings of docstrings that are no sentences, or that need their neighbours: a hover shows one docstring alone."""
BETWEEN_WORDS: Final = re.compile(r"(?:\\n|[\s#\"]|--)+(?:f\")?")
"""What a source may have between two words of one text: the rest of two lines, quotes, the sign of a comment."""

DOCS: Final = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "swarmbot.example.yml")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
SOURCES: Final = [
    path
    for folder in ("bot", "handlers", "sandbox", "bench", "tests")
    for kind in ("*.py", "*.lua")
    for path in sorted((ROOT / folder).rglob(kind))
    if path != Path(__file__)
]


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file with the line that each begins on: strings and comments of a source, all of a document.

    Lines that follow each other are one text: a phrase may be broken over two of them.
    """
    source = path.read_text()
    if path.suffix != ".py":
        lines = ((line, text.removeprefix("--")) for line, text in enumerate(source.splitlines(), 1))
        yield from _joined((line, text) for line, text in lines if text.strip())
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    if "#" not in source:
        return
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    comments = (token for token in tokens if token.type == tokenize.COMMENT)
    yield from _joined((token.start[0], token.string.lstrip("# ")) for token in comments)


def _joined(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield as one text the numbered lines that follow each other, with the number of the first."""
    for _, group in groupby(enumerate(lines), lambda each: each[1][0] - each[0]):
        found = [line for _, line in group]
        yield found[0][0], " ".join(text for _, text in found)


def _found(path: Path) -> list[str]:
    source = path.read_text()
    beginnings = [
        f"{path.relative_to(ROOT)}:{line}: “{match[0][3:].strip()}”: write “a sentence that stands alone”"
        for line, text in enumerate(source.splitlines(), 1)
        for match in INVERTED.finditer(text)
    ]
    if not ANY.search(BETWEEN_WORDS.sub(" ", source.lower())):
        return beginnings  # the whole file at once: Python's parser takes ten times as long
    return beginnings + [
        f"{path.relative_to(ROOT)}:{line}: “{match[0]}”: write “{instead}”"
        for line, text in ((line, " ".join(text.split())) for line, text in _texts(path))
        for pattern, instead in RULED_OUT.items()
        for match in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
    ]


def test_every_text_uses_plain_english() -> None:
    """A failure says what to write instead."""
    assert [found for path in (*DOCS, *SOURCES) for found in _found(path)] == []


def test_a_ruled_out_phrase_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search reads docstrings, comments and f-strings, also where a phrase is broken over two lines."""
    monkeypatch.setattr("tests.unit.test_voice.ROOT", tmp_path)
    for name, written, found in (
        ("message.py", '"""Mend it."""\n', "Mend"),
        ("message.py", '"""It is all\n    the same."""\n', "all the same"),
        ("message.py", "# which shall hold\n", "shall"),
        ("message.py", "# it is all\n    # the same\n", "all the same"),
        ("message.py", 'x = f"{x} services at\\n strength"\n', "at strength"),
        ("message.py", 'x = (\n    "services at "\n    f"strength {x}"\n)\n', "at strength"),
        ("message.py", '"""Of more, only the number is shown."""\n', "Of"),
        ("message.py", '"""The same while nothing is wrong."""\n', "The same while"),
        ("script.lua", "-- KEYS[1] what became\n-- of it\n", "what became of"),
    ):
        source = tmp_path / name
        source.write_text(written)
        assert [each.partition("“")[2].partition("”")[0] for each in _found(source)] == [found]
