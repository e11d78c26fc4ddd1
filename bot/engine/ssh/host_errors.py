"""What cannot be done on a host, though it lets its SSH user in."""

from __future__ import annotations

from typing import Final

from bot.engine.ssh import unreachable
from bot.engine.ssh.sessions import MOST
from bot.engine.ssh.target import SshTarget
from bot.errors import EngineError

SHOWN: Final = 200
"""Characters of a shell's words that are told on."""


def no_shell(target: SshTarget, said: str) -> EngineError:
    """SSH works, and the user's login shell ran nothing; ``said`` are its last words."""
    words = f" (it said: {said[:SHOWN].rstrip('.')})" if said else ""
    return unreachable.impossible(
        target,
        f"runs no commands for `{target.user}`: the login shell ended at once{words}",
        f"Give `{target.user}` a POSIX shell: `usermod -s /bin/sh {target.user}` on it.",
    )


def busy(target: SshTarget, seconds: float) -> EngineError:
    """All sessions that Swarmbot may have there were in use for ``seconds``: nothing was sent."""
    error = unreachable.impossible(
        target,
        f"runs {MOST} commands for Swarmbot already, and none ended within {seconds:g} s",
        "Try again when they have ended: `/swarm jobs`.",
    )
    error.true_now = "Nothing was sent to it."
    return error


def not_root(target: SshTarget, why: str) -> EngineError:
    """What must be done as root cannot be done; ``why`` is about the SSH user."""
    return unreachable.impossible(
        target,
        f"does not let `{target.user}` do this: {why}",
        f"Let it use sudo without a password (in sudoers on it: `{target.user} ALL=(root) NOPASSWD: ALL`), or set "
        "`user` to root in swarmbot.yml.",
    )
