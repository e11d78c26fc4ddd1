"""Hosts whose login shell starts slowly, and busy hosts: nothing is refused for that, and nothing is called blocked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.kits.approval_scenario import ApprovalScenario
from tests.kits.scenario import Scenario, stop_ssh_sessions
from tests.kits.slow_hosts import StartedShells, busy, slow_shell

NAMES = ("host-1", "host-2", "host-3")


@pytest.fixture
def shells(scenario: Scenario) -> Iterator[dict[str, StartedShells]]:
    """Three hosts whose login shell takes 0.4 s, and to which the bot is not connected; the first is busy too."""
    with ExitStack() as stack:
        started = {name: stack.enter_context(slow_shell(scenario[name])) for name in NAMES}
        for name in NAMES:
            stop_ssh_sessions(scenario[name])
            scenario[name].start_ssh()
        stack.enter_context(busy(scenario["host-1"], 0.3))
        yield started


def test_a_cluster_of_slow_hosts(scenario: Scenario, shells: dict[str, StartedShells]) -> None:
    """Creating, checking and joining start one shell on each host, and what follows starts none."""
    scenario.change("cleo", "init host-1")
    checked = scenario.ask("ada", "check host-2 host-3")
    assert "blocked" not in checked
    assert "not tested" not in checked
    assert scenario.change("ada", "join worker host-2").text.startswith("✓ *1 worker joined prod*")
    assert scenario.change("cleo", "join manager host-3").text.startswith("✓ *1 manager joined prod*")
    assert scenario.nodes() == {
        "host-1": "Ready Active Leader",
        "host-2": "Ready Active",
        "host-3": "Ready Active Reachable",
    }
    assert {name: started.number for name, started in shells.items()} == dict.fromkeys(NAMES, 1)


def test_an_approved_change_on_slow_hosts(approvals: ApprovalScenario) -> None:
    """The approval is not void because a host takes its time."""
    with ExitStack() as stack:
        for name in NAMES:
            stack.enter_context(slow_shell(approvals.fleet[name]))
            stop_ssh_sessions(approvals.fleet[name])
            approvals.fleet[name].start_ssh()
        stack.enter_context(busy(approvals.fleet["host-3"], 0.3))
        job = approvals.asks("cleo", "promote host-2")
        approvals.press("dan", job, "Approve")
        approvals.ends(job, "succeeded")
    assert approvals.managers() == {"host-1", "host-2"}
