"""What a host does not let its SSH user do, though it lets the user in."""

from __future__ import annotations

from typing import Final

from bot.engine import unreachable
from bot.engine.target import SshTarget
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


def not_root(target: SshTarget, why: str) -> EngineError:
    """What must be done as root cannot be done; ``why`` is about the SSH user."""
    return unreachable.impossible(
        target,
        f"does not let `{target.user}` do this: {why}",
        f"Let it use sudo without a password (in sudoers on it: `{target.user} ALL=(root) NOPASSWD: ALL`), or set "
        "`user` to root in swarmbot.yml.",
    )
