"""Commands on Swarmbot itself: their audit entries, and what remains true if Redis fails afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from redis import Redis

from bot.approvals.approval import Approval
from bot.approvals.repository import ApprovalRepository
from bot.approvals.voting import Voting
from bot.audit import Audit, Filter
from bot.commands import CancelJob, FreezeCluster, ThawCluster
from bot.config import Config
from bot.errors import Unavailable
from bot.freeze import Freezes
from bot.gate.call import Call
from bot.gate.control_commands import ControlCommands
from bot.queue.queue import Queue
from tests.kits.commands import COMMANDS
from tests.kits.jobs import admitted, request_for

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


class OneWaits(ApprovalRepository):
    """In prod an order waits for an approval that a freeze added."""

    def __init__(self) -> None: ...

    def waiting(self, cluster: str | None = None) -> list[Approval]:
        """Return it."""
        request = replace(request_for("k7f3"), words="drain host-2", frozen=True)
        return [Approval(request, "open", 1)] if cluster == request.cluster else []


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
        approvals=OneWaits(),
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


def test_thaw_names_what_still_waits(controls: ControlCommands, queue: Queue) -> None:
    """The requester and the channel learn it; nothing else happens to the order. So does who finds no freeze left."""
    controls.run(call("freeze", "prod", "4h", "sale"), FreezeCluster("4h", "sale"))
    for told in ("*prod is thawed*.", "prod is not frozen. Nothing was changed."):
        answer = controls.run(call("thaw", "prod"), ThawCluster())
        assert answer is not None
        assert answer.text.startswith(f"{told}\n! 1 order still waits")
        assert "`/swarm cancel k7f3`, then the same order." in answer.text
    announced = [str(job.order.args) for job in queue.recent("prod", 9)]
    assert sum("is thawed" in each and "/swarm cancel k7f3" in each for each in announced) == 1
    answer = controls.run(call("thaw", "lab"), ThawCluster())
    assert answer is not None
    assert answer.text == "lab is not frozen. Nothing was changed."
