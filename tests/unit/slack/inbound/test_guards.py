"""What is rejected before Bolt parses it, and what is rejected although Slack signed it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from redis import Redis

from bot.slack.inbound.guards import MAX_BODY_BYTES
from bot.slack.inbound.payloads import MAX_ID_CHARS, MAX_URL_CHARS, MAX_VALUE_CHARS
from bot.slack.inbound.requests import PressRequest, SlashRequest
from bot.slack.inbound.web import Web
from tests.kits.web_app import COMMAND, PRESS, ListeningGate, ask, signed


def test_signed_command_reaches_the_gate(web: Web, gate: ListeningGate) -> None:
    """The gate's message is the body of the 200, for the requester only."""
    body = urlencode(COMMAND).encode()
    status, said = ask(web, body, **signed(body))
    assert status == 200
    assert json.loads(said)["response_type"] == "ephemeral"
    assert gate.asked == [
        SlashRequest("status", "U0ADA", "C0PROD", "https://hooks.slack.com/commands/1", "command:1.2", "1.2")
    ]


def test_press_reaches_the_gate(web: Web, gate: ListeningGate) -> None:
    """The number of a repeated action_id is removed; the ack is empty."""
    body = urlencode({"payload": json.dumps(PRESS)}).encode()
    assert ask(web, body, **signed(body)) == (200, "")
    assert gate.asked == [
        PressRequest(
            action="retry",
            value="k7f3",
            user="U0ADA",
            channel="C0PROD",
            response_url="https://hooks.slack.com/actions/1",
            request_key="press:3.4",
            trigger_id="3.4",
            message_ts="1.5",
        )
    ]


def test_events_and_url_verification_are_answered(web: Web, gate: ListeningGate) -> None:
    """An event is acknowledged, and the URL verification of the app's settings page works."""
    event = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_home_opened"}}).encode()
    assert ask(web, event, CONTENT_TYPE="application/json", **signed(event)) == (200, "")
    question = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    status, said = ask(web, question, CONTENT_TYPE="application/json", **signed(question))
    assert (status, json.loads(said)) == (200, {"challenge": "abc"})
    assert gate.asked == []


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        ("yesterday", "v0=" + "0" * 64),
        ("1_000", "v0=" + "0" * 64),
        ("\u0661\u0662", "v0=" + "0" * 64),
        ("9" * 5000, "v0=" + "0" * 64),
        ("", ""),
        ("NOW", "v0=" + "0" * 64),
        ("NOW", "v0=\u00e9"),
        ("NOW", ""),
    ],
)
def test_unsigned_request_is_401(web: Web, gate: ListeningGate, timestamp: str, signature: str) -> None:
    """For any headers the result is a response and not an exception."""
    now = str(int(time.time())) if timestamp == "NOW" else timestamp
    environ = {"HTTP_X_SLACK_REQUEST_TIMESTAMP": now, "HTTP_X_SLACK_SIGNATURE": signature}
    assert ask(web, urlencode(COMMAND).encode(), **environ)[0] == 401
    assert gate.asked == []


def test_forged_stale_and_early_are_401(web: Web, gate: ListeningGate) -> None:
    """Another secret, another body, more than five minutes off: 401."""
    body = urlencode(COMMAND).encode()
    assert ask(web, body, **signed(body, secret="theirs"))[0] == 401  # noqa: S106 - the forger's
    assert ask(web, body, **signed(b"another"))[0] == 401
    assert ask(web, body, **signed(body, age=301))[0] == 401
    assert ask(web, body, **signed(body, age=-400))[0] == 401
    assert ask(web, body)[0] == 401
    assert gate.asked == []


BROKEN: list[dict[str, Any]] = [
    {**PRESS, "actions": []},
    {**PRESS, "actions": "retry"},
    {**PRESS, "actions": [{"action_id": 7}]},
    {**PRESS, "user": "U0ADA"},
    {**PRESS, "container": "message"},
    {**PRESS, "response_url": 7},
    {**PRESS, "response_url": "https://" + "a" * MAX_URL_CHARS},
    {**PRESS, "actions": [{"action_id": "approve", "value": "a" * (MAX_VALUE_CHARS + 1)}]},
    {"type": "event_callback", "event": "app_home_opened"},
    {"type": "event_callback"},
    {"event": ["x"]},
]


@pytest.mark.parametrize(
    "body",
    [
        b"payload=%7Bnot+json",
        b"payload=%5B1%5D",
        b"payload=7",
        b"{not json",
        b'{"a":' * 100_000,
        b"command=%2Fswarm&text=status",
        urlencode({**COMMAND, "user_id": ""}).encode(),
        urlencode({**COMMAND, "channel_id": "C" * (MAX_ID_CHARS + 1)}).encode(),
        *(urlencode({"payload": json.dumps(broken)}).encode() for broken in BROKEN),
    ],
)
def test_signed_but_malformed_body_is_400(
    web: Web, gate: ListeningGate, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    """No shape of a body causes an exception or reaches the gate. One line of the log says why it was refused."""
    assert ask(web, body, **signed(body))[0] == 400
    assert gate.asked == []
    [line] = caplog.messages
    assert line.startswith("a signed payload was refused: ")
    assert "\n" not in line


def test_body_that_is_not_text_is_400(web: Web) -> None:
    """Slack's bodies are UTF-8."""
    assert ask(web, b"\xff\xfe", **signed(b"x"))[0] == 400


def test_size_method_and_path_have_their_own_status(web: Web) -> None:
    """A body over the limit is not read."""
    body = urlencode(COMMAND).encode()
    assert ask(web, body, CONTENT_LENGTH=str(MAX_BODY_BYTES + 1), **signed(body))[0] == 413
    assert ask(web, body, CONTENT_LENGTH="", **signed(body))[0] == 411
    assert ask(web, body, CONTENT_LENGTH="-1", **signed(body))[0] == 411
    assert ask(web, method="GET")[0] == 405
    assert ask(web, path="/healthz")[0] == 405
    assert ask(web, path="/slack/oauth_redirect", method="GET")[0] == 404
    assert ask(web, path="/", method="GET")[0] == 404


def test_healthz_reports_the_process_only(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    """It says that the process lives, even if something else is wrong. HEAD has no body, and logs nothing."""
    assert ask(web, path="/healthz", method="GET")[0] == 200
    assert ask(web, path="/healthz", method="HEAD") == (200, "")
    assert caplog.text == ""


def test_readyz_names_the_part_and_the_log_the_reason(
    web: Web, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a configuration 503, and strangers learn no path; with one 200, without a restart."""
    status, said = ask(web, path="/readyz", method="GET")
    assert status == 503
    assert [*json.loads(said)["problems"]] == ["swarmbot.yml"]
    assert str(tmp_path) not in said
    assert str(tmp_path) in caplog.text
    hosts = "clusters: {prod: {channel: C0PROD, hosts: {host-1: 192.0.2.1}}}\nrules: {administer: [U0ADA]}\n"
    (tmp_path / "swarmbot.yml").write_text(hosts)
    assert ask(web, path="/readyz", method="GET") == (200, '{"ok": true, "problems": {}}')


def test_readyz_says_when_redis_would_lose_data(web: Web, redis_url: str) -> None:
    """A Redis that is not durable is not ready."""
    with Redis.from_url(redis_url) as redis:
        redis.config_set("appendonly", "no")
        try:
            status, said = ask(web, path="/readyz", method="GET")
        finally:
            redis.config_set("appendonly", "yes")
    assert status == 503
    assert "appendonly" in json.loads(said)["problems"]["redis"][0]
