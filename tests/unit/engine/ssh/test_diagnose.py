"""What the diagnosis of a host means."""

from __future__ import annotations

import pytest

from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.diagnose import failure_of
from bot.engine.ssh.target import SshTarget
from bot.errors import HostProblem

TARGET = SshTarget("h", "192.0.2.1", 22, "deploy", (), ())


@pytest.mark.parametrize(
    ("printed", "problem", "next_step"),
    [
        ("missing no no unknown", "no docker", "Install Docker"),
        ("missing yes no unknown", "docker stopped", "systemctl start docker"),
        ("missing yes yes unknown", "no docker", "`socket`"),
        ("denied yes yes unknown", "socket denied", "usermod -aG docker deploy"),
        ("usable yes no no", "docker stopped", "systemctl start docker"),
        ("usable yes yes no", "docker stopped", "journalctl -u docker"),
        ("usable no yes unknown", "socket denied", "AllowStreamLocalForwarding"),
        ("", "docker stopped", "systemctl start docker"),
    ],
)
def test_what_a_look_at_the_host_means(printed: str, problem: HostProblem, next_step: str) -> None:
    """Each finding is the kind that it is, with the step that mends it."""
    error = failure_of(SshConnection(TARGET), "/var/run/docker.sock", printed.split())
    assert error is not None
    assert error.problem == problem
    assert next_step in error.next_step


def test_an_engine_that_is_served_is_no_trouble() -> None:
    """Then forwarding alone was forbidden."""
    assert failure_of(SshConnection(TARGET), "/var/run/docker.sock", ["usable", "yes", "yes", "yes"]) is None
