"""Who is shown /metrics by the web process."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.slack.inbound.readiness import Readiness
from bot.slack.inbound.routes import Routes
from bot.slack.inbound.signature_log import SignatureLog
from bot.slack.inbound.web import Web
from bot.slack.outbound.notifier import Notifier
from tests.kits.web_app import SECRET, ListeningGate, ask


class Counted:
    """Metrics that count what they are told."""

    def __init__(self, *, shown: bool = True) -> None:
        self.shown = shown
        self.answers: list[float] = []

    def acknowledged(self, seconds: float) -> None:
        """Note a request of Slack's."""
        self.answers.append(seconds)

    def page(self) -> tuple[str, bytes]:
        """Return a page."""
        return "text/plain", b"swarmbot_redis_up 1.0"


def web(metrics: Counted | None) -> Web:
    """The web process with these metrics."""
    routes = Routes(ListeningGate(), cast("Notifier", None), SECRET)
    return Web(routes, SECRET, cast("Readiness", None), cast("SignatureLog", None), metrics)


def test_it_is_shown_to_whoever_reaches_the_process_itself() -> None:
    """As Prometheus does."""
    assert ask(web(Counted()), path="/metrics", method="GET") == (200, "swarmbot_redis_up 1.0")
    assert ask(web(Counted()), path="/metrics", method="HEAD") == (200, "")
    assert ask(web(Counted()), path="/metrics", method="POST")[0] == 405


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA"])
def test_what_a_reverse_proxy_forwards_gets_nothing(header: str) -> None:
    """It may come from the internet."""
    headers: dict[str, Any] = {header: "192.0.2.1"}
    assert ask(web(Counted()), path="/metrics", method="GET", **headers)[0] == 404


@pytest.mark.parametrize("metrics", [None, Counted(shown=False)])
def test_it_is_not_shown_here_if_it_is_off_or_elsewhere(metrics: Counted | None) -> None:
    """As any other path that does not exist."""
    assert ask(web(metrics), path="/metrics", method="GET")[0] == 404
