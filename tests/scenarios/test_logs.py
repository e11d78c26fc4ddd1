"""`/swarm logs` on real engines: read at each task's own node, secrets masked and stored nowhere."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest

from bot.errors import Failed
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.secret_search import channels, disk, stored

PASSWORD = "correct-horse-battery"  # noqa: S105 - that of a task
CHATTY = (
    f'i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo "line $i of $(hostname)"; done; echo DB_PASSWORD={PASSWORD} pool 7; '
)
STAY = "trap 'exit 0' TERM; while :; do sleep 1; done"


@pytest.fixture
def cluster(scenario: Scenario) -> Scenario:
    """A cluster of one manager and two workers, with a service that has a task with many log lines on each node."""
    scenario.cluster(workers=("host-2", "host-3"))
    create(scenario, "web", "--mode", "global", script=CHATTY + STAY)
    for host in ("host-1", "host-2", "host-3"):
        until(lambda: has_said_all(scenario, host), f"the task on {host} has written its lines")  # noqa: B023 - called at once
    return scenario


def has_said_all(scenario: Scenario, host: str) -> bool:
    """Return whether the chatty task of a host has written its last line: it runs before it writes."""
    container = scenario[host].docker("ps", "-q", "--filter", "name=web").strip()
    return "pool 7" in scenario[host].docker("logs", container)


def create(scenario: Scenario, name: str, *options: str, script: str) -> None:
    """Create a service and wait until its tasks run."""
    manager = scenario["host-1"]
    manager.docker("service", "create", "--detach", "--name", name, *options, TASK_IMAGE, "sh", "-c", script)
    running = ["service", "ps", name, "--format", "{{.CurrentState}}"]
    until(lambda: manager.docker(*running).count("Running") == 3, f"{name} runs on three nodes")


def test_lines_of_all_nodes_are_merged(cluster: Scenario) -> None:
    """The lines of each node are in order, with the node's name; only the requester sees them."""
    told = cluster.ask("ada", "logs web")
    assert "18 log lines of web" in told.replace("`", ""), told
    for number in (1, 2, 3):
        lines = re.findall(rf"web@host-{number} \| line (\d)", told)
        assert lines == ["1", "2", "3", "4", "5"], told
    assert told.count("DB_PASSWORD=*** pool 7") == 3
    few = cluster.ask("ada", "logs web --grep 'LINE 4' --lines 2")
    assert "2 log lines" in few
    assert few.count("line 4 of") == 2
    assert "no log line of `web` has this text" in cluster.ask("ada", f"logs web --grep {PASSWORD[:10]}")
    assert "line 1" not in cluster.public()


def test_a_node_that_is_off_costs_only_its_own_lines(cluster: Scenario) -> None:
    """The others' lines come with the name of the silent node. Nothing of a line is stored anywhere."""
    cluster["host-3"].power_off()
    told = cluster.ask("ada", "logs web --since 10m")
    assert "2 of 3 tasks read" in told, told
    assert told.count("web@host-1 | line") == told.count("web@host-2 | line") == 5
    assert "web@host-3" not in told
    assert re.search(r"! `?host-3`? .*Not read: `?web`?", told), told
    again = cluster.ask("ada", "logs web")
    assert again.count("| line") == 10
    cluster.quiet()
    everything = "\n".join([*stored(cluster), disk(cluster), channels(cluster)])
    for text in (PASSWORD, "line 1 of", "pool 7", "| line"):
        assert text not in everything


def test_lines_that_slack_did_not_accept_are_read_again(cluster: Scenario) -> None:
    """They wait nowhere meanwhile: not in Redis, and not on its disk."""
    cluster.slack.fault("http_500", "response_url", times=2)
    told = cluster.ask("ada", "logs web")
    assert told.count("| line") == 15, told
    assert all("| line" not in text for text in (*stored(cluster), disk(cluster)))


def test_a_long_log_is_a_file(cluster: Scenario) -> None:
    """The message has the last lines, and a file in a direct message has all of them, masked too."""
    many = 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo "number $i TOKEN=abc$i"; done; '
    create(cluster, "long", "--mode", "global", script=many + STAY)
    before = set(cluster.slack.workspace.files.everything)
    told = cluster.ask("ada", "logs long --lines 1200")
    assert "1200 log lines" in told
    assert "all are in the file" in told
    assert "number 400 TOKEN=***" in told
    assert "number 1 " not in told
    [file] = [each for key, each in cluster.slack.workspace.files.everything.items() if key not in before]
    assert cluster.slack.file_seen_by(file.id) == ["ada"]
    content = cluster.slack.file_bytes(file.id).decode()
    assert content.count("\n") == 1200
    assert content.count("TOKEN=***") == 1200


def test_later_lines(cluster: Scenario) -> None:
    """`--follow` answers with the lines of the time that it waited. A container with a TTY has no frames."""
    create(
        cluster,
        "clock",
        "--mode",
        "global",
        "--tty",
        script="trap 'exit 0' TERM; while :; do echo tick; sleep 0.2; done",
    )
    told = cluster.ask("ada", "logs clock --follow 2s")
    assert 10 < told.count("| tick") < 40, told


@pytest.mark.long
def test_questions_about_services_while_the_leader_is_off(scenario: Scenario) -> None:
    """Another manager leads. `ps`, `why` and `logs` answer by what it says, and name the node that is off."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    create(scenario, "web", "--mode", "global", script=CHATTY + STAY)
    [old] = [name for name, state in scenario.nodes().items() if state.endswith("Leader")]
    others = [name for name in ("host-1", "host-2", "host-3") if name != old]
    for host in others:
        until(lambda: has_said_all(scenario, host), f"the task on {host} has written its lines")  # noqa: B023 - called at once
    scenario[old].power_off()
    until(lambda: leads(scenario, others), "another manager leads", timeout=60)
    told = scenario.ask("ada", "logs web")
    assert "2 of 3 tasks read" in told, told
    assert [told.count(f"web@{name} | line") for name in others] == [5, 5], told
    assert f"`{old}`" in told
    listed = scenario.ask("eve", "ps web")
    assert all(f"▸ web | {name} | running" in listed for name in others), listed
    why = scenario.ask("ada", "why web")
    assert " failed in prod" not in why, why
    until(
        lambda: f"web | {old} (down) | unknown, was running" in scenario.ask("eve", "ps web"), "it is down", timeout=90
    )
    assert "running on 2 of 2 nodes" in scenario.ask("ada", "why web")


def leads(scenario: Scenario, managers: list[str]) -> bool:
    """Return whether one of these managers says that one of them leads."""
    with suppress(Failed):
        return any(scenario.nodes(managers[0])[name].endswith("Leader") for name in managers)
    return False
