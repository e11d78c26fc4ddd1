"""Answer a question several times in a process of its own, and print what it took.

``python -m bench.one_question CONFIG RUNS WORDS`` prints a JSON object: the milliseconds of each run and its CPU, the
first one with the SSH handshakes; and the most memory that the process had. WORDS are a command's, or ``Home``. The
bot's own records come from the Redis at REDIS_URL.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, cast

from bench.processes import peak_memory_mib
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.audit.paging import AuditPages
from bot.blocks import fit
from bot.commands import Command, read_arguments, read_sentence
from bot.commands.kinds import Vocabulary
from bot.config import Config, load
from bot.engine.pool import EnginePool
from bot.gate.records import RecordReader
from bot.home.view import home_view
from bot.pictures.message_pictures import draw
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.settings import Settings
from bot.store.client import connect
from bot.swarm.reading.facts_reader import FactsReader
from bot.usergroups import UserGroups
from bot.watch.repository import WatchRepository
from bot.wiring.homes import home_reader
from bot.wiring.memory import keep_memory_small
from handlers import registry

HOME: Final = "Home"
PERSON: Final = "U0ADA"

Ask = Callable[[], object]


def main(config_path: Path, runs: int, typed: str) -> None:
    """Print the figures."""
    config = load(config_path)
    with ExitStack() as stack:
        ask = _asked(stack, config, typed)
        keep_memory_small()
        times, cpu = [], []
        for _ in range(runs):
            began, spent = time.perf_counter(), time.process_time()
            ask()
            times.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - spent) * 1000)
        print(json.dumps({"ms": times, "cpu_ms": cpu, "peak_mib": peak_memory_mib()}))


def _asked(stack: ExitStack, config: Config, typed: str) -> Ask:
    """Return a function that answers the question."""
    if typed == HOME:
        return _home(stack, config)
    (cluster,) = config.clusters
    sentence = read_sentence(typed)
    command = registry()[sentence.name]
    arguments = read_arguments(command, sentence.words, Vocabulary(cluster, tuple(config.clusters[cluster].hosts)))
    return (_recorded if command.record else _read)(stack, config, cluster, command, arguments)


def _read(stack: ExitStack, config: Config, cluster: str, command: Command, arguments: Any) -> Ask:
    """Return a function that reads the cluster, and draws the picture if the answer has one."""
    pool, reader = EnginePool(config, Path("/nonexistent")), FactsReader({})
    stack.callback(pool.close)
    stack.callback(reader.close)

    def ask() -> None:
        facts = reader.read(cluster, pool.cluster(cluster), command.query(arguments))
        fit(cast("Any", command.answer)(facts, arguments))
        if command.picture and (shown := command.picture(facts, arguments)):
            draw(shown)

    return ask


def _recorded(stack: ExitStack, config: Config, cluster: str, command: Command, arguments: Any) -> Ask:
    """Return a function that reads the bot's own records."""
    redis = stack.enter_context(connect(Secret(os.environ["REDIS_URL"])))
    audit = Audit(redis)
    reader = RecordReader(
        config=config,
        commands=registry(),
        queue=Queue(redis, audit),
        pages=AuditPages(redis, audit),
        user_groups=UserGroups(cast("Any", None), redis),
        approvals=ApprovalRepository(redis, audit),
        watch=WatchRepository(redis, audit),
        enrolled=lambda _: False,
    )
    answer = cast("Any", command.record)
    query = cast("Any", command.query(arguments))
    return lambda: fit(answer(reader.read(query, cluster=cluster, requester=PERSON), arguments))


def _home(stack: ExitStack, config: Config) -> Ask:
    """Return a function that reads a Home."""
    redis = stack.enter_context(connect(Secret(os.environ["REDIS_URL"])))
    reader = home_reader(Settings.from_environment(), config, redis, Audit(redis))
    return lambda: home_view(reader.facts(PERSON, reader.stored()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
