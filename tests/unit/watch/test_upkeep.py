"""Join tokens that were shown, by the audit log: until a job has rotated them."""

from __future__ import annotations

from bot.audit import Audit, Entry, Filter
from bot.watch.upkeep import shown_tokens


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
