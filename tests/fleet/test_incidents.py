"""What watch makes of faults on real engines, without Redis and Slack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.swarm.reading.facts_reader import FactsReader
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.engines import engines, init
from tests.kits.incident_course import IncidentCourse

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(300)]

MANAGERS = ("host-1", "host-2", "host-3")
WORKERS = ("host-4", "host-5")


@pytest.fixture
def course(hosts: Fleet) -> Iterator[IncidentCourse]:
    """A cluster of three managers and two workers with tasks, which is watched and quiet."""
    with engines(hosts) as cluster, closing(FactsReader({})) as reader:
        remote = init(cluster, "host-1")
        for name in (*MANAGERS[1:], *WORKERS):
            role = "manager" if name in MANAGERS else "worker"
            token = hosts["host-1"].docker("swarm", "join-token", "-q", role).strip()
            hosts[name].docker("swarm", "join", "--token", token, remote)
        options = ("--detach", "--no-resolve-image", "--name", "web", "--replicas", "4", "--constraint")
        hosts["host-1"].docker("service", "create", *options, "node.role==worker", TASK_IMAGE)
        course = IncidentCourse(cluster, reader)
        until(course.quiet, "it is watched, and nothing is wrong", timeout=60)
        yield course


@pytest.mark.long
def test_only_swarmbot_is_cut_off_from_a_host(hosts: Fleet, course: IncidentCourse) -> None:
    """The managers hear its node, so only the silence is reported, and what is not known."""
    hosts["host-4"].block(22)
    course.sees("Swarmbot does not reach `host-4` over SSH; the managers see it as ready")
    hosts["host-4"].unblock(22)
    course.ends()
    assert len(course.posted) == 1
    assert "Swarmbot cannot check this" in "\n".join(course.thread)


@pytest.mark.long
def test_an_engine_stops_while_its_host_answers(hosts: Fleet, course: IncidentCourse) -> None:
    """The stopped engine is reported first.

    That its node is down, and its tasks run elsewhere, is the same incident.
    """
    hosts["host-4"].stop_docker()
    course.sees("the engine of `host-4` is stopped; the host answers over SSH")
    course.sees("the engine of `host-4` is stopped", "2 tasks rescheduled")
    hosts["host-4"].start_docker()
    course.ends()
    assert len(course.posted) == 1


@pytest.mark.long
def test_the_leader_is_cut_off_from_the_other_managers(hosts: Fleet, course: IncidentCourse) -> None:
    """Two managers elect a leader while all of them hang: this is no loss of the quorum, and no node is down."""
    leader = course.state.leader_name
    hosts[leader].partition()
    course.sees(f"`{leader}` (manager) is", "leads prod now, in place of", "one more failure and it loses quorum")
    hosts[leader].heal()
    course.ends()
    assert len(course.posted) == 1
    assert "no quorum" not in "\n".join(course.thread)
