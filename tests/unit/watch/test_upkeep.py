"""What watch knows beside a cluster's facts, by a real Redis and its audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

from redis import Redis

from bot.audit import Audit, Entry, Filter
from bot.errors import Failed
from bot.model import Engines
from bot.model.incident import WatchSettings
from bot.model.observation import Extra
from bot.store import keys
from bot.watch.upkeep import Upkeep, shown_tokens


def entry(action: str, words: str, job: str, detail: str, command: str = "token") -> Entry:
    """An entry of prod."""
    return Entry(action, "w-1", cluster="prod", command=command, words=words, job=job, detail=detail)


SHOWN = entry("told secret", "token worker", "aaaa", "worker token to U0ADA")
ROTATED = [
    entry("told secret", "token worker --rotate", "bbbb", "worker token to U0CLEO"),
    entry("ended", "token worker --rotate", "bbbb", "succeeded: it was rotated"),
]
FAILED = entry("ended", "token worker --rotate", "cccc", "failed: no manager responds")
NEW_ROOT = entry("ended", "ca --rotate", "dddd", "succeeded", "ca")


def shown(audit: Audit, role: str) -> list[str]:
    """Return who saw the token of a role that is still valid."""
    return [token.by for token in shown_tokens(audit.query(Filter(cluster="prod"), count=50), role)]


def test_a_token_counts_as_shown_until_it_is_rotated(audit: Audit) -> None:
    """Only a rotation that succeeded counts, and the token that it shows is a new one."""
    audit.append([SHOWN, FAILED])
    assert shown(audit, "worker") == ["U0ADA"]
    assert shown(audit, "manager") == []
    audit.append(ROTATED)
    assert shown(audit, "worker") == ["U0CLEO"]
    audit.append([NEW_ROOT])
    assert shown(audit, "worker") == []


def known(client: Redis, audit: Audit, *, newest: float | None = None, readable: bool = True) -> Extra:
    """Return what is known of prod after a turn. ``newest``: when its newest backup was taken."""

    def list_backups() -> Any:
        if not readable:
            raise Failed("The folder cannot be read.")
        return SimpleNamespace(newest=SimpleNamespace(taken_at=newest) if newest else None)

    engines = cast("Engines", SimpleNamespace(backup_store=SimpleNamespace(list_backups=list_backups)))
    upkeep = Upkeep(client, audit, None, {"prod": engines}, WatchSettings(token_days=90.0))
    upkeep.run_once()
    return upkeep.known("prod")


@contextmanager
def setting(client: Redis, name: str, value: str) -> Iterator[None]:
    """Set a configuration value of Redis meanwhile."""
    before = str(client.config_get(name)[name])
    client.config_set(name, value)
    try:
        yield
    finally:
        client.config_set(name, before)


def test_redis_that_may_lose_data_is_known(client: Redis, audit: Audit) -> None:
    """As long as it is so."""
    with setting(client, "appendonly", "no"):
        assert "appendonly" in str(known(client, audit).redis_problems)
    assert known(client, audit).redis_problems == ()


def test_a_broken_chain_is_known(client: Redis, audit: Audit) -> None:
    """With the first bad entry."""
    audit.append([SHOWN, FAILED])
    assert known(client, audit).audit_problem == ""
    [(place, row), _] = cast("list[tuple[str, dict[str, str]]]", client.xrange(keys.AUDIT_LOG))
    client.xdel(keys.AUDIT_LOG, place)
    client.xadd("edited", {**row, "entry": row["entry"].replace("U0ADA", "U0EVE")}, id=place)  # type: ignore[dict-item] # dict is invariant
    client.rename("edited", keys.AUDIT_LOG)
    assert str(known(client, audit).audit_problem).startswith("Entry 1: ")


def test_backups_that_cannot_be_listed_are_unknown(client: Redis, audit: Audit) -> None:
    """That is no verdict; a folder without a backup is one."""
    assert known(client, audit, newest=5.0).last_backup == 5.0
    assert known(client, audit).last_backup == 0.0
    assert known(client, audit, readable=False).last_backup is None


def test_tokens_that_were_shown_are_known(client: Redis, audit: Audit) -> None:
    """By role, with who saw them."""
    audit.append([SHOWN])
    assert [(token.role, token.by) for token in known(client, audit).tokens or ()] == [("worker", "U0ADA")]
