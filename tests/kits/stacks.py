"""Stacks for scenarios: compose files that tests write, and what the engines have of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from sandbox.fleet.image import TASK_IMAGE
from tests.kits.scenario import Scenario

CONTENT: Final = "correct-horse-battery-staple"
HIDDEN: Final = "tr0ub4dor-and-3"
OTHER_IMAGE: Final = "swarmbot/task:other"
DEPLOY: Final = "deploy app --no-resolve"


def compose() -> dict[str, Any]:
    """Return a stack of two services, a network, a config and a secret."""
    return {
        "version": "3.8",
        "services": {
            "web": {
                "image": TASK_IMAGE,
                "environment": {"LOG_LEVEL": "info", "DB_PASSWORD": HIDDEN},
                "deploy": {"replicas": 2, "update_config": {"monitor": "1s"}},
                "configs": ["settings"],
                "networks": ["inner"],
            },
            "db": {
                "image": TASK_IMAGE,
                "deploy": {"update_config": {"monitor": "1s"}},
                "secrets": ["password"],
                "networks": ["inner"],
            },
        },
        "configs": {"settings": {"file": "settings.ini"}},
        "secrets": {"password": {"file": "content.txt"}},
        "networks": {"inner": {"driver": "overlay"}},
    }


class StackFolder:
    """The folder of a compose file on the worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, content: dict[str, Any] | str, **files: str) -> None:
        """Write the compose file, and other files by their names with ``_`` for the dot."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        (self.folder / "compose.yml").write_text(text)
        for name, value in {"settings_ini": "colour=blue\n", "content_txt": CONTENT, **files}.items():
            (self.folder / name.replace("_", ".")).write_text(value)


def names(scenario: Scenario, what: str) -> set[str]:
    """Return the names of the cluster's ``services``, ``secrets``, ``configs`` or ``networks`` of any stack."""
    with scenario["host-1"].engine() as engine:
        listed = getattr(engine, what)(filters={"label": "com.docker.stack.namespace"})
    return {each.get("Name") or each["Spec"]["Name"] for each in listed}


def standing(scenario: Scenario) -> dict[str, tuple[int, Any]]:
    """Return version and previous spec of each service: what a write of the same spec would change."""
    with scenario["host-1"].engine() as engine:
        listed = engine.services()  # type: ignore[no-untyped-call] # types-docker
    return {each["Spec"]["Name"]: (each["Version"]["Index"], each.get("PreviousSpec")) for each in listed}
