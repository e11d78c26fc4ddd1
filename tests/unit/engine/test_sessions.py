"""All sessions that a host gets are in use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.engine.ssh import dial_stdio
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.remote import run
from bot.engine.ssh.sessions import MOST
from bot.engine.ssh.target import SshTarget
from bot.errors import EngineError


@pytest.mark.parametrize(
    "use",
    [
        lambda connection: run(connection, "true", timeout=0.01),
        lambda connection: dial_stdio.connect(connection, "/run/docker.sock", 0.01),
    ],
    ids=["a command", "a way to the engine"],
)
def test_swarmbot_s_own_commands_are_named(use: Callable[[SshConnection], object]) -> None:
    """The host is not to blame; and as nothing was sent, nobody is told that a change may have taken effect."""
    connection = SshConnection(SshTarget("host-1", "192.0.2.1", 22, "deploy", (), ()))
    for _ in range(MOST):
        assert connection.sessions.take(0)
    with pytest.raises(EngineError, match="runs 8 commands for Swarmbot already") as caught:
        use(connection)
    assert caught.value.true_now == "Nothing was sent to it."
