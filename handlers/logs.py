"""`/swarm logs SERVICE|TASK`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from bot.blocks import DONE, WAITING, WARNING, Block, Message, context, paragraphs, plain_line, tick
from bot.commands import DURATION, FileAnswer, Flag, Word, number, question, text
from bot.errors import NotUnderstood, Refused
from bot.model import ClusterFacts, Facts, FactsQuery, LogQuery, TaskFacts
from bot.secrets.free_text import MAY_MISS
from bot.secrets.secret import Secret
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.reading.task_reader import MAX_TASKS, tasks_named, with_container
from bot.swarm.services.diagnosis.log_lines import (
    ShownLine,
    line_blocks,
    merged_lines,
    task_names,
    unread,
    unread_lines,
)
from bot.swarm.services.service_lookup import find_service
from bot.text.durations import write_duration
from bot.text.suggest import listed, number_of

MAX_LINES: Final = 5000
MAX_FOLLOW_S: Final = 60.0
MAX_BLOCKS: Final = 3
"""Longer logs are sent as a file; the message then has the last lines."""


@dataclass(frozen=True, slots=True)
class LogsArguments:
    """The arguments of ``logs``."""

    name: Annotated[str, Word(text("SERVICE|TASK"), "a service, or one task (`web.2`), by name or the start of its id")]
    since: Annotated[float, Flag(DURATION, "no line that is older")] = 0.0
    lines: Annotated[int, Flag(number("N", 1, MAX_LINES), "the last lines of all tasks together; default: 200")] = 200
    grep: Annotated[str, Flag(text("TEXT"), "only lines with this text, in upper or lower case")] = ""
    follow: Annotated[float, Flag(DURATION, "wait so long, and show the lines of that time; up to `60s`")] = 0.0


def _validate(arguments: LogsArguments) -> None:
    if arguments.follow > MAX_FOLLOW_S:
        raise NotUnderstood("`--follow` takes up to `60s`.", next_step="Ask again after that for later lines.")
    if arguments.follow and arguments.since:
        raise NotUnderstood("`--follow` shows later lines, and `--since` earlier ones.", next_step="Use one of them.")


def _query(arguments: LogsArguments) -> FactsQuery:
    read = MAX_LINES if arguments.grep else arguments.lines
    logs = LogQuery(arguments.name, read, age_s=arguments.follow or arguments.since)
    return FactsQuery(services=True, task_list=True, task_logs=logs, wait_s=arguments.follow)


def _tasks(facts: Facts, arguments: LogsArguments) -> tuple[list[TaskFacts], int]:
    """Return the tasks whose lines were read, and how many more have a log.

    Raise NotUnderstood if the name means none, Refused if none has had a container.
    """
    swarm = require_cluster(facts)
    named = tasks_named(swarm, arguments.name)
    if not named:
        _refuse_number(swarm, arguments.name)
        raise _no_log(find_service(facts, arguments.name).name)
    found = with_container(named)
    if not found:
        service = swarm.service(named[0].service)
        raise _no_log(service.name if service else arguments.name)
    return found[:MAX_TASKS], max(0, len(found) - MAX_TASKS)


def _refuse_number(swarm: ClusterFacts, name: str) -> None:
    """Raise NotUnderstood if ``name`` is a task that a service does not have: ``web.9``."""
    prefix, _, number_text = name.rpartition(".")
    service = next((each for each in swarm.services if each.name == prefix), None)
    if service is None or not number_text.isdecimal():
        return
    slots = sorted({task.slot for task in swarm.tasks_of(service.id) if task.wanted and task.slot})
    if not slots:
        known = "its tasks have no numbers" if service.is_global else "it has no tasks"
    elif slots == [*range(slots[0], slots[-1] + 1)]:
        known = f"{slots[0]} to {slots[-1]}" if len(slots) > 1 else f"only {slots[0]}"
    else:
        known = listed(map(str, slots))
    raise NotUnderstood(
        f"{tick(service.name)} has no task {plain_line(number_text)} ({known}).",
        next_step=f"`/swarm logs {service.name}` shows the lines of all its tasks.",
    )


def _no_log(name: str) -> Refused:
    return Refused(
        f"no task of {tick(name)} has had a container yet, so there is no log.",
        next_step=f"`/swarm why {name}` says why.",
    )


def _lines(facts: Facts, arguments: LogsArguments) -> list[ShownLine]:
    return merged_lines(facts, _tasks(facts, arguments)[0], arguments.grep)[-arguments.lines :]


def _shown(lines: list[ShownLine]) -> tuple[list[Block], int]:
    """Return the lines that a message has room for, and how many they are."""
    return line_blocks([line.in_message for line in lines], MAX_BLOCKS)


def log_file(facts: Facts, arguments: LogsArguments) -> FileAnswer | None:
    """Return the lines as a file if they are too many for a message."""
    lines = _lines(facts, arguments)
    if _shown(lines)[1] == len(lines):
        return None
    stamp = datetime.fromtimestamp(facts.at, UTC)
    content = "".join(f"{line.in_file}\n" for line in lines)
    title = f"{number_of(len(lines), 'line')} of {arguments.name}"
    return FileAnswer(f"logs-{facts.name}-{stamp:%Y-%m-%d-%H%M%S}.txt", Secret(content), title)


@question(
    "logs",
    group="Services",
    help="Show the log lines of a service or a task, only to you; what looks like a secret is masked",
    example="logs web --since 10m",
    permission="operate",
    risk="secret",
    approval=0,
    query=_query,
    validate=_validate,
    file=log_file,
)
def logs(facts: Facts, arguments: LogsArguments) -> Message:
    """Return the last lines of all tasks in the order of their times, and the tasks that could not be read."""
    swarm, lines = require_cluster(facts), _lines(facts, arguments)
    tasks, more = _tasks(facts, arguments)
    failures, names = unread(facts, tasks), task_names(swarm, tasks)
    silent = sum(map(len, failures.values()))
    sign = WARNING if silent else DONE if lines else WAITING
    title = f"{number_of(len(lines), 'log line')} of {tick(arguments.name)}"
    if arguments.grep and not lines:
        title = f"no log line of {tick(arguments.name)} has this text"
    sources = f"{len(tasks) - silent} of {number_of(len(tasks), 'task')} read"
    blocks, shown = _shown(lines)
    return Message(
        f"{sign} {title.replace('`', '')} · {sources}",
        (
            *paragraphs([f"{sign} *{title}* · {sources}{_range(arguments)}", *unread_lines(names, failures)]),
            *blocks,
            context(*_notes(facts, tasks, more, long=shown < len(lines), searched=bool(arguments.grep))),
        ),
    )


def _range(arguments: LogsArguments) -> str:
    if arguments.follow:
        return f" · of the last {write_duration(arguments.follow)}"
    return f" · of the last {write_duration(arguments.since)}" if arguments.since else ""


def _notes(facts: Facts, tasks: list[TaskFacts], more: int, *, long: bool, searched: bool) -> list[str]:
    readings = [reading for task in tasks if (reading := facts.task_readings.get(task.id))]
    notes = [f"Only you see this. Times are in UTC. {MAY_MISS}"]
    if long:
        notes.append("These are the last lines: all are in the file in your direct messages with Swarmbot.")
    if more:
        notes.append(f"The log of {number_of(more, 'older task')} was not read: at most {MAX_TASKS} are.")
    if searched and any(reading.log and len(reading.log.lines) >= MAX_LINES for reading in readings):
        notes.append(f"Only the last {MAX_LINES} lines of each task were searched.")
    if any(reading.log and reading.log.cut for reading in readings):
        notes.append("Some tasks wrote such long lines that fewer of them were read.")
    return notes
