"""A process whose hosts are a simulated cluster: ``python -m tests.kits.random_run.simulated_worker worker|watch``.

All else is the product's: :func:`bot.wiring.worker.run_worker` or :func:`bot.wiring.watch.run_watch` with another pool
and another reader.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final
from unittest.mock import patch

from bot import __main__ as command_line
from bot.wiring import watch, worker
from tests.kits.random_run.shared_cluster import SharedEngines

SOCKET: Final = "SIMULATED_CLUSTER"
"""The environment variable with the path of the cluster's socket."""


def main(part: str) -> int:
    """Work or watch until a signal ends it."""
    engines = SharedEngines(Path(os.environ[SOCKET]))
    wiring = {"worker": worker, "watch": watch}[part]
    with patch.object(wiring, "EnginePool", engines.pool), patch.object(wiring, "FactsReader", engines.reader):
        return command_line.main([part])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
