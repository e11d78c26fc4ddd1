"""All session slots of a host are in use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import run_bytes
from bot.engine.ssh.socket_dialer import dial_command
from bot.engine.ssh.target import SshTarget
from bot.engine.ssh.transport import MAX_SESSIONS
from bot.errors import EngineError


@pytest.mark.parametrize(
    "use",
    [
        lambda connection: run_bytes(connection, "true", timeout=0.01),
        lambda connection: dial_command(connection, "/run/docker.sock", 0.01),
    ],
    ids=["a command", "a connection to the engine"],
)
def test_the_error_names_swarmbots_own_commands(use: Callable[[SshConnection], object]) -> None:
    """Nothing was sent, so no change is reported as possibly made."""
    connection = SshConnection(SshTarget("host-1", "192.0.2.1", 22, "deploy", (), ()))
    for _ in range(MAX_SESSIONS):
        assert connection.session_slots.acquire(0)
    with pytest.raises(EngineError, match="already runs 8 commands for Swarmbot") as caught:
        use(connection)
    assert caught.value.true_now == "Nothing was sent to it."
