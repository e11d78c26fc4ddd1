"""Redis, its durability, the audit log that it holds, and the folder for backups."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from redis import AuthenticationError, RedisError

from bot.audit import Archive, Audit
from bot.audit.cli import report
from bot.audit.entry import GENESIS
from bot.doctor.finding import DoctorFinding, ok, problem, warning
from bot.doctor.resources import Resources
from bot.outbox.outbox import Outbox
from bot.slack.inbound.signature_log import read_counts
from bot.store import durability
from bot.text.durations import age, write_duration
from bot.text.suggest import number_of
from bot.watch.repository import WatchRepository
from bot.webhooks.deliveries import Deliveries
from bot.webhooks.targets import targets

WAITING_WARNING_S: Final = 60.0


def responds(resources: Resources) -> Iterator[DoctorFinding]:
    """Redis responds and accepts our login."""
    try:
        resources.redis.ping()
    except AuthenticationError:
        yield problem("Redis refuses the user or password in REDIS_URL.", "Correct them.")
    except RedisError as error:
        yield problem(
            f"Redis does not respond: {error}.", "Start it (`systemctl start redis-server`), or correct REDIS_URL."
        )
    else:
        yield ok("Redis responds.")


def durable(resources: Resources) -> Iterator[DoctorFinding]:
    """Redis is new enough, and neither loses nor evicts data."""
    problems = durability.problems(resources.redis)
    yield from (problem(each, "") for each in problems)
    if not problems:
        yield ok("Redis is new enough, writes every change to disk, and evicts nothing.")


def watch(resources: Resources) -> Iterator[DoctorFinding]:
    """A process watches each cluster."""
    repository = WatchRepository(resources.redis, Audit(resources.redis))
    for cluster in resources.config.clusters:
        leader, last_reading = repository.leader(cluster), repository.last_reading(cluster)
        if leader:
            yield ok(f"{cluster} is watched by {leader}.")
        elif last_reading is not None:
            yield warning(
                f"{cluster} is not watched since {age(time.time() - last_reading.at)}: incidents are not reported.",
                "Start `python -m bot watch`, as the Procfile does.",
            )
        else:
            yield ok(f"{cluster} was never watched: incidents are reported once `watch` runs.")


def messages(resources: Resources) -> Iterator[DoctorFinding]:
    """No message has waited long for Slack."""
    backlog = Outbox(resources.redis, Audit(resources.redis)).backlog()
    waited_s = time.time() - backlog.oldest
    if backlog.count and waited_s > WAITING_WARNING_S:
        yield warning(
            _waiting(backlog.count, "message", "Slack", waited_s),
            "Check that a `worker` runs. Its log says why Slack does not accept them.",
        )


def webhooks(resources: Resources) -> Iterator[DoctorFinding]:
    """The variables of each webhook are set, and its receiver has accepted what it was sent."""
    deliveries = Deliveries(resources.redis, Audit(resources.redis))
    for target in targets(resources.config):
        first = deliveries.first(target.name)
        waited_s = time.time() - first[0].made_at if first else 0.0
        if waited_s > WAITING_WARNING_S:
            count = deliveries.waiting([target.name])[target.name]
            yield warning(
                _waiting(count, "request", f"the webhook {target.name}", waited_s),
                "Check that a `watch` process runs. Its log says what the receiver answered.",
            )
        else:
            yield ok(f"The webhook {target.name} is set up, and no request has waited long.")


def _waiting(count: int, what: str, receiver: str, oldest_s: float) -> str:
    waits = "waits" if count == 1 else "wait"
    oldest = write_duration(round(oldest_s / 60) * 60)
    return f"{number_of(count, what)} {waits} for {receiver}, the oldest for {oldest}."


def protected(resources: Resources) -> Iterator[DoctorFinding]:
    """A Redis on another machine asks for a password: everybody who can write to it can approve and queue changes."""
    how = resources.redis.connection_pool.connection_kwargs
    host = how.get("host")
    if host and not how.get("password") and not _is_loopback(str(host)):
        yield warning(
            f"Redis at {host} accepts this process without a password.",
            "Set `requirepass` or a user in Redis, and put the password into REDIS_URL.",
        )


def signatures(resources: Resources) -> Iterator[DoctorFinding]:
    """No request was rejected by its signature since one matched: the first sign of a wrong signing secret."""
    counts = read_counts(resources.redis)
    if counts.rejected:
        since = "since the last one that matched" if counts.accepted_at else "and none has ever matched"
        yield warning(
            f"{number_of(counts.rejected, 'request')} had a signature that SLACK_SIGNING_SECRET does not match, "
            f"{since}.",
            "Compare it with Basic Information → Signing Secret of the Slack app, set it, and restart `web`.",
        )


def audit(resources: Resources) -> Iterator[DoctorFinding]:
    """The hash chain of the audit log is valid, across the archive and Redis."""
    folder = resources.config.audit.archive
    try:
        verification = Audit(resources.redis).verify(Archive.at(folder))
    except OSError as error:
        yield problem(
            f"The audit archive {folder} cannot be read: {error}.", "Check `audit: archive:` in swarmbot.yml."
        )
        return
    words = report(verification).replace("\n", " ")
    if not verification.ok:
        yield problem(words, "Compare it with a copy that you trust, and find out who can write to Redis.")
    elif verification.start != GENESIS:
        yield warning(words, "Set `audit: archive:` in swarmbot.yml, or run `audit verify --archive DIR`.")
    else:
        yield ok(words)


def backups(resources: Resources) -> Iterator[DoctorFinding]:
    """``backups.folder``, if swarmbot.yml sets one: it can be written, and the key is set."""
    folder = resources.config.backups.folder
    if folder is None:
        return
    if resources.settings.swarmbot_secret_key is None:
        yield problem(
            f"SWARMBOT_SECRET_KEY is not set: Swarmbot cannot encrypt backups for {folder}, so it makes none.",
            "Create one with `openssl rand -base64 32` and set it for `worker`; keep a copy elsewhere.",
        )
        return
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    # The slash makes access() accept only a folder. Neither call raises if a parent folder may not be searched.
    if not os.access(f"{there}/", os.R_OK | os.W_OK | os.X_OK):
        yield problem(
            f"Backups cannot be stored in {folder}: {there} is not a folder that this user may read and write.",
            "Create the folder for the user of `worker`, with mode 0700.",
        )
        return
    yield ok(f"Backups are stored in {folder}.")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
