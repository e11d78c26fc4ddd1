"""Redis: answers, keeps what it is given, and holds an audit log that nobody tampered with."""

from __future__ import annotations

from collections.abc import Iterator

from redis import AuthenticationError, RedisError

from bot.audit import Audit
from bot.audit.cli import report
from bot.doctor.finding import Finding, well, wrong
from bot.doctor.look import Look
from bot.store import durability


def answers(look: Look) -> Iterator[Finding]:
    """Redis is there and lets us in."""
    try:
        look.redis.ping()
    except AuthenticationError:
        yield wrong("Redis refuses the user or password of REDIS_URL.", "Correct them.")
    except RedisError as error:
        yield wrong(
            f"Redis does not answer: {error}.", "Start it (`systemctl start redis-server`), or correct REDIS_URL."
        )
    else:
        yield well("Redis answers.")


def keeps(look: Look) -> Iterator[Finding]:
    """Redis is new enough, and neither loses nor evicts what it is given."""
    problems = durability.problems(look.redis)
    yield from (wrong(problem, "") for problem in problems)
    if not problems:
        yield well("Redis is new enough, writes every change to disk, and evicts nothing.")


def audit(look: Look) -> Iterator[Finding]:
    """The audit log's chain holds."""
    verdict = Audit(look.redis).verify()
    if verdict.ok:
        yield well(report(verdict))
    else:
        yield wrong(
            report(verdict).replace("\n", " "),
            "Compare it with a copy that you trust, and find out who can write to Redis.",
        )
