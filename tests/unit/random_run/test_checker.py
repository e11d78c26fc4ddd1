"""Every rule of the random run's checker fires on a bad history, and none on a good one."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.kits.random_run.checker import RULES, judge
from tests.kits.random_run.cluster_rules import claims
from tests.kits.random_run.history import (
    AuditEntry,
    Disturbance,
    DisturbanceKind,
    Footprint,
    History,
    IncidentRecord,
    JobRecord,
    Member,
    Request,
    Shown,
    Sighting,
)
from tests.kits.random_run.lookups import Run

ADA, CLEO = "U0ADA", "U0CLEO"
EVERYBODY = frozenset({ADA, CLEO})
ACK = "On it: `/swarm drain host-2` is job `k7f3`"
ORDER = Request(10.0, ADA, "drain host-2", "url1", acknowledged=True, reply=ACK, job="k7f3")
QUESTION = Request(11.0, ADA, "status", "url2", acknowledged=True, job="zunt")
DRAIN = JobRecord("k7f3", "drain host-2", ADA, "succeeded", 10.0, 10.5, 13.0, change=True)
STATUS = JobRecord("zunt", "status", ADA, "succeeded", 11.0, 11.1, 11.5)
ACKNOWLEDGED = Shown(10.1, "1", frozenset({ADA}), True, ACK, frozenset({"k7f3"}), "url1")
RUNNING = Shown(11.0, "2", EVERYBODY, False, "*ada drains host-2* · job `k7f3`\n[Cancel]", frozenset({"k7f3"}))
ENDED = replace(RUNNING, at=13.0, text="✓ *`host-2` is drained* in 2 s · `k7f3`")
ANSWER = Shown(11.4, "3", frozenset({ADA}), True, "✓ *prod is healthy*", frozenset({"zunt"}), "url2")
DENIED = Shown(13.0, "2", EVERYBODY, False, "✗ *Denied* by cleo `k7f3`", frozenset({"k7f3"}))
BEFORE = Sighting(0.0, MappingProxyType({"host-2": Member("worker", "active")}))
AFTER = Sighting(12.0, MappingProxyType({"host-2": Member("worker", "drain")}))
AUDIT = tuple(AuditEntry(action, job) for job in ("k7f3", "zunt") for action in ("asked", "ended"))
GOOD = History(
    requests=(ORDER, QUESTION),
    shown=(ACKNOWLEDGED, RUNNING, ENDED, ANSWER),
    jobs=(DRAIN, STATUS),
    audit=AUDIT,
    sightings=(BEFORE, AFTER),
)


def with_job(job: JobRecord, *shown: Shown) -> History:
    """Return the good history with another end of the change, and the messages about it."""
    return replace(GOOD, jobs=(job, STATUS), shown=(ACKNOWLEDGED, RUNNING, *shown, ANSWER))


WITHOUT_URL = replace(ANSWER, response_url="", jobs=frozenset({"k7f3"}))
CANCELLED = replace(DRAIN, state="cancelled", cancel_by=CLEO)
LIST = Shown(14.0, "9", frozenset({ADA}), True, "`k7f3` drain host-2 cancelled", frozenset({"k7f3"}), "url3")
LISTED = Request(14.0, ADA, "jobs", "url3", acknowledged=True, reply=LIST.text)
SECOND_CARD = replace(ENDED, ts="8", at=13.5)
STEPS = replace(ENDED, text="*All steps of job `k7f3`*: when each began", ts="9", at=14.0)
ANOTHER = (AuditEntry("asked", "aaaa"), AuditEntry("ended", "aaaa"))
TWICE_ASKED = replace(
    GOOD,
    requests=(*GOOD.requests, replace(QUESTION, response_url="url3", job="aaaa")),
    jobs=(DRAIN, *(replace(STATUS, id=job, said="is healthy") for job in ("zunt", "aaaa"))),
    audit=(*AUDIT, *ANOTHER),
)
NAMED_TO_CLEO = replace(LIST, to=frozenset({CLEO}), jobs=frozenset({"zunt", "aaaa"}), response_url="")
TWO_RECORDS = Sighting(20.0, MappingProxyType({"host-2": Member("worker", "drain", records=2)}))
PRESENT = Sighting(0.0, MappingProxyType({f"host-{number}": Member("manager", "drain") for number in (1, 2, 3)}))
DEMOTED = Sighting(60.0, MappingProxyType({**PRESENT.members, "host-1": Member("worker", "active")}))
OFF = Disturbance("host", "host-3", 50.0, 70.0)
INCIDENT = IncidentRecord("4k7d", "node down host-3", open=False, told=True, posted_at=(52.0,))
TURNS = tuple(
    AuditEntry(f"incident {word}", "", words="incidents 4k7d")
    for word in ("opened", "resolved", "reopened", "resolved")
)
SMALL = Footprint(0.0, "web", 7, 80.0, 60)
BAD = {
    "an acknowledged command that is no job and showed nothing": (
        replace(GOOD, requests=(*GOOD.requests, replace(QUESTION, words="nodes", response_url="url3", job=""))),
        "unanswered",
    ),
    "a job that runs for ever": (with_job(replace(DRAIN, state="running", finished_at=None)), "not ended"),
    "a job that waits for ever": (with_job(replace(DRAIN, state="awaiting_approval", finished_at=None)), "not ended"),
    "an answer that never came": (replace(GOOD, shown=(ACKNOWLEDGED, RUNNING, ENDED)), "untold"),
    "an answer that came once for two questions": (
        replace(TWICE_ASKED, shown=(ACKNOWLEDGED, RUNNING, ENDED, WITHOUT_URL)),
        "untold",
    ),
    "a late acknowledgement, which is no end": (
        replace(GOOD, shown=(ACKNOWLEDGED, replace(ACKNOWLEDGED, text="On it: late"), ANSWER)),
        "untold",
    ),
    "a card that never came": (replace(GOOD, shown=(ACKNOWLEDGED, ANSWER)), "untold"),
    "a change that somebody else cancelled": (replace(GOOD, jobs=(CANCELLED, STATUS), shown=(ANSWER,)), "untold"),
    "a list of jobs, which is no end": (
        replace(
            GOOD,
            requests=(*GOOD.requests, LISTED),
            jobs=(CANCELLED, STATUS),
            shown=(ACKNOWLEDGED, LIST, ANSWER),
        ),
        "untold",
    ),
    "an end that only others saw": (with_job(DRAIN, replace(ENDED, to=frozenset({CLEO}))), "untold"),
    "a card that stopped in the middle": (with_job(DRAIN, replace(ENDED, private=True, ts="7")), "left open"),
    "a finished card that was overwritten": (with_job(DRAIN, ENDED, replace(RUNNING, at=14.0)), "left open"),
    "a ✓ of a change that failed": (with_job(replace(DRAIN, state="failed"), ENDED), "wrong end"),
    "a ✗ of a change that succeeded": (
        with_job(DRAIN, replace(ENDED, text="✗ *`host-2` was not drained*")),
        "wrong end",
    ),
    "a ✓ that was never true": (replace(GOOD, sightings=(BEFORE,)), "untrue"),
    "a ✓ that was true of another time": (
        replace(GOOD, sightings=(replace(AFTER, at=0.0), replace(BEFORE, at=5.0), replace(AFTER, at=20.0))),
        "untrue",
    ),
    "a question that was answered twice": (
        replace(GOOD, shown=(*GOOD.shown, replace(ANSWER, text="! *prod is degraded*", ts="4", at=30.0))),
        "twice",
    ),
    "a change with two cards": (with_job(DRAIN, ENDED, SECOND_CARD), "twice"),
    "the steps of a change that were posted twice": (
        replace(GOOD, shown=(*GOOD.shown, STEPS, replace(STEPS, ts="10", at=40.0))),
        "twice",
    ),
    "a change that ended twice": (replace(GOOD, audit=(*AUDIT, AuditEntry("ended", "k7f3"))), "twice"),
    "two jobs of one request": (
        replace(GOOD, jobs=(*GOOD.jobs, replace(STATUS, id="aaaa")), audit=(*AUDIT, *ANOTHER)),
        "two jobs",
    ),
    "a broken chain": (replace(GOOD, audit_problem="entry 7 was changed"), "audit"),
    "a job whose request is not in the log": (replace(GOOD, audit=AUDIT[1:]), "audit"),
    "a job whose end is not in the log": (replace(GOOD, audit=AUDIT[:3]), "audit"),
    "a secret in Redis": (replace(GOOD, leaks=("swarmbot:job:k7f3",)), "leak"),
    "two node records of one host": (replace(GOOD, sightings=(BEFORE, AFTER, TWO_RECORDS)), "two records"),
    "a demotion that cost the quorum": (
        replace(GOOD, sightings=(PRESENT, DEMOTED), disturbances=(OFF,)),
        "quorum",
    ),
    "an incident with two messages": (
        replace(GOOD, incidents=(replace(INCIDENT, posted_at=(52.0, 54.0)),), audit=(*AUDIT, *TURNS)),
        "incident",
    ),
    "an incident that was told again although its first message was noted": (
        replace(
            GOOD,
            incidents=(replace(INCIDENT, posted_at=(52.0, 54.0)),),
            disturbances=(Disturbance("kill", "watch.1", 53.8, 54.5),),
        ),
        "incident",
    ),
    "an incident of a node whose availability a change could not set": (
        replace(
            with_job(replace(DRAIN, words="pause host-3", state="failed"), replace(ENDED, text="✗ `k7f3`")),
            incidents=(replace(INCIDENT, open=True),),
        ),
        "incident open",
    ),
    "an incident of another host than the one whose join failed": (
        replace(
            with_job(replace(DRAIN, words="join manager host-4", state="failed"), replace(ENDED, text="✗ `k7f3`")),
            incidents=(replace(INCIDENT, text="manager unreachable host-3", open=True),),
        ),
        "incident open",
    ),
    "an incident that nobody was told of": (
        replace(GOOD, incidents=(replace(INCIDENT, posted_at=()),)),
        "incident untold",
    ),
    "an incident that ended twice": (
        replace(GOOD, incidents=(INCIDENT,), audit=(*AUDIT, *TURNS, TURNS[1])),
        "incident",
    ),
    "an incident that is never over": (
        replace(GOOD, incidents=(replace(INCIDENT, open=True),), audit=(*AUDIT, TURNS[0])),
        "incident open",
    ),
    "memory that grows": (
        replace(GOOD, footprints=(SMALL, replace(SMALL, at=70.0), replace(SMALL, at=90.0, mib=140.0))),
        "grown",
    ),
    "memory that grows at once": (replace(GOOD, footprints=(SMALL, replace(SMALL, at=20.0, mib=170.0))), "grown"),
    "threads that stay": (
        replace(GOOD, footprints=(SMALL, replace(SMALL, at=70.0, threads=200))),
        "grown",
    ),
    "a traceback": (replace(GOOD, tracebacks=("worker.1: KeyError: 'x'",)), "traceback"),
}


def test_a_good_history_has_no_violation() -> None:
    """The history that the bad ones differ from is judged good."""
    assert judge(GOOD) == []
    assert judge(replace(GOOD, shown=(*GOOD.shown, STEPS, replace(STEPS, text="*All steps of job `zunt`*")))) == []


def test_an_incident_that_names_a_job_is_no_card_of_it() -> None:
    """Watch reports long after the job that its order caused something: in the channel and in the incident's thread."""
    told = replace(ENDED, text="✗ *prod: `host-2` is down*\nIt began during `k7f3` (`/swarm drain host-2`).", ts="9")
    thread = replace(told, text="It began during `k7f3` (`/swarm drain host-2`).", ts="10")
    assert judge(replace(GOOD, shown=(*GOOD.shown, replace(told, at=60.0), replace(thread, at=61.0)))) == []


@pytest.mark.parametrize("what", BAD)
def test_a_bad_history_is_found(what: str) -> None:
    """Each breaks one rule, and that rule alone is named."""
    history, rule = BAD[what]
    assert {found.rule for found in judge(history)} == {rule}


def test_every_rule_is_broken_above() -> None:
    """No rule is without a history in which it fires."""
    fired = {rule for rule in RULES for history, _ in BAD.values() if [*rule(Run(history))]}
    assert fired == set(RULES)


@pytest.mark.parametrize("kind", ["kill", "terminate", "stop", "redis"])
def test_a_message_may_come_twice_from_a_worker_that_died_with_it(kind: DisturbanceKind) -> None:
    """Slack has taken it and nobody could note that. A fault at another time is no excuse."""
    twice = replace(GOOD, shown=(*GOOD.shown, replace(ANSWER, ts="4", at=30.0)))
    assert judge(replace(twice, disturbances=(Disturbance(kind, "worker.1", 12.0, 13.0),))) == []
    late = judge(replace(twice, disturbances=(Disturbance(kind, "worker.1", 25.0, 26.0),)))
    assert [found.rule for found in late] == ["twice"]


@pytest.mark.parametrize(
    "fault",
    [
        Disturbance("kill", "web", 10.5, 12.0),
        Disturbance("kill", "watch.1", 10.5, 12.0),
        Disturbance("kill", "worker.1", 13.2, 14.0),
        Disturbance("slack hangs", "slack", 13.0, 14.0),
    ],
)
def test_a_card_is_excused_only_by_a_fault_of_its_sender_then(fault: Disturbance) -> None:
    """Neither a process that sends no cards, nor a fault after the first card was noted, explains a second one."""
    found = judge(replace(with_job(DRAIN, SECOND_CARD), disturbances=(fault,)))
    assert [each.rule for each in found] == ["left open", "twice"]


GOOD_ENDS = {
    "a demotion while all were there": replace(GOOD, sightings=(PRESENT, DEMOTED)),
    "a demotion while a host failed": replace(
        GOOD, sightings=(PRESENT, DEMOTED), disturbances=(replace(OFF, begin=58.0),)
    ),
    "an incident that came back": replace(GOOD, incidents=(INCIDENT,), audit=(*AUDIT, *TURNS)),
    "a node that a change left down": replace(
        with_job(replace(DRAIN, words="leave host-3", state="failed"), replace(ENDED, text="✗ `k7f3`")),
        incidents=(replace(INCIDENT, open=True),),
    ),
    "an incident whose message may have been sent twice": replace(
        GOOD,
        incidents=(replace(INCIDENT, posted_at=(52.0, 54.0)),),
        disturbances=(Disturbance("kill", "watch.1", 52.5, 53.0),),
    ),
    "a process that started, and grew into its work": replace(
        GOOD, footprints=(SMALL, replace(SMALL, at=70.0, mib=140.0), replace(SMALL, at=90.0, mib=150.0))
    ),
    "an answer before the complete one": replace(
        GOOD,
        shown=(
            *GOOD.shown,
            replace(
                ANSWER,
                text=f"{ANSWER.text} · *`host-2` has not responded yet*. The complete answer follows within 15 s.",
                ts="0",
            ),
        ),
    ),
    "a record that a cancelled change left": replace(
        with_job(
            replace(DRAIN, words="leave host-2", state="cancelled", cancel_by=ADA), replace(ENDED, text="· `k7f3`")
        ),
        sightings=(BEFORE, TWO_RECORDS),
    ),
    "Slack took a card, and its answer was lost": replace(
        with_job(DRAIN, SECOND_CARD), disturbances=(Disturbance("slack loses answers", "slack", 10.5, 12.0),)
    ),
    "its requester cancelled it": with_job(replace(CANCELLED, cancel_by=ADA), replace(ENDED, text="Cancelled `k7f3`")),
    "it was cancelled while it waited": with_job(replace(CANCELLED, cancel_by=ADA), replace(ENDED, text="· `k7f3`")),
    "it was denied on its card": with_job(replace(DRAIN, state="denied"), DENIED),
    "a private refusal": replace(
        GOOD,
        jobs=(replace(DRAIN, state="failed"), STATUS),
        shown=(ACKNOWLEDGED, replace(ANSWER, ts="5", text="Refused: no", response_url="url1"), ANSWER),
    ),
    "no change was needed": replace(
        GOOD,
        sightings=(BEFORE,),
        shown=(ACKNOWLEDGED, replace(ENDED, text="✓ *No change needed*: `host-2` is drained. `k7f3`"), ANSWER),
    ),
    "the approval was told before": with_job(
        DRAIN,
        replace(ANSWER, ts="6", text="`/swarm drain host-2`: ✓ *Approved* by cleo", response_url="url1"),
        ENDED,
    ),
    "the acknowledgement was late": replace(
        GOOD, shown=(replace(ANSWER, ts="0", text="Stored as job `zunt`, but no worker is running"), *GOOD.shown)
    ),
    "the answer came without the response_url": replace(
        GOOD,
        jobs=(DRAIN, replace(STATUS, said="prod is healthy")),
        shown=(ACKNOWLEDGED, RUNNING, ENDED, replace(WITHOUT_URL, title="prod is healthy")),
    ),
    "two answers came so": replace(
        TWICE_ASKED, shown=(ACKNOWLEDGED, RUNNING, ENDED, WITHOUT_URL, replace(WITHOUT_URL, ts="4"))
    ),
    "of two questions the later one was answered first, by name": replace(
        TWICE_ASKED,
        shown=(ACKNOWLEDGED, RUNNING, ENDED, replace(WITHOUT_URL, jobs=frozenset({"aaaa"})), replace(ANSWER, ts="4")),
    ),
    "of two questions the later one was answered first, without a name": replace(
        TWICE_ASKED, shown=(ACKNOWLEDGED, RUNNING, ENDED, WITHOUT_URL, replace(ANSWER, ts="4"))
    ),
    "somebody else saw the question in a list before": replace(
        TWICE_ASKED, shown=(ACKNOWLEDGED, RUNNING, ENDED, NAMED_TO_CLEO, WITHOUT_URL, replace(WITHOUT_URL, ts="4"))
    ),
    "the true state was not seen": replace(GOOD, sightings=()),
    "it was not acknowledged": replace(GOOD, requests=(*GOOD.requests, Request(12.0, ADA, "nodes", "u", False))),
}


@pytest.mark.parametrize("what", GOOD_ENDS)
def test_a_good_end_is_no_violation(what: str) -> None:
    """Other ways to end are not taken for faults."""
    assert judge(GOOD_ENDS[what]) == []


def test_what_a_tick_claims() -> None:
    """Each host of an order has its claim; what no claim is known for claims nothing."""
    members = {"host-1": Member("manager", "pause", {"zone": "a"}), "host-2": Member("worker", "active")}
    told = {
        "pause host-1 host-2": [True, False],
        "activate host-2": [True],
        "promote host-1": [True],
        "demote host-1": [False],
        "join worker host-2": [True],
        "join manager host-2": [False],
        "join worker host-3": [False],
        "label host-1 zone=a": [True],
        "label host-2 zone=a": [False],
        "leave host-3": [True],
        "remove host-2 --force": [False],
        "token worker": [],
        "freeze --for 10m": [],
    }
    assert {words: [claim.holds(members) for claim in claims(words)] for words in told} == told
