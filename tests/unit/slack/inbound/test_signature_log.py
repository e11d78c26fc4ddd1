"""A wrong signing secret is reported: in the log, to the doctor, and by /readyz."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from redis import Redis
from slack_sdk import WebClient

from bot.doctor.storage import signatures
from bot.slack.inbound.readiness import Readiness
from bot.slack.inbound.routes import Routes
from bot.slack.inbound.signature_log import INTERVAL_S, SignatureLog, read_counts
from bot.slack.inbound.web import Web
from bot.slack.outbound.notifier import Notifier
from sandbox.fleet.shell import until
from tests.kits.totp import Clock
from tests.kits.web_app import COMMAND, SECRET, ListeningGate, ask, signed

BODY = urlencode(COMMAND).encode()


def test_a_wrong_secret_shows_everywhere(client: Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says it once a minute with the count, /readyz warns, and the doctor counts, until a signature matches."""
    routes = Routes(ListeningGate(), Notifier(WebClient()), SECRET)
    web = Web(routes, SECRET, Readiness(client, tmp_path / "swarmbot.yml"), SignatureLog(client))
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        assert ask(web, BODY, **signed(BODY, secret="another"))[0] == 401  # noqa: S106 - a wrong one
    said = [record.getMessage() for record in caplog.records if "SLACK_SIGNING_SECRET" in record.getMessage()]
    assert len(said) == 1
    assert SECRET not in caplog.text
    assert "warnings" in json.loads(ask(web, path="/readyz", method="GET")[1])
    until(lambda: bool(_doctor(client)), "the doctor counts")
    [finding] = _doctor(client)
    assert "1 request had a signature that SLACK_SIGNING_SECRET does not match, and none has ever matched" in finding
    assert ask(web, BODY, **signed(BODY))[0] == 200
    assert "warnings" not in json.loads(ask(web, path="/readyz", method="GET")[1])
    until(lambda: not _doctor(client), "the doctor sees that a signature matched")
    routes.close()


def test_rejections_of_a_minute_are_counted_together(client: Redis) -> None:
    """Redis is written to at most once a minute; what came meanwhile is in the next count."""
    clock = Clock()
    log = SignatureLog(client, clock)
    for _ in range(5):
        log.reject()
    until(lambda: read_counts(client).rejected == 1, "the first is counted at once")
    clock.at += INTERVAL_S
    log.reject()
    until(lambda: read_counts(client).rejected == 6, "those of the minute are counted together")


def test_requests_without_redis_are_served(redis_url: str) -> None:
    """The counts are a hint: without Redis there are none."""
    log = SignatureLog(Redis.from_url(f"{redis_url}.gone"))
    log.reject()
    log.accept()
    assert not log.secret_may_be_wrong


def _doctor(client: Redis) -> list[str]:
    resources: Any = SimpleNamespace(redis=client)
    return [str(finding) for finding in signatures(resources)]
