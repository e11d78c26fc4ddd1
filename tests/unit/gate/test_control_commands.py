"""What people ask of Swarmbot itself: what is written of it, and what stands when Redis goes away after the deed."""

from __future__ import annotations

from typing import Any, cast

import pytest
from redis import Redis

from bot.approvals.voting import Voting
from bot.audit import Audit, Filter
from bot.commands import CancelJob, FreezeCluster
from bot.config import Config
from bot.errors import Unavailable
from bot.freeze import Freezes
from bot.gate.call import Call
from bot.gate.control_commands import ControlCommands
from bot.queue.queue import Queue
from tests.kits.commands import COMMANDS
from tests.kits.jobs import admitted

CONFIG = Config.model_validate(
    {
        "clusters": {
            "prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}},
            "lab": {"channel": "C0LAB", "hosts": {"host-2": "192.0.2.2"}},
        }
    }
)


class NoApproval(Voting):
    """No job waits for anybody."""

    def __init__(self) -> None: ...

    def cancel(self, job_id: str, person: str) -> bool:
        """There is none."""
        del job_id, person
        return False


@pytest.fixture
def queue(client: Redis, audit: Audit) -> Queue:
    """A queue in the emptied Redis."""
    return Queue(client, audit)


@pytest.fixture
def controls(queue: Queue) -> ControlCommands:
    """What the gate asks."""
    return ControlCommands(CONFIG, queue, NoApproval(), Freezes(queue._redis, queue._audit, CONFIG), cast("Any", None))


def call(command: str, cluster: str, *words: str) -> Call:
    """A command as the gate understood it."""
    arguments: Any = COMMANDS[command].arguments(*words)
    return Call(COMMANDS[command], arguments, command, cluster, "U0BOSS", "C0LAB", "", f"request of {command}")


def test_a_cancelled_job_is_written_under_its_own_cluster(controls: ControlCommands, queue: Queue) -> None:
    """Wherever the word was typed: who reads of the cluster reads of it."""
    job = admitted(queue)
    controls.run(call("cancel", "lab", job), CancelJob(job))
    found = queue._audit.query(Filter(cluster="prod"))
    assert [(entry.action, entry.channel) for entry in found if entry.by == "U0BOSS"] == [("cancelled", "C0PROD")]


def test_a_freeze_stands_that_is_not_announced(
    controls: ControlCommands, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis goes away after it was ordered: it is told as done."""

    def admit(*_: object) -> None:
        raise Unavailable("Redis cannot be reached.")

    monkeypatch.setattr(queue, "admit", admit)
    told = controls.run(call("freeze", "prod", "4h", "sale"), FreezeCluster("4h", "sale"))
    assert told is not None
    assert "prod is frozen" in told.text
    assert [entry.action for entry in queue._audit.query()] == ["froze"]
