"""The web process's application over a gate that only listens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.slack.inbound.web import Web
from bot.slack.outbound.notifier import Notifier
from tests.kits.web_app import ListeningGate, serving


@pytest.fixture
def gate() -> ListeningGate:
    """A gate that listens."""
    return ListeningGate()


@pytest.fixture
def web(gate: ListeningGate, redis_url: str, tmp_path: Path) -> Iterator[Web]:
    """The WSGI application over that gate, a real Redis, and no swarmbot.yml."""
    with serving(gate, Notifier(WebClient()), redis_url, tmp_path) as web:
        yield web
