"""Who has a second factor, and whether a code is correct. Stored in Redis; each transition is one script."""

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
from bot.secrets.vault import Vault, WrongKey, require_vault
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script
from bot.totp import codes

LUA: Final = Path(__file__).parent / "lua"
MAX_WRONG_CODES: Final = 5
"""After this many wrong codes, no code is accepted for :data:`bot.store.keys.WRONG_CODES_TTL_S` seconds. A correct code
resets the count."""
MAX_RACES: Final = 50
"""Attempts at a transition that fails because other processes are faster."""
TRANSITIONS: Final = ("begin", "keep", "settle", "confirm", "reset")

SET_UP: Final = "/swarm totp sets it up."
REPLACE: Final = "To replace it, ask an administrator to run /swarm totp reset with your name, then run /swarm totp."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that becomes active with its first correct code."""

    id: str
    """An opaque id, which is not a secret."""
    seed: Secret
    uri: Secret


@dataclass(frozen=True, slots=True)
class _Kept:
    """A second factor, or an enrolment, as Redis has it."""

    sealed: str
    """The encrypted seed."""
    step: int
    """The time-step of the last code used; 0 for none."""
    wrong: int
    """Wrong codes since the last correct one."""
    id: str
    """The enrolment's id; "" for an active second factor."""


class SeedVault:
    """Encrypts seeds with SWARMBOT_SECRET_KEY; without one every call raises :class:`Refused`. Safe between threads.

    Each person has a derived key, so that a seed copied to another person's key in Redis cannot be opened.
    """

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    def seal(self, person: str, seed: Secret) -> str:
        """Encrypt a person's seed."""
        return self.require().seal(f"totp {person}", seed)

    def open(self, person: str, sealed: str) -> Secret:
        """Decrypt a person's seed; Refused if it was encrypted with another key or for another person."""
        try:
            return self.require().open(f"totp {person}", sealed)
        except WrongKey:
            raise Refused(
                "your second factor cannot be read: it was stored with another SWARMBOT_SECRET_KEY.",
                next_step="Whoever runs Swarmbot sets the old key again, or an administrator resets it.",
            ) from None

    def require(self) -> Vault:
        """Return the vault; Refused if no key is set."""
        return require_vault(self._key, "the second factor needs SWARMBOT_SECRET_KEY, which is not set.")


class Totp:
    """Safe to share between threads; every method raises :class:`~bot.errors.Unavailable`. ``now``: unix seconds.

    The texts of :class:`Refused` are plain text, because forms show them beside a field. Audit entries hold no seeds
    and no codes.
    """

    def __init__(self, redis: Redis, audit: Audit, seeds: SeedVault, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._audit = audit
        self._seeds = seeds
        self._now = now
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in TRANSITIONS}

    def enrolled(self, person: str) -> bool:
        """Return whether a person has an active second factor."""
        with translate_errors():
            return bool(self._redis.exists(keys.second_factor(person)))

    def may_enrol(self, person: str) -> None:
        """Raise Refused if the person has one already or SWARMBOT_SECRET_KEY is not set."""
        self._seeds.require()
        if self.enrolled(person):
            raise _enrolled()

    def enrol(self, person: str) -> Enrolment:
        """Make a new seed, valid for ten minutes until :meth:`confirm`. It replaces an earlier one. Raises Refused."""
        seed = codes.new_seed()
        enrolment = Enrolment(secrets.token_urlsafe(12), seed, codes.uri(seed, person))
        redis_keys = [keys.second_factor(person), keys.enrolment(person), keys.PICTURES, *keys.AUDIT]
        args = [enrolment.id, self._seeds.seal(person, seed), str(keys.ENROLMENT_TTL_S)]
        if self._commit("begin", redis_keys, args, [_entry("second factor shown", person)])[0] == "enrolled":
            raise _enrolled()
        return enrolment

    def note_qr_code(self, person: str, enrolment_id: str, file_id: str) -> None:
        """Delete the QR code of an enrolment with it, or in ten minutes (:class:`bot.totp.QrCodeCleanup`)."""
        due = str(self._now() + keys.ENROLMENT_TTL_S)
        with translate_errors():
            self._run["keep"]([keys.enrolment(person), keys.PICTURES], [enrolment_id, file_id, due])

    def confirm(self, person: str, enrolment_id: str, code: str) -> None:
        """Activate an enrolment with its first code. Raises Refused."""
        redis_key = keys.enrolment(person)
        redis_keys = [keys.second_factor(person), redis_key, keys.wrong_codes(person), keys.PICTURES]
        for _ in range(MAX_RACES):
            if self.enrolled(person):
                raise _enrolled()
            factor = self._read(person, redis_key)
            if factor is None or factor.id != enrolment_id:
                raise Refused("this key was replaced or has expired (after ten minutes).", next_step=SET_UP)
            step = self._verify_code(person, redis_key, factor, code)
            if not step:
                continue
            args = [factor.sealed, str(factor.wrong), str(step)]
            entries = [_entry("second factor enrolled", person)]
            if self._commit("confirm", [*redis_keys, *keys.AUDIT], args, entries)[0] == "ok":
                return
        raise _busy()

    def check(self, person: str, code: str) -> None:
        """Use a code. Raises Refused if none is set up, or the code is wrong, used, or one of too many wrong codes."""
        redis_key = keys.second_factor(person)
        for _ in range(MAX_RACES):
            factor = self._read(person, redis_key)
            if factor is None:
                raise Refused("you have no second factor yet.", next_step=SET_UP)
            step = self._verify_code(person, redis_key, factor, code)
            if step and self._settle(person, redis_key, factor, str(step), [_entry("second factor used", person)]):
                return
        raise _busy()

    def reset(self, person: str, by: str) -> bool:
        """Delete a person's second factor; return False if there is none."""
        redis_keys = [keys.second_factor(person), keys.enrolment(person), keys.wrong_codes(person), keys.PICTURES]
        entries = [_entry("second factor reset", by, f"of {person}")]
        return bool(self._commit("reset", [*redis_keys, *keys.AUDIT], [], entries)[0] == "ok")

    def _verify_code(self, person: str, redis_key: str, factor: _Kept, code: str) -> int:
        """Return the time-step of a correct, unused code; 0 if a wrong one could not be counted: check it again."""
        if factor.wrong >= MAX_WRONG_CODES:
            raise self._locked(person)
        digits = codes.cleaned(code)
        if not digits:
            raise Refused("a code is six digits.", next_step="Your authenticator app shows a new one every 30 seconds.")
        step = codes.step_of(self._seeds.open(person, factor.sealed), digits, self._now())
        if step is not None and step > factor.step:
            return step
        if step is not None:
            self._audit.append([_entry("second factor wrong", person, "the code was used before")])
            raise Refused(
                "this code was already used, and each code can be used once.", next_step="Wait for the next one."
            )
        left = MAX_WRONG_CODES - factor.wrong - 1
        entries = [_entry("second factor wrong", person, f"{factor.wrong + 1} of {MAX_WRONG_CODES}")]
        if not left:
            entries.append(_entry("second factor locked", person, f"for {keys.WRONG_CODES_TTL_S // 60} min"))
        if not self._settle(person, redis_key, factor, "", entries):
            return 0
        if not left:
            raise self._locked(person)
        raise Refused(
            f"this code is wrong; {left} {'try' if left == 1 else 'tries'} left.",
            next_step="Check that the clock of your phone is correct.",
        )

    def _settle(self, person: str, redis_key: str, factor: _Kept, step: str, entries: Sequence[Entry]) -> bool:
        args = [factor.sealed, str(factor.wrong), step, str(keys.WRONG_CODES_TTL_S)]
        redis_keys = [redis_key, keys.wrong_codes(person), *keys.AUDIT]
        return bool(self._commit("settle", redis_keys, args, entries)[0] == "ok")

    def _locked(self, person: str) -> Refused:
        with translate_errors():
            left = max(0, int(self._redis.pttl(keys.wrong_codes(person)))) / 1000
        until = datetime.fromtimestamp(self._now() + left, UTC)
        minutes = max(1, round(left / 60))
        return Refused(
            f"after {MAX_WRONG_CODES} wrong codes none is accepted until {until:%H:%M} UTC ({minutes} min from now).",
            next_step="If the codes were not yours, tell whoever runs Swarmbot.",
        )

    def _read(self, person: str, redis_key: str) -> _Kept | None:
        with translate_errors():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hmget(redis_key, "seed", "step", "id")
            pipe.get(keys.wrong_codes(person))
            (sealed, step, enrolment_id), wrong = pipe.execute()
        return _Kept(sealed, int(step or 0), int(wrong or 0), enrolment_id or "") if sealed else None

    def _commit(self, name: str, redis_keys: list[str], args: list[str], entries: Sequence[Entry]) -> list[Any]:
        return self._audit.commit(entries, lambda tail: self._run[name](redis_keys, args + tail))


def _entry(action: str, by: str, detail: str = "") -> Entry:
    return Entry(action=action, by=by, command="totp", detail=detail)


def _enrolled() -> Refused:
    return Refused("you already have a second factor.", next_step=REPLACE)


def _busy() -> Unavailable:
    return Unavailable(
        "Too many codes are checked at once.", true_now="This code was not used.", next_step="Try again."
    )
