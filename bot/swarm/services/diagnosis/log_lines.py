"""The lines of several containers as one log, with what looks like a secret masked. Pure.

The shown text is a :class:`~bot.secrets.secret.Secret`, so that it is stored nowhere, not even until Slack has it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.blocks import WARNING, Block, code, cut_short, escape, tick
from bot.blocks.elements import FENCE
from bot.blocks.limits import SECTION_CHARS
from bot.model import ClusterFacts, Facts, LogLine, TaskFacts
from bot.model.service import NO_SPEC
from bot.secrets.secret import Secret
from bot.secrets.secret_names import masked_line, secret_values
from bot.text.suggest import listed

BLOCK_CHARS: Final = SECTION_CHARS - 100
"""The most characters of lines in one block."""
LINE_CHARS: Final = 500
"""The most characters of a line in a message: escaped, it fits into a block. The file has the whole line."""
ID_CHARS: Final = 5
"""How many characters of a task's id are shown where a slot has several tasks."""
MAX_NAMED: Final = 12
"""The number of tasks that a line names."""
_TERMINAL: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""The sequences with which programs colour their output."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a log as it is shown."""

    at: float
    """Unix seconds."""
    source: str
    """The task and its node: ``web.2@host-1``."""
    text: str
    """Masked."""

    @property
    def in_message(self) -> str:
        """The line for a message, with the time of day (UTC)."""
        return f"{datetime.fromtimestamp(self.at, UTC):%H:%M:%S} {self.source} | {self.text}"

    @property
    def in_file(self) -> str:
        """The line for a file."""
        stamp = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"{stamp} {self.source} | {self.text}"


def task_names(swarm: ClusterFacts, tasks: Iterable[TaskFacts]) -> dict[str, str]:
    """Return the name of each task in a message, by its id.

    It is ``web.2``; if a slot has several, also the start of the id.
    """
    found = list(tasks)
    places = Counter(task.place for task in found)
    names = {}
    for task in found:
        service = swarm.service(task.service)
        name = task.name_in(service.name if service else task.service)
        names[task.id] = f"{name}.{task.id[:ID_CHARS]}" if places[task.place] > 1 else name
    return names


def merged_lines(facts: Facts, tasks: Iterable[TaskFacts], grep: str = "") -> list[ShownLine]:
    """Return the lines that were read of ``tasks`` in the order of their times; those of one task keep their order.

    With ``grep``, only lines with this text, in upper or lower case. It is searched for in what is shown: a search must
    not reveal what is masked.
    """
    swarm = facts.swarm
    if swarm is None:
        return []
    read = [task for task in tasks if task.id in facts.task_readings]
    names, nodes = task_names(swarm, read), {node.id: node.name for node in swarm.nodes}
    found: list[ShownLine] = []
    for task in read:
        log = facts.task_readings[task.id].log
        source = f"{names[task.id]}@{nodes.get(task.node, task.node)}"
        known = secret_values(task.spec.get("ContainerSpec") or NO_SPEC)
        found += [ShownLine(line.at, source, _shown(line, known)) for line in (log.lines if log else ())]
    wanted = grep.casefold()
    return sorted((line for line in found if wanted in line.text.casefold()), key=lambda line: line.at)


def unread(facts: Facts, tasks: Iterable[TaskFacts]) -> dict[str, list[TaskFacts]]:
    """Return the tasks that could not be read, by the reason."""
    found: dict[str, list[TaskFacts]] = defaultdict(list)
    for task in tasks:
        if (reading := facts.task_readings.get(task.id)) and reading.failure:
            found[reading.failure].append(task)
    return dict(found)


def unread_lines(names: Mapping[str, str], failures: Mapping[str, Sequence[TaskFacts]]) -> list[str]:
    """Return a line for each reason of :func:`unread`, with the tasks. ``names``: those of :func:`task_names`."""
    return [f"{WARNING} {reason} Not read: {listed_tasks(names, tasks)}." for reason, tasks in failures.items()]


def listed_tasks(names: Mapping[str, str], tasks: Sequence[TaskFacts]) -> str:
    """Return the names of tasks in words; if there are many, the first ones."""
    return listed((tick(names[task.id]) for task in tasks), limit=MAX_NAMED)


def line_blocks(lines: Sequence[str], most: int) -> tuple[list[Block], int]:
    """Return the last lines in up to ``most`` blocks of code, which are stored nowhere, and how many they are."""
    packed: list[list[str]] = []
    room = 0
    for line in (cut_short(each, LINE_CHARS) for each in reversed(lines)):
        length = len(escape(line)) + 1
        if length > room:
            if len(packed) == most:
                break
            packed.append([])
            room = BLOCK_CHARS
        packed[-1].append(line)
        room -= length
    blocks = [code(Secret("\n".join(reversed(block)).replace(FENCE, "'"))) for block in reversed(packed)]
    return blocks, sum(map(len, packed))


def _shown(line: LogLine, known: Sequence[str]) -> str:
    return _CONTROL.sub("", masked_line(_TERMINAL.sub("", line.text), known)).rstrip()
