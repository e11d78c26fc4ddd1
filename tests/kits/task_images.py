"""Variants of the task image for updates: each with a command of its own, on every host, without a registry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE

SECOND_IMAGE: Final = "swarmbot/task:two"
"""Runs as the first one does."""
EXITING_IMAGE: Final = "swarmbot/task:exits"
"""Prints a line and exits with code 3 after two seconds."""
EXIT_CODE: Final = 3
_STAYS: Final = ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"]
_EXITS: Final = ["sh", "-c", f"sleep 2; echo no database; exit {EXIT_CODE}"]


def have_variants(hosts: Iterable[Host]) -> None:
    """Have the variants on each host."""
    for host in hosts:
        for image, command in ((SECOND_IMAGE, _STAYS), (EXITING_IMAGE, _EXITS)):
            if host.docker("image", "ls", "-q", image):
                continue
            container = host.docker("create", TASK_IMAGE).strip()
            host.docker("commit", "--change", f"CMD {json.dumps(command)}", container, image)
            host.docker("rm", container)
