"""A host that is silent does not make those wait who ask for something else."""

from __future__ import annotations

from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario, stop_ssh_sessions

NOT_YET = "`host-4` has not responded yet"
UNREACHABLE = "`host-4` (198.18"


def silence(host: Host) -> Host:
    """Cut the cable of a host to which the bot has no open connection, and return the host."""
    stop_ssh_sessions(host)
    host.start_ssh()
    host.cut_cable()
    return host


def test_a_silent_host_is_waited_for_once(scenario: Scenario) -> None:
    """The first answer comes without it and is completed; then it counts as unreachable until it is back."""
    scenario.cluster(workers=("host-2",))
    silent = silence(scenario["host-4"])
    after = scenario.now
    assert UNREACHABLE in scenario.ask("ada", "hosts")
    scenario.see("ada", NOT_YET, after=after, private=True)
    after = scenario.now
    assert UNREACHABLE in scenario.ask("ada", "hosts")
    assert not [each for each in scenario.slack.transcript(after) if NOT_YET in each.text]
    assert scenario.change("ada", "join worker host-3").text.startswith("✓ *1 worker joined prod*")
    silent.restore_cable()
    until(lambda: UNREACHABLE not in scenario.ask("ada", "hosts"), "it is found in the background", timeout=30)


def test_an_overview_does_not_wait_for_a_silent_host(scenario: Scenario) -> None:
    """The first answer names the host and its cluster, and nothing of a cluster that was read. It is completed."""
    scenario.cluster(workers=("host-2",))
    silence(scenario["host-4"])
    after = scenario.now
    scenario.slack.slash("ada", "random", "status --cluster all")
    early = scenario.see("ada", "*`host-4` of prod has not responded yet*", after=after, private=True)
    assert "2 clusters, the worst first" in early.text
    scenario.slack.wait_to_see("ada", "*prod is degraded*", after=after, private=True, timeout=30)


def test_a_question_during_an_election_is_answered_after_it(scenario: Scenario) -> None:
    """The leader is off: its managers elect another one within seconds, and no answer says that nothing can be read."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    scenario["host-1"].power_off()
    for _ in range(3):
        told = scenario.ask("ada", "nodes")
        assert "could be read" not in told, told
        assert "host-2" in told
