"""How long the plan of a deploy takes, beside ``docker stack deploy`` itself: an unchanged stack of ten services."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import yaml

from bench.result import Measured, Table
from bench.turns import by_turns
from bot.config import Config
from bot.engine.pool import EnginePool
from bot.model import StackQuery
from bot.secrets.secret import Secret
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE

SERVICES: Final = 10
ROUNDS: Final = 15


def measure(*, quick: bool) -> Measured:
    """Measure the CLI, a step and a plan in turn."""
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
            ways = {
                "docker stack deploy, on the manager": lambda: manager.docker(*deploy),
                "a recording over SSH, as for a step": lambda: recorder.record(engine, step),
                "a thorough recording, as for a plan": lambda: recorder.record(engine, plan),
            }
            rows = tuple(by_turns(ways, 2 if quick else ROUNDS))
        finally:
            pool.close()
    table = Table(("way", "runs", "median, ms", "of the first"), rows)
    return Measured((table,), notes=(f"An unchanged stack of {SERVICES} services, a config and a network.",))


def _compose() -> dict[str, Any]:
    service = {"image": TASK_IMAGE, "configs": ["settings"], "networks": ["inner"], "deploy": {"replicas": 0}}
    return {
        "version": "3.8",
        "services": {f"web-{number}": service for number in range(SERVICES)},
        "configs": {"settings": {"file": "settings.ini"}},
        "networks": {"inner": {"driver": "overlay"}},
    }
