"""Each shown token is rotated once, for any actions of people, nodes, engines and dying workers in any order."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bot.errors import Failed
from bot.queue.job import new_id
from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.swarm.operations import secret_fingerprint
from tests.kits.examples import examples
from tests.kits.rotations import Bot, Killed, end

STEPS = 40
EXAMPLES = examples(60)


class Showings(RuleBasedStateMachine):
    """Two workers check rotations. Either may die at any message or admission, and is replaced at once."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = connect(Secret(self.url))
        self.client.flushall()
        self.bot = Bot(self.client)
        self.bot.swarm.nodes += ["host-0", "host-1"]
        self.bot.swarm.managers.add("host-1")
        self.requesters: list[str] = []
        self.shown: set[str] = set()
        self.due: set[str] = set()

    @precondition(lambda self: self.bot.swarm.readable)
    @rule()
    def ask(self) -> None:
        """Somebody else is shown the token, unless it is about to be rotated."""
        with suppress(Failed):
            self.bot.ask(f"U{len(self.requesters)}", job=new_id())
            self.requesters.append(f"U{len(self.requesters)}")
            self.shown.add(self.bot.swarm.token)

    @rule()
    def join(self) -> None:
        """A node joins."""
        self.bot.swarm.nodes.append(f"host-{len(self.bot.swarm.nodes)}")
        self.due |= self.shown

    @rule(data=st.data())
    def change_role(self, data: st.DataObject) -> None:
        """A worker is promoted or a manager demoted: no node joined."""
        self.bot.swarm.managers ^= {data.draw(st.sampled_from(self.bot.swarm.nodes))}

    @rule()
    def rotate(self) -> None:
        """Somebody rotates the token with Docker's own command."""
        self.bot.swarm.rotate()

    @rule(readable=st.booleans(), broken=st.booleans())
    def quorum(self, *, readable: bool, broken: bool) -> None:
        """Quorum is lost or back; the engine refuses, or not."""
        self.bot.swarm.readable, self.bot.swarm.broken = readable, broken

    @rule()
    def deadline(self) -> None:
        """Fifteen minutes pass."""
        self.bot.pass_deadline()
        self.due |= self.shown

    @rule(watcher=st.integers(0, 1), left=st.none() | st.integers(0, 3))
    def run_once(self, watcher: int, left: int | None) -> None:
        """A worker checks, and may die."""
        self.bot.fate.left = left
        with suppress(Killed):
            self.bot.run_once(watcher)
        self.bot.fate.left = None

    @precondition(lambda self: self._waiting())
    @rule()
    def work(self) -> None:
        """A worker carries the next change out."""
        self.bot.work()

    @precondition(lambda self: self._waiting())
    @rule()
    def cancel(self) -> None:
        """Somebody cancels it."""
        self.bot.queue.cancel(self._waiting()[0], "U0EVE", [])

    @invariant()
    def once(self) -> None:
        """The bot rotates no token twice, and orders no rotation before a node joined or the deadline passed."""
        assert all(count == 1 for count in self.bot.swarm.rotations.values())
        assert self.bot.swarm.rotations.keys() <= self.due
        ordered = {job.order.pending_rotation.rpartition(":")[2] for job in self.bot.queue.recent("prod", 100)}
        assert ordered <= {secret_fingerprint(Secret(token)) for token in self.due}

    def _waiting(self) -> list[str]:
        return [job.id for job in self.bot.queue.recent("prod", 100) if not job.ended]

    def teardown(self) -> None:
        """With quorum back and enough time, every token is rotated and everybody is told."""
        self.bot.swarm.readable, self.bot.swarm.broken = True, False
        self.deadline()
        end(self.bot, lambda: not self.bot.pending_rotations.open() and not self._waiting())
        self.once()
        assert self.bot.swarm.token not in self.shown
        ends = [
            user
            for user, text in self.bot.mail.told
            if "token of prod was rotated" in text or "already rotated by" in text
        ]
        assert set(ends) == set(self.requesters)
        assert self.bot.audit.verify().ok
        self.client.close()


def test_every_token_that_was_shown_is_rotated_once(redis_url: str) -> None:
    """Despite deaths, cancels, lost quorum and rotations by others."""
    Showings.url = redis_url
    run_state_machine_as_test(
        Showings,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
