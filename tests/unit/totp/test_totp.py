"""Codes are accepted once, wrong codes are limited, and a second factor is active after its first correct code."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from redis import Redis

from bot.audit import Audit, Filter
from bot.errors import Refused
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.totp import SeedVault, Totp
from tests.kits.totp import ADA, KEY, STEP, Clock, actions, code_of, enrolled, wrong_code

CLICKS = 20


def test_enrolment_is_active_after_its_first_correct_code(totp: Totp, clock: Clock, audit: Audit) -> None:
    """A seed that was only shown proves nothing."""
    enrolment = totp.enrol(ADA)
    assert not totp.enrolled(ADA)
    with pytest.raises(Refused, match="no second factor yet"):
        totp.check(ADA, code_of(enrolment.seed, clock.at))
    with pytest.raises(Refused, match="wrong; 4 tries left"):
        totp.confirm(ADA, enrolment.id, wrong_code(enrolment.seed, clock.at))
    totp.confirm(ADA, enrolment.id, code_of(enrolment.seed, clock.at))
    assert totp.enrolled(ADA)
    assert actions(audit) == ["second factor shown", "second factor wrong", "second factor enrolled"]
    assert audit.verify().ok


def test_confirming_code_is_used(totp: Totp, clock: Clock) -> None:
    """The next one is accepted."""
    seed = enrolled(totp, clock)
    with pytest.raises(Refused, match="already used"):
        totp.check(ADA, code_of(seed, clock.at))
    clock.at += STEP
    totp.check(ADA, code_of(seed, clock.at))


@pytest.mark.parametrize(("offset", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_one_step(totp: Totp, clock: Clock, offset: int, taken: bool) -> None:  # noqa: FBT001 - a table
    """The codes before, now and after are accepted, no others."""
    seed = enrolled(totp, clock)
    clock.at += 10 * STEP
    code = code_of(seed, clock.at + offset * STEP)
    if taken:
        totp.check(ADA, code)
    else:
        with pytest.raises(Refused, match="this code is wrong"):
            totp.check(ADA, code)


def test_no_code_is_accepted_after_a_later_one(totp: Totp, clock: Clock) -> None:
    """The step of the last used code only rises, also within the accepted steps."""
    seed = enrolled(totp, clock)
    clock.at += 10 * STEP
    totp.check(ADA, code_of(seed, clock.at + STEP))
    with pytest.raises(Refused, match="already used"):
        totp.check(ADA, code_of(seed, clock.at))


def test_spaces_are_ignored(totp: Totp, clock: Clock, client: Redis) -> None:
    """A text that is not a code does not count as a wrong code."""
    seed = enrolled(totp, clock)
    clock.at += STEP
    code = code_of(seed, clock.at)
    for text in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        with pytest.raises(Refused, match="six digits"):
            totp.check(ADA, text)
    assert client.get(keys.wrong_codes(ADA)) is None
    totp.check(ADA, f" {code[:3]} {code[3:]} ")


def test_five_wrong_codes_lock(totp: Totp, clock: Clock, client: Redis, audit: Audit) -> None:
    """Then the correct one is refused too, and the refusal says until when; later it is accepted."""
    seed = enrolled(totp, clock)
    clock.at += STEP
    for left in ("4 tries left", "3 tries left", "2 tries left", "1 try left"):
        with pytest.raises(Refused, match=left):
            totp.check(ADA, wrong_code(seed, clock.at))
    until = r"until \d\d:\d\d UTC \(15 min from now\)"
    with pytest.raises(Refused, match=until):
        totp.check(ADA, wrong_code(seed, clock.at))
    with pytest.raises(Refused, match=until):
        totp.check(ADA, code_of(seed, clock.at))
    assert actions(audit)[2:] == ["second factor wrong"] * 5 + ["second factor locked"]
    assert 0 < int(client.ttl(keys.wrong_codes(ADA))) <= keys.WRONG_CODES_TTL_S
    client.expire(keys.wrong_codes(ADA), 0)
    totp.check(ADA, code_of(seed, clock.at))


def test_correct_code_resets_the_wrong_ones(totp: Totp, clock: Clock) -> None:
    """Occasional typing errors do not lock."""
    seed = enrolled(totp, clock)
    for _ in range(3):
        clock.at += STEP
        with pytest.raises(Refused, match="4 tries left"):
            totp.check(ADA, wrong_code(seed, clock.at))
        totp.check(ADA, code_of(seed, clock.at))


def test_guesses_at_an_enrolment_lock_too(totp: Totp, clock: Clock) -> None:
    """A new seed does not give more guesses."""
    for _ in range(5):
        enrolment = totp.enrol(ADA)
        with pytest.raises(Refused):
            totp.confirm(ADA, enrolment.id, wrong_code(enrolment.seed, clock.at))
    with pytest.raises(Refused, match="5 wrong codes"):
        totp.confirm(ADA, enrolment.id, code_of(enrolment.seed, clock.at))


def test_enrolled_person_cannot_enrol_again(totp: Totp, clock: Clock) -> None:
    """A stolen Slack session cannot replace the person's seed; the refusal says what to do."""
    enrolled(totp, clock)
    for attempt in (totp.may_enrol, totp.enrol):
        with pytest.raises(Refused, match="already") as caught:
            attempt(ADA)
        assert "administrator" in caught.value.next_step


def test_newest_seed_counts(totp: Totp, clock: Clock) -> None:
    """After two enrolments the earlier message's button says that its key was replaced."""
    first, second = totp.enrol(ADA), totp.enrol(ADA)
    with pytest.raises(Refused, match="was replaced"):
        totp.confirm(ADA, first.id, code_of(first.seed, clock.at))
    totp.confirm(ADA, second.id, code_of(second.seed, clock.at))


def test_enrolment_expires(totp: Totp, clock: Clock, client: Redis) -> None:
    """Redis deletes it after ten minutes."""
    enrolment = totp.enrol(ADA)
    assert 0 < int(client.ttl(keys.enrolment(ADA))) <= 600
    client.expire(keys.enrolment(ADA), 0)
    with pytest.raises(Refused, match="ten minutes"):
        totp.confirm(ADA, enrolment.id, code_of(enrolment.seed, clock.at))


def test_enrolment_belongs_to_its_person(totp: Totp, clock: Clock) -> None:
    """Another person's id and code confirm nothing."""
    enrolment = totp.enrol(ADA)
    with pytest.raises(Refused):
        totp.confirm("U0BEN", enrolment.id, code_of(enrolment.seed, clock.at))


def test_reset_deletes_everything(totp: Totp, clock: Clock, audit: Audit) -> None:
    """The old seed proves nothing, a new one can be set up, and the audit log says who reset whose."""
    seed = enrolled(totp, clock)
    clock.at += STEP
    assert totp.reset(ADA, "U0CLEO")
    assert not totp.reset(ADA, "U0CLEO")
    with pytest.raises(Refused, match="no second factor"):
        totp.check(ADA, code_of(seed, clock.at))
    told = audit.query(Filter(by="U0CLEO"))
    assert [(entry.action, entry.detail) for entry in told] == [("second factor reset", f"of {ADA}")]
    assert enrolled(totp, clock) != seed


def test_codes_of_another_key_are_refused(client: Redis, audit: Audit, totp: Totp, clock: Clock) -> None:
    """After a change of SWARMBOT_SECRET_KEY no code is accepted, and the refusal says why."""
    seed = enrolled(totp, clock)
    clock.at += STEP
    other = Totp(client, audit, SeedVault(Secret("another key of thirty-two characters")), clock)
    with pytest.raises(Refused, match="stored with another SWARMBOT_SECRET_KEY"):
        other.check(ADA, code_of(seed, clock.at))
    with pytest.raises(Refused, match="needs SWARMBOT_SECRET_KEY"):
        Totp(client, audit, SeedVault(None), clock).may_enrol("U0BEN")


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give all audit entries the same millisecond: calls must differ by more than their time."""
    monkeypatch.setattr("bot.audit.log.time", SimpleNamespace(time=lambda: 1_800_000_000.0))


@pytest.mark.usefixtures("one_moment")
def test_one_of_many_clicks_with_one_code_counts(redis_url: str, totp: Totp, clock: Clock) -> None:
    """On two web processes in one millisecond, too."""
    seed = enrolled(totp, clock)
    clock.at += STEP
    assert _at_once(redis_url, clock, code_of(seed, clock.at)) == {"taken": 1, "used": CLICKS - 1}


@pytest.mark.usefixtures("one_moment")
def test_five_of_many_parallel_guesses_are_checked(redis_url: str, totp: Totp, clock: Clock, audit: Audit) -> None:
    """Parallel calls do not give more guesses."""
    seed = enrolled(totp, clock)
    clock.at += STEP
    answers = _at_once(redis_url, clock, wrong_code(seed, clock.at))
    assert answers == {"wrong": 4, "locked": CLICKS - 4}
    assert actions(audit).count("second factor wrong") == 5
    assert actions(audit).count("second factor locked") == 1


def _at_once(redis_url: str, clock: Clock, code: str) -> dict[str, int]:
    """Try a code from many threads on two processes' clients; count the answers."""
    clients = [connect(Secret(redis_url)) for _ in range(2)]
    sides = [Totp(client, Audit(client), SeedVault(KEY), clock) for client in clients]

    def click(number: int) -> str:
        try:
            sides[number % 2].check(ADA, code)
        except Refused as error:
            words = {"already used": "used", "code is wrong": "wrong", "5 wrong codes": "locked"}
            return next(answer for said, answer in words.items() if said in error.happened)
        return "taken"

    with ThreadPoolExecutor(CLICKS) as pool:
        answers = list(pool.map(click, range(CLICKS)))
    for client in clients:
        client.close()
    return {answer: answers.count(answer) for answer in sorted(set(answers))}
