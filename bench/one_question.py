"""Answer a question several times in a process of its own, and print what it took.

``python -m bench.one_question CONFIG RUNS WORDS`` prints a JSON object: the milliseconds of each run and its CPU, the
first one with the SSH handshakes; and the most memory that the process had.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, cast

from bench.processes import peak_memory_mib
from bot.blocks import Message, fit
from bot.commands import read_arguments, read_sentence
from bot.commands.kinds import Vocabulary
from bot.config import load
from bot.engine.pool import EnginePool
from bot.swarm.reading.facts_reader import FactsReader
from bot.wiring.garbage import collect_seldom
from handlers import registry


def main(config_path: Path, runs: int, typed: str) -> None:
    """Print the figures."""
    config = load(config_path)
    (cluster,) = config.clusters
    pool, reader = EnginePool(config, Path("/nonexistent")), FactsReader({})
    engines = pool.cluster(cluster)
    sentence = read_sentence(typed)
    command = registry()[sentence.name]
    arguments = read_arguments(command, sentence.words, Vocabulary(cluster, engines.names()))

    def answered() -> Message:
        return fit(cast("Any", command.answer)(reader.read(cluster, engines, command.query(arguments)), arguments))

    collect_seldom()
    before_mib = peak_memory_mib()
    times, cpu = [], []
    for _ in range(runs):
        began, spent = time.perf_counter(), time.process_time()
        message = answered()
        times.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - spent) * 1000)
    found = {
        "ms": times,
        "cpu_ms": cpu,
        "before_mib": before_mib,
        "peak_mib": peak_memory_mib(),
        "shown": message.text,
        "blocks": len(message.blocks),
    }
    print(json.dumps(found))
    pool.close()
    reader.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
