"""Who has a second factor, and whether a code is theirs: kept in Redis, each change one script."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit, Entry
from bot.errors import Refused, Unavailable
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import answering
from bot.store.scripts import Script
from bot.totp import codes
from bot.totp.seeds import Seeds

LUA: Final = Path(__file__).parent / "lua"
WRONG_CODES: Final = 5
"""Wrong codes after which none is taken for :data:`bot.store.keys.WRONG_CODE_KEPT` seconds; a right one clears them."""
RACES: Final = 50
TRANSITIONS: Final = ("begin", "keep", "settle", "confirm", "reset")

SET_UP: Final = "Type /swarm totp; it shows you how."
REPLACE: Final = "To replace it, ask an administrator for /swarm totp reset with your name, then type /swarm totp."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that counts once its first code was right. ``id`` is opaque and no secret."""

    id: str
    seed: Secret
    uri: Secret


@dataclass(frozen=True, slots=True)
class _Kept:
    """What Redis has: a sealed seed, its last used time-step, the wrong codes since the last right one.

    ``id`` is the enrolment's, "" for a second factor that counts.
    """

    sealed: str
    step: int
    wrong: int
    id: str


class Totp:
    """Safe to share between threads; every method raises :class:`~bot.errors.Unavailable`. ``now``: unix seconds.

    Words of :class:`Refused` are plain text, for they stand beside a form's field too. What is not told to anybody
    but the person, seeds and codes, is in no audit entry.
    """

    def __init__(self, redis: Redis, audit: Audit, seeds: Seeds, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._audit = audit
        self._seeds = seeds
        self._now = now
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in TRANSITIONS}

    def enrolled(self, person: str) -> bool:
        """Whether a person has a second factor."""
        with answering():
            return bool(self._redis.exists(keys.second_factor(person)))

    def may_enrol(self, person: str) -> None:
        """Raise Refused when a person has one already, or when SWARMBOT_SECRET_KEY is not set."""
        self._seeds.require()
        if self.enrolled(person):
            raise _enrolled()

    def enrol(self, person: str) -> Enrolment:
        """Make a new seed, which waits ten minutes for :meth:`confirm`; an earlier one gives way. Raises Refused."""
        seed = codes.new_seed()
        enrolment = Enrolment(secrets.token_urlsafe(12), seed, codes.uri(seed, person))
        places = [keys.second_factor(person), keys.enrolment(person), keys.PICTURES, *keys.AUDIT]
        args = [enrolment.id, self._seeds.seal(person, seed), str(keys.ENROLMENT_KEPT)]
        if self._commit("begin", places, args, [_entry("second factor shown", person)])[0] == "enrolled":
            raise _enrolled()
        return enrolment

    def keep_picture(self, person: str, enrolment_id: str, file_id: str) -> None:
        """Have the picture of an enrolment deleted with it, or in ten minutes (see :class:`bot.totp.Pictures`)."""
        due = str(self._now() + keys.ENROLMENT_KEPT)
        with answering():
            self._run["keep"]([keys.enrolment(person), keys.PICTURES], [enrolment_id, file_id, due])

    def confirm(self, person: str, enrolment_id: str, code: str) -> None:
        """Make an enrolment count by its first code. Raises Refused."""
        place = keys.enrolment(person)
        places = [keys.second_factor(person), place, keys.wrong_codes(person), keys.PICTURES]
        for _ in range(RACES):
            if self.enrolled(person):
                raise _enrolled()
            kept = self._read(person, place)
            if kept is None or kept.id != enrolment_id:
                raise Refused("this key is an older one, or over ten minutes old.", next_step=SET_UP)
            step = self._judge(person, place, kept, code)
            if not step:
                continue
            args = [kept.sealed, str(kept.wrong), str(step)]
            entries = [_entry("second factor enrolled", person)]
            if self._commit("confirm", [*places, *keys.AUDIT], args, entries)[0] == "ok":
                return
        raise _busy()

    def check(self, person: str, code: str) -> None:
        """Use a code up. Raises Refused: not set up, wrong, used before, or too many wrong ones and until when."""
        place = keys.second_factor(person)
        for _ in range(RACES):
            kept = self._read(person, place)
            if kept is None:
                raise Refused("you have no second factor yet.", next_step=SET_UP)
            step = self._judge(person, place, kept, code)
            if step and self._settle(person, place, kept, str(step), [_entry("second factor used", person)]):
                return
        raise _busy()

    def reset(self, person: str, by: str) -> bool:
        """Take a person's second factor away; False when there is none."""
        places = [keys.second_factor(person), keys.enrolment(person), keys.wrong_codes(person), keys.PICTURES]
        entries = [_entry("second factor reset", by, f"of {person}")]
        return bool(self._commit("reset", [*places, *keys.AUDIT], [], entries)[0] == "ok")

    def _judge(self, person: str, place: str, kept: _Kept, code: str) -> int:
        """The time-step of a right, unused code; 0 when a wrong one could not be counted: it is judged again."""
        if kept.wrong >= WRONG_CODES:
            raise self._locked(person)
        digits = codes.cleaned(code)
        if not digits:
            raise Refused("a code is six digits.", next_step="Your authenticator shows a new one every 30 seconds.")
        step = codes.step_of(self._seeds.open(person, kept.sealed), digits, self._now())
        if step is not None and step > kept.step:
            return step
        if step is not None:
            self._audit.append([_entry("second factor wrong", person, "the code was used before")])
            raise Refused("this code was used before, and each counts once.", next_step="Wait for the next one.")
        left = WRONG_CODES - kept.wrong - 1
        entries = [_entry("second factor wrong", person, f"{kept.wrong + 1} of {WRONG_CODES}")]
        if not left:
            entries.append(_entry("second factor locked", person, f"for {keys.WRONG_CODE_KEPT // 60} min"))
        if not self._settle(person, place, kept, "", entries):
            return 0
        if not left:
            raise self._locked(person)
        raise Refused(
            f"this code is not right; {left} more {'try' if left == 1 else 'tries'}.",
            next_step="See that your phone's clock is right.",
        )

    def _settle(self, person: str, place: str, kept: _Kept, step: str, entries: Sequence[Entry]) -> bool:
        args = [kept.sealed, str(kept.wrong), step, str(keys.WRONG_CODE_KEPT)]
        places = [place, keys.wrong_codes(person), *keys.AUDIT]
        return bool(self._commit("settle", places, args, entries)[0] == "ok")

    def _locked(self, person: str) -> Refused:
        with answering():
            left = max(0, int(self._redis.pttl(keys.wrong_codes(person)))) / 1000
        until = datetime.fromtimestamp(self._now() + left, UTC)
        minutes = max(1, round(left / 60))
        return Refused(
            f"there were {WRONG_CODES} wrong codes, so none is taken until {until:%H:%M} UTC ({minutes} min from now).",
            next_step="If it was not you, tell whoever runs Swarmbot.",
        )

    def _read(self, person: str, place: str) -> _Kept | None:
        with answering():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hmget(place, "seed", "step", "id")
            pipe.get(keys.wrong_codes(person))
            (sealed, step, enrolment_id), wrong = pipe.execute()
        return _Kept(sealed, int(step or 0), int(wrong or 0), enrolment_id or "") if sealed else None

    def _commit(self, name: str, places: list[str], args: list[str], entries: Sequence[Entry]) -> list[Any]:
        return self._audit.commit(entries, lambda tail: self._run[name](places, args + tail))


def _entry(action: str, by: str, detail: str = "") -> Entry:
    return Entry(action=action, by=by, command="totp", detail=detail)


def _enrolled() -> Refused:
    return Refused("you have a second factor already.", next_step=REPLACE)


def _busy() -> Unavailable:
    return Unavailable("Too many codes are tried at once.", true_now="This one does not count.", next_step="Try again.")
