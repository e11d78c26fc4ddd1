"""Which entries only say that somebody asked a question: the audit log leaves them out by default."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from bot.audit import Audit, Entry, Filter
from bot.audit.paging import AuditPages
from bot.errors import NotUnderstood
from bot.gate import Gate
from bot.model.records import MAX_MATCHES
from bot.queue.queue import Queue
from bot.slack.inbound.requests import SlashRequest
from tests.kits.gates import gate_of
from tests.kits.jobs import taken

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-2": "192.0.2.2"}}},
    "people": {"admins": ["U0ADA"]},
    "rules": {"view": ["admins"], "operate": ["admins"], "administer": ["admins"]},
}


@pytest.fixture
def gate(redis_url: str, client: Redis, tmp_path: Path) -> Gate:
    """Return a gate whose only administrator is U0ADA."""
    assert client.ping()
    return gate_of(CONFIG, redis_url, tmp_path)


def typed(gate: Gate, text: str, person: str = "U0ADA") -> str:
    """Type a command; return the text of the answer."""
    url = "https://hooks.slack.com/commands/1"
    answer = gate.slash(SlashRequest(text, person, "C0PROD", url, f"command:{person} {text}", "1.2"))
    return " ".join([str(getattr(answer, "text", "")), *map(str, getattr(answer, "blocks", ()))])


def test_changes_and_refusals_are_shown(gate: Gate) -> None:
    """Questions are shown with `--all`, or if the filter names their command."""
    typed(gate, "status")
    typed(gate, "jobs")
    typed(gate, "drain host-2")
    with pytest.raises(Exception, match="can't run"):
        typed(gate, "status", "U0EVE")
    told = typed(gate, "audit")
    assert "requested `/swarm drain host-2`" in told
    assert "was refused `/swarm status`" in told
    assert "· 2 match ·" in told
    assert "`--all` shows questions too" in told
    assert "requested `/swarm status`" not in told
    assert "requested `/swarm jobs`" not in told
    everything = typed(gate, "audit --all")
    assert "requested `/swarm jobs`" in everything
    assert "shows questions too" not in everything
    assert "requested `/swarm status`" in typed(gate, "audit --command status")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("audit --node host-33", "No audit entry names `host-33`, and it is not in swarmbot.yml. Did you mean `host-"),
        ("audit --job zzzz", "Job `zzzz` does not exist"),
        ("audit --command jion", "`jion` is not a command. Did you mean `join`"),
        ("audit --job zzzz --export", "Job `zzzz` does not exist"),
    ],
)
def test_unknown_names_are_refused(gate: Gate, words: str, expected: str) -> None:
    """An empty page would say that nothing happened to what does not exist."""
    with pytest.raises(NotUnderstood, match=expected[:20]) as refused:
        typed(gate, words)
    assert expected in str(refused.value)


def test_a_node_that_is_gone_is_known(gate: Gate, audit: Audit) -> None:
    """A host that was taken out of swarmbot.yml is still in the log; one without entries is in swarmbot.yml."""
    audit.append([Entry("asked", "U0ADA", "prod", words="remove old-7", nodes=("old-7",))])
    assert "remove old-7" in typed(gate, "audit --node old-7")
    assert "No audit entry matches." in typed(gate, "audit --node host-1")


def test_the_end_of_a_question_is_a_question(gate: Gate, queue: Queue, audit: Audit) -> None:
    """That a change ended is shown."""
    typed(gate, "status")
    typed(gate, "activate host-2")
    for lane in ("concurrent", "exclusive"):
        lease = taken(queue, lane=lane)
        queue.finish(lease, "succeeded", "{}", [lease.audit_entry("ended", "succeeded")])
    found = audit.query(Filter(no_questions=True), count=10)
    assert [(entry.action, entry.command) for entry in found] == [("ended", "activate"), ("asked", "activate")]


def test_matches_are_counted_up_to_a_limit(client: Redis, audit: Audit) -> None:
    """On each page, and never more than MAX_MATCHES + 1."""
    audit.append([Entry("asked", "U1", question=bool(number % 2)) for number in range(2 * MAX_MATCHES + 6)])
    pages = AuditPages(client, audit)
    assert pages.newest("", Filter(no_questions=True), 5)[1].matches == MAX_MATCHES + 1
    few = pages.newest("", Filter(by="U2"), 5)
    assert (few[0], few[1].matches) == ((), 0)
