"""Buttons of incidents: commands of the person who presses them, made from what is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from bot.audit import Audit
from bot.blocks import Message
from bot.errors import NotUnderstood, Refused
from bot.gate import Gate
from bot.model.incident import Incident, LastReading, WatchState
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, SlashRequest
from bot.store import keys
from bot.stored_json import to_json
from bot.watch.repository import WatchRepository
from tests.kits.incidents import AT, incident, signal
from tests.kits.watch_lease import led

PRESS = PressRequest("", "3f2a", "U0ADA", "C0PROD", "https://hooks.slack.example/1", "press-1", "trigger", "1.0")


@pytest.fixture
def repository(client: Redis, audit: Audit) -> WatchRepository:
    """What watch stored."""
    return WatchRepository(client, audit)


def stored(client: Redis, *incidents: Incident) -> None:
    """Store these incidents as watch does."""
    client.set(keys.watch_state("prod"), to_json(WatchState(incidents=incidents)))


def pressed(gate: Gate, action: str, **other: Any) -> str:
    """Press a button, and return the answer's text."""
    answer = gate.press(replace(PRESS, action=action, request_key=f"press-{action}-{other}", **other))
    assert isinstance(answer, Message)
    return answer.text


def test_acknowledge_is_noted_for_the_leader(gate: Gate, client: Redis, repository: WatchRepository) -> None:
    """The second person learns who was first."""
    stored(client, incident())
    assert "You acknowledged incident `3f2a`" in pressed(gate, "incident.acknowledge")
    assert "<@U0ADA> has acknowledged" in pressed(gate, "incident.acknowledge", user="U0CLEO")
    assert [each.by for each in repository.said("prod", AT).acknowledged] == ["U0ADA"]


def test_silence_names_the_subject_for_an_hour(gate: Gate, client: Redis, repository: WatchRepository) -> None:
    """By the incident's root; the channel is notified."""
    stored(client, incident())
    assert "*Incidents of `host-2` are silenced* until" in pressed(gate, "incident.silence")
    [silence] = repository.said("prod", 0.0).silences
    assert (silence.subject, silence.reason, round(silence.until - silence.at)) == ("host-2", "incident 3f2a", 3600)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("incident.show", "node host-2"),
        ("incident.check", "check host-2"),
        ("incident.fix", "unlock host-2"),
    ],
)
def test_other_buttons_are_commands(gate: Gate, client: Redis, queue: Queue, action: str, words: str) -> None:
    """They are queued as if they had been typed, for the person who pressed."""
    stored(client, incident("3f2a", signal(fix="unlock host-2")))
    pressed(gate, action)
    [job] = queue.recent("prod", 5)
    assert (job.order.words, job.order.requester, job.order.cluster) == (words, "U0ADA", "prod")


def test_what_is_over_is_refused(gate: Gate, client: Redis) -> None:
    """A button stays in an old message: the incident is looked up when it is pressed."""
    stored(client, incident(resolved_at=AT + 1))
    assert "is resolved" in pressed(gate, "incident.acknowledge")
    with pytest.raises(Refused, match="needs this no more"):
        gate.press(replace(PRESS, action="incident.fix"))
    with pytest.raises(NotUnderstood, match="not stored any more"):
        gate.press(replace(PRESS, action="incident.show", value="9999", request_key="press-2"))


def test_a_person_without_the_permission_is_refused(gate: Gate, client: Redis) -> None:
    """As for the typed command."""
    stored(client, incident())
    with pytest.raises(Refused, match="needs"):
        gate.press(replace(PRESS, action="incident.acknowledge", user="U0EVE"))


def test_an_incident_of_the_whole_cluster_cannot_be_silenced_by_a_button(gate: Gate, client: Redis) -> None:
    """It would keep everything quiet: that must be typed."""
    stored(client, incident("3f2a", signal("quorum lost", "")))
    with pytest.raises(Refused, match="about no single node or service"):
        gate.press(replace(PRESS, action="incident.silence"))


def test_the_typed_commands(gate: Gate, client: Redis, repository: WatchRepository) -> None:
    """A silence is ended by its id, and what watch last read is shown."""

    def typed(text: str) -> str:
        answer = gate.slash(SlashRequest(text, "U0ADA", "C0PROD", "https://hooks.slack.example/1", text, text))
        assert answer is not None
        return json.dumps([block.get("text", {}) for block in answer.blocks], ensure_ascii=False)

    assert "prod is not watched" in typed("watch")
    last_reading = LastReading("one", AT, 0.2, 10, "host-1", bell=True, nodes=5, services=2, unread=("host-5",))
    repository.store(
        led(client), "prod", WatchState(incidents=(incident(),)), last_reading, repository.said("prod", AT)
    )
    assert "5 nodes, 2 services · not read: `host-5`" in typed("watch")
    assert "`3f2a`" in typed("incidents")
    typed("silence all --for 2h --reason sale")
    [silence] = repository.said("prod", 0.0).silences
    assert f"`{silence.id}` all incidents until" in typed("silences")
    typed(f"unsilence {silence.id}")
    assert "Nothing is silenced" in typed("silences")
