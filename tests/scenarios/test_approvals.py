"""Changes that wait for somebody else's yes, from the words that ask to what the engines then say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

import pytest

from bot.approvals.approval import Approval
from bot.approvals.store import Approvals
from bot.audit import Audit, Filter
from bot.jobs.queue import Queue
from bot.sandbox.fleet import Fleet
from bot.sandbox.slack import CannotDo
from bot.sandbox.slack.messages import Message
from bot.sandbox.stage import PEOPLE, Stage
from bot.secret import Secret
from bot.store import keys
from bot.store.client import connect

RULES: dict[str, Any] = {
    "join manager": {"count": 2, "by": ["admins", "operators"]},
    "rotate": {"expires": "1s"},
}
PATIENCE = 60.0


class Asked:
    """A cluster of one manager and two workers, and the people who ask and approve: cleo and dan are admins."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.slack = stage.slack
        self.fleet = stage.fleet
        self._redis = connect(Secret(stage.redis_url))
        self.audit = Audit(self._redis)
        self.queue = Queue(self._redis, self.audit)
        self.approvals = Approvals(self._redis, self.audit)

    def asks(self, user: str, text: str) -> str:
        """Type it, and return the job's id once its card waits in the channel."""
        before = {job.id for job in self.queue.recent("prod", 100)}
        self.slack.slash(user, "prod", text)
        return str(self.until(lambda: next((i for i in self._carded() if i not in before), "")))

    def set_group(self, group: str, users: list[str]) -> None:
        """Say who is in a user group; the three seconds for which Slack's last word is good are over at once."""
        with self.slack.workspace.changed:
            self.slack.world.set_group(group, users)
        self._redis.delete(keys.user_group(group))

    def _carded(self) -> list[str]:
        return [found.id for found in self.approvals.waiting("prod") if found.message_ts]

    def card(self, job: str) -> Message:
        """The job's card as the channel sees it now."""
        ts = self.approval(job).message_ts
        return next(message for message in self.slack.messages("prod") if message.ts == ts)

    def press(self, user: str, job: str, button: str) -> str:
        """Press a button of the card and return what the presser alone is told."""
        after = len(self.slack.transcript())
        self.slack.click(user, self.card(job), button)
        return self.slack.wait_to_see(user, "", after=after, private=True).text

    def ends(self, job: str, state: str) -> Approval:
        """Wait until the job has ended like this, and its card says so."""
        self.until(lambda: (found := self.queue.get(job)) and found.ended)
        found = self.queue.get(job)
        assert found is not None
        assert found.state == state, found.outcome
        self.until(lambda: job not in self.approvals.unshown())
        return self.approval(job)

    def approval(self, job: str) -> Approval:
        """The approval as it is now."""
        found = self.approvals.get(job)
        assert found is not None
        return found

    def managers(self) -> set[str]:
        """Who the first manager's own engine says is a manager."""
        said = self.fleet["host-1"].docker("node", "ls", "--filter", "role=manager", "--format", "{{.Hostname}}")
        return set(said.split())

    @staticmethod
    def until(look: Callable[[], Any]) -> Any:
        """Wait for what must become true."""
        deadline = monotonic() + PATIENCE
        while not (found := look()):
            assert monotonic() < deadline, "not seen in time"
            sleep(0.02)  # nothing tells a reader of Redis
        return found


@pytest.fixture(scope="module")
def asking_stage(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot with the default rules but for two, so that each way of waiting is there."""
    rules = {**PEOPLE["rules"], "approvals": RULES}
    config = {**fleet.config(), "people": PEOPLE["people"], "rules": rules}
    with Stage(fleet, tmp_path_factory.mktemp("asking"), config=config) as stage:
        yield stage


@pytest.fixture
def asked(asking_stage: Stage, fleet: Fleet) -> Iterator[Asked]:
    """The cluster anew."""
    fleet.reset()
    first = fleet["host-1"]
    first.docker("swarm", "init", "--advertise-addr", first.address)
    token = first.docker("swarm", "join-token", "-q", "worker").strip()
    for name in ("host-2", "host-3"):
        fleet[name].docker("swarm", "join", "--token", token, f"{first.address}:2377")
    asking_stage.slack.advance(3600)
    asked = Asked(asking_stage)
    yield asked
    assert asked.audit.verify().ok


def test_one_approver_and_nobody_for_themselves(asked: Asked) -> None:
    """The requester and strangers are refused; an administrator's yes starts it; the card tells of it all."""
    job = asked.asks("cleo", 'promote host-2 --reason "host-1 is retiring"')
    card = asked.card(job).shown
    for words in ("asks to promote `host-2` in prod", "host-1 is retiring", "managers 1 → 2", "Needs 1 of @admins"):
        assert words in card
    assert "nobody approves or denies their own request" in asked.press("cleo", job, "Approve")
    assert "you are not among them" in asked.press("ada", job, "Approve")
    assert asked.managers() == {"host-1"}
    assert "is carried out now" in asked.press("dan", job, "Approve")
    assert asked.ends(job, "succeeded").standing == "approved"
    assert asked.managers() == {"host-1", "host-2"}
    assert "Approved" in asked.card(job).shown
    actions = [entry.action for entry in asked.audit.query(Filter(job=job), count=50)]
    expected = {"asked", "approval asked", "shown", "vote refused", "approved by one", "approved", "started", "ended"}
    assert expected <= set(actions)


def test_two_of_three_and_one_who_is_not_in_the_group_any_more(asked: Asked) -> None:
    """Each counts once; who has left the user group does not count, not even with an earlier yes."""
    job = asked.asks("cleo", "join manager host-4")
    assert "1 of 2" in asked.press("ben", job, "Approve")
    assert "you said yes before" in asked.press("ben", job, "Approve")
    try:
        asked.set_group("S0OPS", ["U0ADA"])
        assert "1 of 2" in asked.press("ada", job, "Approve")
        assert "is carried out now" in asked.press("dan", job, "Approve")
    finally:
        asked.set_group("S0OPS", ["U0ADA", "U0BEN"])
    asked.ends(job, "succeeded")
    assert "host-4" in asked.managers()


def test_denied_with_a_reason(asked: Asked) -> None:
    """One no is enough; its reason stands on the card and reaches the requester."""
    job = asked.asks("cleo", "promote host-2")
    after = len(asked.slack.transcript())
    asked.slack.click("dan", asked.card(job), "Deny")
    asked.slack.wait_to_see("dan", "Why not?", after=after)
    asked.slack.submit_view("dan", {"reason": "not before Friday"})
    assert asked.ends(job, "denied").why == "not before Friday"
    assert "not before Friday" in asked.card(job).shown
    asked.slack.wait_to_see("cleo", "not before Friday", after=after, private=True)
    assert asked.managers() == {"host-1"}


def test_withdrawn_by_who_asked(asked: Asked) -> None:
    """Nobody else can; afterwards nobody can approve."""
    job = asked.asks("cleo", "promote host-2")
    assert "only <@U0CLEO> can withdraw" in asked.press("dan", job, "Withdraw")
    assert "You withdrew" in asked.press("cleo", job, "Withdraw")
    asked.ends(job, "cancelled")
    with pytest.raises(CannotDo):
        asked.slack.click("dan", asked.card(job), "Approve")
    assert asked.managers() == {"host-1"}


def test_expired(asked: Asked) -> None:
    """What nobody approves in time ends by itself, and says so."""
    token = asked.fleet["host-1"].docker("swarm", "join-token", "-q", "worker")
    job = asked.asks("cleo", "token worker --rotate")
    assert asked.ends(job, "expired").standing == "expired"
    assert "Expired" in asked.card(job).shown
    assert asked.fleet["host-1"].docker("swarm", "join-token", "-q", "worker") == token


def test_the_cluster_changes_between_yes_and_start(asked: Asked) -> None:
    """What was approved no longer holds: nothing is done, and the card says what changed."""
    job = asked.asks("cleo", "promote host-2")
    asked.fleet["host-1"].docker("node", "update", "--availability", "drain", "host-2")
    asked.press("dan", job, "Approve")
    approval = asked.ends(job, "cancelled")
    assert approval.standing == "void"
    assert "changed its availability from active to drain" in approval.why
    assert "Ask again" in asked.card(job).shown
    assert asked.managers() == {"host-1"}


def test_a_yes_while_no_worker_lives_is_carried_out_once_later(asked: Asked) -> None:
    """The decision rests in Redis; the next worker does it, once."""
    job = asked.asks("cleo", "promote host-2")
    asked.stage.kill("worker.1")
    try:
        asked.press("dan", job, "Approve")
    finally:
        asked.stage.start("worker.1")
    asked.ends(job, "succeeded")
    assert asked.managers() == {"host-1", "host-2"}
    started = [entry for entry in asked.audit.query(Filter(job=job), count=50) if entry.action == "started"]
    assert len(started) == 1


def test_fifty_clicks_of_five_people_execute_once(asked: Asked) -> None:
    """Each of them gets an answer; one execution."""
    job = asked.asks("cleo", "promote host-2")
    card = asked.card(job)
    people = ["ada", "ben", "cleo", "dan", "eve"] * 10
    with ThreadPoolExecutor(50) as pool:
        acks = list(pool.map(lambda user: asked.slack.click(user, card, "Approve"), people))
    assert len(acks) == 50
    asked.ends(job, "succeeded")
    entries = asked.audit.query(Filter(job=job), count=200)
    assert [entry.action for entry in entries].count("started") == 1
    assert [entry.action for entry in entries].count("approved") == 1
    assert asked.managers() == {"host-1", "host-2"}


def test_a_managers_token_is_shown_after_a_yes_to_who_asked_alone(asked: Asked) -> None:
    """Before the yes nothing is shown; afterwards to the asker alone, and it is the engine's own line."""
    after = len(asked.slack.transcript())
    job = asked.asks("cleo", "token manager")
    assert not any("SWMTKN" in seen.text for seen in asked.slack.transcript(after))
    asked.press("dan", job, "Approve")
    shown = asked.slack.wait_to_see("cleo", "SWMTKN", after=after, private=True, timeout=20)
    assert asked.fleet["host-1"].docker("swarm", "join-token", "-q", "manager").strip() in shown.text
    assert not any("SWMTKN" in seen.text for seen in asked.slack.transcript(after) if not seen.private)


def test_a_plan_alone_changes_nothing(asked: Asked) -> None:
    """``--plan`` shows the steps to the asker and stops there."""
    after = len(asked.slack.transcript())
    asked.slack.slash("cleo", "prod", "promote host-2 --plan")
    shown = asked.slack.wait_to_see("cleo", "Plan only", after=after, private=True, timeout=20)
    assert "promoting `host-2` to manager" in shown.text
    assert asked.managers() == {"host-1"}


def test_a_freeze_asks_for_one_yes_more(asked: Asked) -> None:
    """A worker's join, which needs nobody otherwise, waits for one while the cluster is frozen."""
    after = len(asked.slack.transcript())
    asked.slack.slash("dan", "prod", 'freeze --until 4h --reason "sale"')
    asked.slack.wait_to_see("dan", "is frozen", after=after, private=True)
    try:
        job = asked.asks("ada", "join worker host-4")
        asked.press("dan", job, "Approve")
        asked.ends(job, "succeeded")
    finally:
        asked.slack.slash("dan", "prod", "thaw")
    said = asked.fleet["host-1"].docker("node", "ls", "--format", "{{.Hostname}}")
    assert "host-4" in said.split()
