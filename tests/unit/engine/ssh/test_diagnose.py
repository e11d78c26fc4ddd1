"""The meaning of the diagnosis script's output."""

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
def test_each_diagnosis_has_its_problem_and_next_step(printed: str, problem: HostProblem, next_step: str) -> None:
    """The next step fixes the problem."""
    error = failure_of(SshConnection(TARGET), "/var/run/docker.sock", printed.split())
    assert error is not None
    assert error.problem == problem
    assert next_step in error.next_step


def test_a_responding_engine_is_no_failure() -> None:
    """Then only the forwarding was refused."""
    assert failure_of(SshConnection(TARGET), "/var/run/docker.sock", ["usable", "yes", "yes", "yes"]) is None
