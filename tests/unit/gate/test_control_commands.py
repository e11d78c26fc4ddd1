"""Commands on Swarmbot itself: their audit entries, and what remains true if Redis fails afterwards."""

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
    """No job waits for approval."""

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
    """Return the commands as the gate has them."""
    nothing = cast("Any", None)
    return ControlCommands(
        config=CONFIG,
        queue=queue,
        voting=NoApproval(),
        freezes=Freezes(queue._redis, queue._audit, CONFIG),
        totp_command=nothing,
        watch_orders=nothing,
    )


def call(command: str, cluster: str, *words: str) -> Call:
    """Return a parsed command."""
    arguments: Any = COMMANDS[command].arguments(*words)
    return Call(COMMANDS[command], arguments, command, cluster, "U0BOSS", "C0LAB", "", f"request of {command}")


def test_cancellation_is_audited_under_the_jobs_cluster(controls: ControlCommands, queue: Queue) -> None:
    """Wherever it was typed: the entry is found by the job's cluster."""
    job = admitted(queue)
    controls.run(call("cancel", "lab", job), CancelJob(job))
    found = queue._audit.query(Filter(cluster="prod"))
    assert [(entry.action, entry.channel) for entry in found if entry.by == "U0BOSS"] == [("cancelled", "C0PROD")]


def test_freeze_without_its_announcement_stays(
    controls: ControlCommands, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis fails after the freeze was set: the reply says that it is set."""

    def admit(*_: object) -> None:
        raise Unavailable("Redis cannot be reached.")

    monkeypatch.setattr(queue, "admit", admit)
    told = controls.run(call("freeze", "prod", "4h", "sale"), FreezeCluster("4h", "sale"))
    assert told is not None
    assert "prod is frozen" in told.text
    assert [entry.action for entry in queue._audit.query()] == ["froze"]
