"""Real hosts of a random run: switches them, and watches the true members through the managers' own sockets."""

from __future__ import annotations

import time
from contextlib import suppress
from types import MappingProxyType
from typing import Any, ClassVar, Final

from docker.errors import DockerException
from requests.exceptions import RequestException

from bot.errors import Failed
from sandbox.fleet import Fleet
from tests.kits.clock_skew import set_clock
from tests.kits.full_disk import fill, have_room
from tests.kits.random_run.history import Member, Sighting
from tests.kits.random_run.script import Planned
from tests.kits.repeating import Repeating

ANSWER_TIMEOUT_S: Final = 3
SSH_PORT: Final = 22
SLOW: Final = ("tbf", "rate", "256kbit", "burst", "8kb", "latency", "2s")
"""This kernel has no netem, which would delay each packet."""


class FleetHosts(Repeating):
    """Watches while it is entered. ``sightings`` holds a row for each change that was seen."""

    pause_s: ClassVar[float] = 0.1

    def __init__(self, fleet: Fleet) -> None:
        super().__init__()
        self._fleet = fleet
        self.sightings: list[Sighting] = []

    def inject(self, fault: Planned, *, on: bool) -> None:
        """Break a host in this way, or repair it (``on``)."""
        found = self._fleet[fault.target]
        with suppress(Failed):  # a manager without quorum takes its time to start; the bot waits for it too
            match fault.kind:
                case "host":
                    (found.power_on if on else found.power_off)()
                case "cable":
                    (found.restore_cable if on else found.cut_cable)()
                case "ssh":
                    (found.unblock if on else found.block)(SSH_PORT)
                case "engine hangs":
                    found.run("sh", "-c", f"kill -{'CONT' if on else 'STOP'} $(cat /run/docker.pid)")
                case "slow link":
                    found.run("tc", "qdisc", "del" if on else "add", "dev", "eth0", "root", *([] if on else SLOW))
                case "full disk":
                    (have_room if on else fill)(found)
                case "wrong clock":
                    set_clock(found, 0 if on else int(fault.flavour))
                case _:
                    raise AssertionError(fault.kind)

    def run_once(self) -> None:
        """Look once."""
        members = next(filter(None, (self._ask(host.name) for host in self._fleet)), None)
        if members and (not self.sightings or self.sightings[-1].members != members):
            self.sightings.append(Sighting(time.time(), members))

    def _ask(self, host: str) -> dict[str, Member] | None:
        """Return the members as this host's engine lists them; None if it is off or no manager with a quorum."""
        if not self._fleet[host].up:
            return None
        with (
            suppress(DockerException, RequestException, Failed, OSError),
            self._fleet[host].engine(timeout=ANSWER_TIMEOUT_S) as engine,
        ):
            return _members(engine.nodes())
        return None


def _members(nodes: list[dict[str, Any]]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for node in nodes:
        name, spec = node["Description"].get("Hostname", ""), node["Spec"]
        records = found[name].records + 1 if name in found else 1
        found[name] = Member(spec["Role"], spec["Availability"], MappingProxyType(dict(spec["Labels"] or {})), records)
    return found
