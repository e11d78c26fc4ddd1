"""In any sequence of actions no code is accepted twice, and no seed is readable in Redis."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bot.audit import Audit
from bot.errors import Refused
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.totp import Enrolment, SeedVault, Totp
from tests.kits.examples import examples
from tests.kits.totp import ADA, KEY, STEP, Clock, code_of, everything, wrong_code

STEPS = 40
EXAMPLES = examples(50)
LOCKS = 5
OFFSETS = st.integers(-3, 3)


class Tries(RuleBasedStateMachine):
    """One person's second factor, with a model of what is allowed."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = connect(Secret(self.url))
        self.client.flushall()
        self.audit = Audit(self.client)
        self.clock = Clock()
        self.totp = Totp(self.client, self.audit, SeedVault(KEY), self.clock)
        self.seeds: list[Secret] = []
        self.pending: Enrolment | None = None
        self.seed: Secret | None = None
        self.last = 0
        self.wrong = 0
        self.spent: list[str] = []

    @rule()
    def enrol(self) -> None:
        """Request a seed."""
        try:
            self.pending = self.totp.enrol(ADA)
        except Refused:
            assert self.seed is not None
        else:
            assert self.seed is None
            self.seeds.append(self.pending.seed)

    @precondition(lambda self: self.pending is not None)
    @rule(offset=OFFSETS)
    def confirm(self, offset: int) -> None:
        """Enter the first code, correct or not."""
        assert self.pending is not None
        enrolment, code = self.pending, code_of(self.pending.seed, self.clock.at + offset * STEP)
        step = self._step(enrolment.seed, code, 0)
        try:
            self.totp.confirm(ADA, enrolment.id, code)
        except Refused:
            assert not step or self.wrong >= LOCKS
            self._count(step)
        else:
            assert step
            assert self.wrong < LOCKS
            self.pending, self.seed, self.last, self.wrong = None, enrolment.seed, step, 0
            self.spent = [code]

    @precondition(lambda self: self.seed is not None)
    @rule(offset=OFFSETS)
    def check(self, offset: int) -> None:
        """Enter a code of these minutes."""
        assert self.seed is not None
        self._check(code_of(self.seed, self.clock.at + offset * STEP))

    @precondition(lambda self: self.spent)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """Enter a code that was accepted."""
        self._check(data.draw(st.sampled_from(self.spent)))

    @precondition(lambda self: self.seed is not None)
    @rule()
    def guess(self) -> None:
        """Enter a code that belongs to nobody."""
        assert self.seed is not None
        self._check(wrong_code(self.seed, self.clock.at))

    @rule(seconds=st.integers(0, 95))
    def wait(self, seconds: int) -> None:
        """Time passes, less than wrong codes are remembered."""
        self.clock.at += seconds

    @rule()
    def wait_long(self) -> None:
        """Time passes until wrong codes are forgotten."""
        self.clock.at += keys.WRONG_CODES_TTL_S
        self.client.expire(keys.wrong_codes(ADA), 0)
        self.wrong = 0

    @rule()
    def reset(self) -> None:
        """An administrator deletes it."""
        there = self.seed is not None or self.pending is not None
        assert self.totp.reset(ADA, "U0CLEO") is there
        if there:
            self.pending, self.seed, self.last, self.wrong, self.spent = None, None, 0, 0, []

    @invariant()
    def nobody_reads_a_seed(self) -> None:
        """Not in any key of any kind."""
        text = everything(self.client)
        assert not [seed for seed in self.seeds if seed.reveal() in text]

    def teardown(self) -> None:
        """The audit log is valid."""
        assert self.audit.verify().ok
        self.client.close()

    def _check(self, code: str) -> None:
        assert self.seed is not None
        step = self._step(self.seed, code, self.last)
        try:
            self.totp.check(ADA, code)
        except Refused:
            assert not step or self.wrong >= LOCKS
            self._count(self._step(self.seed, code, 0))
        else:
            assert step > self.last
            assert self.wrong < LOCKS
            self.last, self.wrong = step, 0
            self.spent.append(code)

    def _count(self, step: int) -> None:
        if not step and self.wrong < LOCKS:
            self.wrong += 1

    def _step(self, seed: Secret, code: str, after: int) -> int:
        """Return the step after ``after`` whose code this is and that is accepted now; 0 for none."""
        now = int(self.clock.at) // STEP
        return next((s for s in (now - 1, now, now + 1) if s > after and code_of(seed, s * STEP) == code), 0)


def test_no_code_is_accepted_twice_and_no_seed_is_readable(redis_url: str) -> None:
    """A model knows when a code is accepted: in its minute, once, after the last one, and not when locked."""
    Tries.url = redis_url
    run_state_machine_as_test(
        Tries,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
