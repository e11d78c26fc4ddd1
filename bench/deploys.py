"""How long the plan of a deploy takes, beside ``docker stack deploy`` itself: an unchanged stack of ten services."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Final

import yaml

from bot.config import Config
from bot.engine.pool import EnginePool
from bot.model import StackQuery
from bot.secrets.secret import Secret
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE

SERVICES: Final = 10
ROUNDS: Final = 15


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory(prefix="bench-deploys-") as name, Fleet(Path(name) / "fleet", size=1) as fleet:
        folder = Path(name)
        (folder / "compose.yml").write_text(yaml.safe_dump(_compose()))
        (folder / "settings.ini").write_text("colour=blue\n")
        manager = fleet["host-1"]
        manager.docker("swarm", "init", "--advertise-addr", manager.address)
        deploy = ("stack", "deploy", "--resolve-image", "never", "--compose-file", str(folder / "compose.yml"), "app")
        manager.docker(*deploy)
        config = fleet.config()
        config["clusters"]["prod"]["stacks"] = {"app": str(folder / "compose.yml")}
        pool = EnginePool(Config(**config), Path("/nonexistent"), secret_key=Secret("k" * 32))
        try:
            cluster = pool.cluster("prod")
            engine, recorder = cluster["host-1"], cluster.stack_recorder
            step = StackQuery("app", resolve="never")
            plan = StackQuery("app", resolve="never", thorough=True)
            print(f"An unchanged stack of {SERVICES} services, a config and a network; median of {ROUNDS}:")
            print(f"  docker stack deploy, on the manager   {_median(lambda: manager.docker(*deploy)):.3f} s")
            print(f"  one recording, over SSH (a step)      {_median(lambda: recorder.record(engine, step)):.3f} s")
            print(f"  a thorough recording (a plan)         {_median(lambda: recorder.record(engine, plan)):.3f} s")
        finally:
            pool.close()


def _compose() -> dict[str, Any]:
    service = {"image": TASK_IMAGE, "configs": ["settings"], "networks": ["inner"], "deploy": {"replicas": 0}}
    return {
        "version": "3.8",
        "services": {f"web-{number}": service for number in range(SERVICES)},
        "configs": {"settings": {"file": "settings.ini"}},
        "networks": {"inner": {"driver": "overlay"}},
    }


def _median(act: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = monotonic()
        act()
        times.append(monotonic() - began)
    return median(times)
