"""Redis: answers, keeps what it is given, and holds an audit log that nobody tampered with."""

from __future__ import annotations

import os
from collections.abc import Iterator

from redis import AuthenticationError, RedisError

from bot.audit import Archive, Audit
from bot.audit.cli import report
from bot.audit.entry import GENESIS
from bot.doctor.finding import Finding, look_here, well, wrong
from bot.doctor.resources import Resources
from bot.store import durability


def answers(resources: Resources) -> Iterator[Finding]:
    """Redis is there and lets us in."""
    try:
        resources.redis.ping()
    except AuthenticationError:
        yield wrong("Redis refuses the user or password of REDIS_URL.", "Correct them.")
    except RedisError as error:
        yield wrong(
            f"Redis does not answer: {error}.", "Start it (`systemctl start redis-server`), or correct REDIS_URL."
        )
    else:
        yield well("Redis answers.")


def keeps(resources: Resources) -> Iterator[Finding]:
    """Redis is new enough, and neither loses nor evicts what it is given."""
    problems = durability.problems(resources.redis)
    yield from (wrong(problem, "") for problem in problems)
    if not problems:
        yield well("Redis is new enough, writes every change to disk, and evicts nothing.")


def audit(resources: Resources) -> Iterator[Finding]:
    """The audit log's chain holds, across the archive of swarmbot.yml and Redis."""
    folder = resources.config.audit.archive
    try:
        verdict = Audit(resources.redis).verify(Archive(folder) if folder else None)
    except OSError as error:
        yield wrong(f"The audit archive {folder} cannot be read: {error}.", "See `audit: archive:` in swarmbot.yml.")
        return
    told = report(verdict).replace("\n", " ")
    if not verdict.ok:
        yield wrong(told, "Compare it with a copy that you trust, and find out who can write to Redis.")
    elif verdict.start != GENESIS:
        yield look_here(told, "Name it in swarmbot.yml (`audit: archive:`), or run `audit verify --archive DIR`.")
    else:
        yield well(told)


def backups(resources: Resources) -> Iterator[Finding]:
    """Look at ``backups.folder``, where swarmbot.yml names one."""
    folder = resources.config.backups.folder
    if folder is None:
        return
    if resources.settings.swarmbot_secret_key is None:
        yield wrong(
            f"SWARMBOT_SECRET_KEY is not set: nothing can be encrypted for {folder}, so there are no backups.",
            "Make one with `openssl rand -base64 32` and set it for `worker`; keep a copy elsewhere.",
        )
        return
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    # With a slash at its end only a folder is found; neither look raises where a folder above cannot be searched.
    if not os.access(f"{there}/", os.R_OK | os.W_OK | os.X_OK):
        yield wrong(
            f"Backups cannot be kept in {folder}: {there} is no folder that this user may read and write in.",
            "Make the folder for the user of `worker`, mode 0700.",
        )
        return
    yield well(f"Backups are kept in {folder}.")
