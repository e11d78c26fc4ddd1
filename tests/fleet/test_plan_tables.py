"""The tables of tests/plans/cases/*/table.yml on real engines, for all changes.

Each state is created once. Facts read from the engines must give each row word by word, so that the described states
stay those of real engines. Then commands are run and repeated, and the repetition needs no change.
"""

from __future__ import annotations

from typing import Final

import pytest

from bot.model import FactsQuery
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.table_states import RealState, real_state

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(400)]
PATIENCE: Final = 90.0
BACK_AND_FORTH: Final = ("label {} zone=b", "label {} --remove zone", "pause {}", "drain {}", "activate {}")


def run_twice(real: RealState, *orders: str) -> None:
    """Run each command, which is carried out, and again, when no change is needed."""
    for words in orders:
        assert real.bot.order(words) == "done", words
        assert real.bot.order(words) == "nothing to do", words


def wait_for(real: RealState, **standings: str) -> None:
    """Wait until the managers see each host (_ for -) with this state and, for managers, this reachability."""
    until(lambda: has_states(real, standings), f"the managers see {standings}", timeout=PATIENCE)


def has_states(real: RealState, standings: dict[str, str]) -> bool:
    """Return whether the managers see these states now."""
    swarm = real.read(FactsQuery()).swarm
    seen = {node.host: f"{node.state} {node.reachability}".strip() for node in swarm.nodes} if swarm else {}
    return all(seen.get(name.replace("_", "-")) == each for name, each in standings.items())


def remain_unknown(hosts: Fleet) -> None:
    """Make a new leader call a node unknown for 2 minutes, six of these periods, before it calls the node down.

    With the engine's default, 30 s, a busy machine can see the node down before it sees the others ready.
    """
    hosts["host-1"].docker("swarm", "update", "--dispatcher-heartbeat", "20s")


def test_tables_of_a_healthy_cluster(hosts: Fleet) -> None:
    """A cluster is created; its worker is labelled, paused, drained, activated, promoted and demoted."""
    with real_state(hosts, "no cluster") as real:
        real.assert_rows()
        run_twice(real, "init host-1", "join worker host-2 host-3")
    with real_state(hosts, "a worker") as real:
        real.assert_rows()
        run_twice(real, *(words.format(name) for name in ("host-1", "host-2") for words in BACK_AND_FORTH))
        run_twice(real, "promote host-2", "demote host-2")


@pytest.mark.long
def test_tables_with_one_manager(hosts: Fleet) -> None:
    """Workers are down, and unknown to a manager that has just become leader."""
    with real_state(hosts, "no cluster") as real:
        run_twice(real, "init host-1", "join worker host-2 host-3")
    hosts["host-3"].power_off()
    with real_state(hosts, "a worker that is down") as real:
        wait_for(real, host_3="down")
        real.assert_rows()
        run_twice(real, *(words.format("host-3") for words in BACK_AND_FORTH), "remove host-3")
    hosts["host-3"].wipe()
    with real_state(hosts, "a worker") as real:
        run_twice(real, "join worker host-3")
    remain_unknown(hosts)
    hosts["host-3"].power_off()
    hosts["host-1"].restart()
    with real_state(hosts, "a worker that is unknown") as real:
        wait_for(real, host_2="ready", host_3="unknown")
        real.assert_rows()
        run_twice(real, "remove host-3 --force")


@pytest.mark.long
def test_tables_with_three_managers(hosts: Fleet) -> None:
    """Managers are ready, down, and unknown to a new leader.

    tests/scenarios/test_recover.py covers a cluster without quorum; test_demote.py and test_remove.py cover how the
    leader and other managers leave.
    """
    with real_state(hosts, "three managers") as real:
        run_twice(real, "init host-1", "join manager host-2 host-3", "join worker host-4")
        real.assert_rows()
    hosts["host-3"].power_off()
    with real_state(hosts, "three managers, one of them down") as real:
        wait_for(real, host_3="down unreachable")
        real.assert_rows()
        run_twice(real, *(words.format(name) for name in ("host-2", "host-3") for words in BACK_AND_FORTH))
    hosts["host-3"].power_on()
    with real_state(hosts, "three managers") as real:
        wait_for(real, host_3="ready reachable")
    remain_unknown(hosts)
    hosts["host-3"].power_off()
    hosts["host-1"].restart()
    with real_state(hosts, "a manager that is unknown") as real:
        wait_for(real, host_2="ready reachable", host_3="unknown unreachable", host_4="ready")
        real.assert_rows()
        run_twice(real, "remove host-3 --force")
