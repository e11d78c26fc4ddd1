"""``python -m bench.traced_worker``: a worker that writes its spans to the file that ``BENCH_SPANS`` names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.spans import record
from bot.__main__ import main

if __name__ == "__main__":
    record(Path(os.environ["BENCH_SPANS"]))
    sys.exit(main(["worker"]))
