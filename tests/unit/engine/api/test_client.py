"""Errors of the engine's client."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.engine.api import client
from bot.engine.api.client import EngineClient, mask_secrets
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.target import SshTarget
from bot.errors import HostUnreachable


class Breaking:
    """A dialer whose connections break."""

    connection = SshConnection(SshTarget("host-1", "192.0.2.1", 22, "deploy", (), ()))
    path = "/run/docker.sock"

    def route(self) -> str:
        """Return a route."""
        return "forwarded"

    def dial(self, _timeout: float) -> None:
        """Break."""
        raise ConnectionResetError


def test_each_thread_gets_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that waited for one connection share its error: each reports its own change."""
    shared = HostUnreachable("host-1", "refused", "It refused.", next_step="Start it.")
    monkeypatch.setattr(client, "diagnose", lambda *_: shared)
    with pytest.raises(HostUnreachable) as caught:
        EngineClient(cast("Any", Breaking())).change("POST", "/swarm/leave")
    assert caught.value.true_now == "It is unknown whether `POST /swarm/leave` took effect."
    assert (caught.value.problem, caught.value.next_step) == ("refused", "Start it.")
    assert shared.true_now == ""


@pytest.mark.parametrize("secret", ["SWMTKN-1-3pu6hszj-a1b2", "SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8"])
def test_secrets_are_masked_anywhere_in_a_text(secret: str) -> None:
    """The text around them stays."""
    assert mask_secrets(f'bad "{secret}", or {secret}.') == 'bad "***", or ***'
