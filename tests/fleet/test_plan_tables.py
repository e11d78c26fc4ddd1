"""The table of tests/plans/cases/*/table.yml on real engines, for all that changes a cluster.

Each state is made once. Facts that are read there must give each row word by word, so that what is described and what
engines say cannot drift apart; then rows are carried out and asked again, which finds nothing to do.
"""

from __future__ import annotations

from typing import Final

import pytest

from bot.model import FactsQuery
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.table_states import Real, looking

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(400)]
PATIENCE: Final = 90.0
TRIES: Final = 3
BACK_AND_FORTH: Final = ("label {} zone=b", "label {} --remove zone", "pause {}", "drain {}", "activate {}")


def carry_out(real: Real, *orders: str) -> None:
    """Give each order, which is carried out, and again, when there is nothing to do."""
    for words in orders:
        assert real.bot.order(words) == "done", words
        assert real.bot.order(words) == "nothing to do", words


def wait_for(real: Real, **standings: str) -> None:
    """Wait until the managers see hosts (_ for -) as said: the state of each, and where it manages its reachability."""
    until(lambda: standing(real, standings), f"the managers see {standings}", timeout=PATIENCE)


def standing(real: Real, standings: dict[str, str]) -> bool:
    """Whether the managers see them so now."""
    swarm = real.read(FactsQuery()).swarm
    seen = {node.host: f"{node.state} {node.reachability}".strip() for node in swarm.nodes} if swarm else {}
    return all(seen.get(name.replace("_", "-")) == each for name, each in standings.items())


def met(real: Real, **standings: str) -> bool:
    """Wait likewise; False where host-3, which a new leader calls unknown for some seconds, is seen down before."""
    gone = {"host_3": "down unreachable"}
    until(lambda: standing(real, standings) or standing(real, gone), f"the managers see {standings}", timeout=PATIENCE)
    return standing(real, standings)


def test_one_manager(hosts: Fleet) -> None:
    """Workers that are there, off, and unknown to a manager that has just begun to lead."""
    with looking(hosts, "no cluster") as real:
        real.agrees()
        carry_out(real, "init host-1", "join worker host-2 host-3")
    with looking(hosts, "a worker") as real:
        real.agrees()
        carry_out(real, *(words.format(name) for name in ("host-1", "host-2") for words in BACK_AND_FORTH))
        carry_out(real, "promote host-2", "demote host-2")
    hosts["host-3"].power_off()
    with looking(hosts, "a worker that is down") as real:
        wait_for(real, host_3="down")
        real.agrees()
        carry_out(real, *(words.format("host-3") for words in BACK_AND_FORTH), "remove host-3")
    hosts["host-3"].wipe()
    with looking(hosts, "a worker") as real:
        carry_out(real, "join worker host-3")
    hosts["host-3"].power_off()
    hosts["host-1"].restart()
    with looking(hosts, "a worker that is unknown") as real:
        wait_for(real, host_2="ready", host_3="unknown")
        real.agrees()
        carry_out(real, "remove host-3 --force")


def test_three_managers(hosts: Fleet) -> None:
    """Managers that are there, off, and unknown to a new leader.

    What a cluster without a quorum answers is seen in tests/scenarios/test_recover.py, how the leader and others go out
    in test_demote.py and test_remove.py beside it.
    """
    with looking(hosts, "three managers") as real:
        carry_out(real, "init host-1", "join manager host-2 host-3", "join worker host-4")
        real.agrees()
    hosts["host-3"].power_off()
    with looking(hosts, "three managers, one of them down") as real:
        wait_for(real, host_3="down unreachable")
        real.agrees()
        carry_out(real, *(words.format(name) for name in ("host-2", "host-3") for words in BACK_AND_FORTH))
    for _ in range(TRIES):
        hosts["host-3"].power_on()
        with looking(hosts, "three managers") as real:
            wait_for(real, host_3="ready reachable")
        hosts["host-3"].power_off()
        hosts["host-1"].restart()
        with looking(hosts, "a manager that is unknown") as real:
            if met(real, host_2="ready reachable", host_3="unknown unreachable", host_4="ready"):
                real.agrees()
                carry_out(real, "remove host-3 --force")
                return
    pytest.fail("a busy machine sees it down each time before all others are back")
