"""Tables: Slack's ``data_table`` and ``table`` blocks, and the same as text for a Slack that refuses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.blocks import limits
from bot.blocks.elements import EMPTY, code, context, paragraphs
from bot.blocks.message import Block, Message
from bot.text.mrkdwn import cut_short, one_line, plain_line, tick

PHONE_WIDTH_CHARS: Final = 44
MAX_CELL_CHARS: Final = 120
PAGE_ROWS: Final = 20
"""Slack splits a data table with more rows into pages."""
TABLES: Final = frozenset({"table", "data_table"})


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Block:
    """Return a table of plain text (not mrkdwn: do not escape). The last row counts the rows that do not fit."""
    head, kept = _kept(columns, rows)
    if len(kept) < len(rows):
        kept.append([f"and {len(rows) - len(kept)} more left out", *[EMPTY] * (len(head) - 1)])
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in [head, *kept]]}


def data_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Block:
    """Return a table that readers sort, filter and page. The first column says what a row is about.

    Where Slack refuses it, the same is sent as a table. Without rows it is a table from the beginning, because a data
    table has one at least.
    """
    made = table(columns, rows)
    data = {"type": "data_table", "caption": caption, "page_size": PAGE_ROWS, "row_header_column_index": 0}
    return made | data if rows else made


def long_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    rest: str,
    *,
    caption: str = "",
    most: int = limits.MAX_TABLE_ROWS,
) -> list[Block]:
    """Return a table of the rows that fit; below it how many more there are, and how to see them (``rest``, mrkdwn).

    With a ``caption`` it is a data table.
    """
    fit = len(_kept(columns, rows[:most])[1])
    note = [context(f"and {len(rows) - fit} more. {rest}")] if fit < len(rows) else []
    made = data_table(caption, columns, rows[:fit]) if caption else table(columns, rows[:fit])
    return [made, *note]


def _kept(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the cells of the head and of the rows that fit, with room for one that counts the others."""
    head = _cells(columns)
    width = len(head)
    budget = limits.TABLE_CHARS - sum(map(len, head)) - len("and 100000 more left out")
    rows_that_fit: list[list[str]] = []
    for row in rows[: limits.MAX_TABLE_ROWS - 1]:
        cells = [*_cells(row), *[EMPTY] * width][:width]
        budget -= sum(map(len, cells))
        if budget < 0:
            break
        rows_that_fit.append(cells)
    return head, rows_that_fit if len(rows_that_fit) == len(rows) else rows_that_fit[: limits.MAX_TABLE_ROWS - 2]


def without_tables(message: Message) -> tuple[Block, ...]:
    """Return the message's ``plain`` blocks; if it has none, its blocks with tables as text."""
    written: list[Block] = []
    for block in message.plain or message.blocks:
        written.extend(_as_text(block) if block["type"] in TABLES else [block])
    return tuple(written)


def one_table(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks with all tables except the first as text: Slack accepts one in a message."""
    written: list[Block] = []
    seen = False
    for block in blocks:
        is_table = block["type"] in TABLES
        written.extend(_as_text(block) if is_table and seen else [block])
        seen = seen or is_table
    return tuple(written)


def without_data_tables(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks with data tables as tables."""
    return tuple({"type": "table", "rows": each["rows"]} if each["type"] == "data_table" else each for each in blocks)


def _cells(texts: Sequence[str]) -> list[str]:
    return [cut_short(one_line(text), MAX_CELL_CHARS) or EMPTY for text in texts[: limits.MAX_TABLE_COLUMNS]]


def _as_text(block: Block) -> list[Block]:
    """Return monospaced text if it fits a phone's width; otherwise one line for each row, with the columns' names."""
    rows = [[cell["text"] for cell in row] for row in block["rows"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    if max(map(len, lines)) <= PHONE_WIDTH_CHARS and len("\n".join(lines)) < limits.FIELD_CHARS:
        return [code("\n".join(lines))]
    names, *body = rows
    return paragraphs(_line(names, row) for row in body)


def _line(names: Sequence[str], row: Sequence[str]) -> str:
    cells = zip(names[1:], row[1:], strict=True)
    rest = [f"{plain_line(name)} {plain_line(cell)}" for name, cell in cells if cell != EMPTY]
    return " · ".join([tick(row[0]), *rest])
