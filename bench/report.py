"""Results as text for a terminal, and as docs/measured.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from bench.result import Cell, Goal, Machine, Result, Results, Table

FEW, SOME = 10, 100
"""Numbers below the first have two digits after the point, below the second one digit, others none."""
SWARMBOT: Final = "Swarmbot"
HEAD: Final = """\
# Measured

Made by `python -m bench measured` from what `python -m bench` measured; do not edit it. A figure holds for the
machine and the load that are named beside it: compare figures of one table, which are from one run."""


def shown(cell: Cell) -> str:
    """Return a cell as text."""
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) or abs(cell) >= SOME:
        return f"{cell:,.0f}"
    return f"{cell:.1f}" if abs(cell) >= FEW else f"{cell:.2f}"


def as_text(result: Result) -> str:
    """Return a result for a terminal."""
    return "\n".join(_text_lines(result))


def as_markdown(results: Results, kept: Iterable[tuple[str, Sequence[Table]]] = ()) -> str:
    """Return docs/measured.md; ``kept`` are titles and tables of what else is measured."""
    lines = [*_markdown_lines(sorted(results.results, key=lambda each: each.name))]
    for title, tables in kept:
        lines += [f"## {title}", "", *(line for table in tables for line in _markdown_table(table))]
    return "\n".join(lines).rstrip("\n") + "\n"


def missed(goal: Goal) -> str:
    """Return by how much a goal was missed: "by 0.35 s (35% more)"."""
    more = goal.value - goal.limit
    return f"by {shown(more)} {goal.unit} ({more / goal.limit:.0%} more)"


def _text_lines(result: Result) -> Iterator[str]:
    yield f"{result.name}: {result.what}"
    yield _run_text(result)
    for table in result.measured.tables:
        yield from _aligned(table)
    for goal in result.measured.goals:
        sign = "✓ met" if goal.met else "✗ missed"
        yield f"{sign}: {goal.what}: {shown(goal.value)} of at most {shown(goal.limit)} {goal.unit}"
    yield from result.measured.notes


def _aligned(table: Table) -> Iterator[str]:
    yield table.title
    rows = [table.columns, *(tuple(map(shown, row)) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = (cell.rjust(width + 2) for cell, width in zip(others, widths[1:], strict=True))
        yield first.ljust(widths[0]) + "".join(cells)


def _markdown_lines(results: Sequence[Result]) -> Iterator[str]:
    yield HEAD
    yield ""
    machines = list(dict.fromkeys(_machine_text(each.machine) for each in results))
    if len(machines) == 1:
        yield machines[0]
        yield ""
    yield from _goal_lines(results)
    for result in results:
        yield f"## {result.name}"
        yield ""
        yield f"{result.what} `{result.command}`"
        yield ""
        where = f" · {_machine_text(result.machine)}" if len(machines) > 1 else ""
        yield f"{_run_text(result)} · commit {dict(result.machine.versions).get(SWARMBOT, 'unknown')}{where}"
        yield ""
        for table in result.measured.tables:
            yield from _markdown_table(table)
        for note in result.measured.notes:
            yield f"- {note}"
        if result.measured.notes:
            yield ""


def _goal_lines(results: Sequence[Result]) -> Iterator[str]:
    goals = [(result.name, goal) for result in results for goal in result.measured.goals]
    if not goals:
        return
    yield "## Goals"
    yield ""
    yield f"{sum(goal.met for _, goal in goals)} of {len(goals)} are met."
    yield ""
    rows = [
        (name, goal.what, f"{shown(goal.limit)} {goal.unit}", f"{shown(goal.value)} {goal.unit}", _verdict(goal))
        for name, goal in sorted(goals, key=lambda each: each[1].met)
    ]
    yield from _markdown_table(Table(("benchmark", "goal", "at most", "measured", "verdict"), tuple(rows)))


def _verdict(goal: Goal) -> str:
    return "✓ met" if goal.met else f"✗ missed {missed(goal)}"


def _markdown_table(table: Table) -> Iterator[str]:
    if table.title:
        yield f"**{table.title}**"
        yield ""
    yield _row(table.columns)
    numeric = [all(not isinstance(row[index], str) for row in table.rows) for index in range(len(table.columns))]
    yield _row(["--:" if each else "---" for each in numeric])
    for row in table.rows:
        yield _row([shown(cell) for cell in row])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _run_text(result: Result) -> str:
    at = datetime.fromtimestamp(result.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = f"load {result.load:.1f} on {result.machine.cores} cores at the start"
    precedence = f" · niceness {result.niceness}" if result.niceness else ""
    return f"{at} · took {result.seconds:.0f} s · {load}{precedence}"


def _machine_text(machine: Machine) -> str:
    """Return the machine and its versions, without Swarmbot's own."""
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions if name != SWARMBOT)
    return f"{machine.cores} cores of {machine.cpu}, {machine.memory_gib:.0f} GiB · {versions}"
