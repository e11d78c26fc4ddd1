"""What a person on call reads when a host's engine cannot be spoken to: one function a kind of trouble."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Final

import paramiko

from bot.blocks import as_said
from bot.engine.ssh.target import DEFAULT_PORT, SshTarget
from bot.engine.ssh.transport import MAX_SESSIONS
from bot.errors import EngineError, HostProblem, HostUnreachable
from bot.model.engine_versions import NEWEST_API, NEWEST_ENGINE, OLDEST_API, OLDEST_ENGINE, too_old


def place(target: SshTarget) -> str:
    """Name a host and where it was looked for: `` `host-3` (192.0.2.3 through `bastion`)``."""
    port = "" if target.port == DEFAULT_PORT else f", port {target.port}"
    jump = f" through `{target.jump.name}`" if target.jump else ""
    return f"`{target.name}` ({target.address}{port}{jump})"


def from_os_error(target: SshTarget, error: OSError) -> HostUnreachable:
    """What became of a TCP connection that was not made."""
    if isinstance(error, TimeoutError):
        return timed_out(target, "did not answer")
    if isinstance(error, ConnectionRefusedError):
        return refused(target)
    if isinstance(error, socket.gaierror):
        return no_route(target, f"the name does not resolve ({error.strerror})")
    if error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return no_route(target, "nothing answers there, or no way leads there")
    return no_route(target, error.strerror or str(error))


def from_forwarding(target: SshTarget, reason: str) -> HostUnreachable:
    """What a jump host said when it did not connect further; ``reason`` is sshd's text."""
    lowered = reason.lower()
    if "refused" in lowered:
        return refused(target)
    if "timed out" in lowered:
        return timed_out(target, "did not answer")
    if "prohibited" in lowered:
        return HostUnreachable(
            target.name,
            "refused",
            f"The jump host does not forward connections to {place(target)}.",
            next_step="Set `AllowTcpForwarding yes` in the jump host's sshd_config, or use another `jump`.",
        )
    return no_route(target, f"the jump host says: {as_said(reason)}")


def no_route(target: SshTarget, why: str) -> HostUnreachable:
    """Nothing can be sent to its address."""
    return HostUnreachable(
        target.name,
        "no route",
        f"{place(target)} cannot be reached: {why}.",
        next_step="See that the machine is on, and that its address in swarmbot.yml is right.",
    )


def timed_out(target: SshTarget, what: str) -> HostUnreachable:
    """Packets go out and nothing comes back."""
    return HostUnreachable(
        target.name,
        "timed out",
        f"{place(target)} {what} in time: it is off, hung, or a firewall drops what is sent to it.",
        next_step=f"See that the machine is on and that {target.port}/tcp is open to Swarmbot.",
    )


def refused(target: SshTarget) -> HostUnreachable:
    """The machine is there and no sshd listens."""
    return HostUnreachable(
        target.name,
        "refused",
        f"{place(target)} refused the connection: the machine is on, no SSH server listens.",
        next_step="Run `systemctl start ssh` (or `sshd`) on it, or correct `port` in swarmbot.yml.",
    )


def no_handshake(target: SshTarget, why: str) -> HostUnreachable:
    """Something listens, and it does not speak SSH with us."""
    return HostUnreachable(
        target.name,
        "refused",
        f"{place(target)} ended the connection before any log-in: {why}.",
        next_step="Look into the log of its SSH server (MaxStartups, hosts.deny, algorithms), or correct `port`.",
    )


def key_unknown(target: SshTarget, key: paramiko.PKey) -> HostUnreachable:
    """No known_hosts file lists a key of the host."""
    return HostUnreachable(
        target.name,
        "host key unknown",
        f"{place(target)} shows a host key that nobody has vouched for: {key.fingerprint} ({key.algorithm_name}).",
        true_now="No log-in was tried.",
        next_step=f"Compare it with {_on_its_console(key)}. If it is the same: `/swarm trust {target.name}`, or this "
        f"line in `{target.known_hosts[0]}`: `{target.known_as} {key.get_name()} {key.get_base64()}`",
        fingerprint=key.fingerprint,
    )


def keys_unread(target: SshTarget, path: Path, why: object) -> HostUnreachable:
    """A known_hosts file is there and cannot be used."""
    return HostUnreachable(
        target.name,
        "host key unknown",
        f"{place(target)} was not tried: the known_hosts file `{path}` cannot be read ({why}).",
        next_step="Correct that file on the machine that runs Swarmbot.",
    )


def key_changed(target: SshTarget, key: paramiko.PKey, known: paramiko.PKey) -> HostUnreachable:
    """The host shows another key than the known one: installed anew, or somebody stands in between."""
    return HostUnreachable(
        target.name,
        "host key changed",
        f"{place(target)} shows the host key {key.fingerprint} ({key.algorithm_name}), known is {known.fingerprint} "
        f"({known.algorithm_name}): it was installed anew, or another machine answers in its place.",
        true_now="No log-in was tried.",
        next_step=f"Compare it with {_on_its_console(key)}. Only if it is the same: `/swarm trust {target.name}` "
        f"replaces the line of `{target.known_as}` in `{target.known_hosts[0]}`.",
        fingerprint=key.fingerprint,
        known_fingerprint=known.fingerprint,
    )


def key_refused(target: SshTarget, tried: list[str], why: str) -> HostUnreachable:
    """The host let none of our keys in."""
    keys = ", ".join(tried) or "no key was there to try"
    return HostUnreachable(
        target.name,
        "key refused",
        f"{place(target)} does not let `{target.user}` in ({why}). Tried: {keys}.",
        next_step=f"Add the public key to `~{target.user}/.ssh/authorized_keys` on it, or correct `user` and "
        "`identity_file` in swarmbot.yml.",
    )


def lost(target: SshTarget, *, unsure: str = "") -> HostUnreachable:
    """The connection broke while in use. ``unsure``: the change that may or may not have been made."""
    return HostUnreachable(
        target.name,
        "lost",
        f"The connection to {place(target)} broke.",
        true_now=f"Whether {unsure} took effect is not known." if unsure else "",
        next_step="Try again; if it breaks again, look at the machine and its network.",
    )


def engine_trouble(target: SshTarget, problem: HostProblem, what: str, next_step: str) -> HostUnreachable:
    """SSH works, and the engine behind it cannot be used."""
    return HostUnreachable(target.name, problem, f"{place(target)}: {what}.", next_step=next_step)


def other_api(target: SshTarget, engine: str, oldest: str, newest: str) -> HostUnreachable:
    """The engine takes the versions ``oldest`` to ``newest`` of the API, and Swarmbot speaks none of them."""
    what = (
        f"its engine {engine} speaks versions {oldest} to {newest} of Docker's API, Swarmbot {OLDEST_API} to "
        f"{NEWEST_API} (Docker {OLDEST_ENGINE} to {NEWEST_ENGINE})"
    )
    if too_old(newest):
        return engine_trouble(target, "engine too old", what, f"Upgrade Docker on it to {OLDEST_ENGINE} or newer.")
    return engine_trouble(target, "engine too new", what, "Update Swarmbot.")


def impossible(target: SshTarget, what: str, next_step: str) -> EngineError:
    """SSH works, and what was asked of the machine cannot be done or did not end in time."""
    error = EngineError(target.name, 0, f"{place(target)} {what}.")
    error.next_step = next_step
    return error


def through(target: SshTarget, jump: HostUnreachable) -> HostUnreachable:
    """The trouble of a jump host, told of the host behind it; whose key is trusted by the way that it is on."""
    keys = jump.problem in {"host key unknown", "host key changed"}
    return HostUnreachable(
        target.name,
        jump.problem,
        f"`{target.name}` is reached through `{jump.host}`. {jump.happened}",
        true_now=jump.true_now,
        next_step=f"`/swarm trust {target.name}` shows that key whole." if keys else jump.next_step,
        fingerprint=jump.fingerprint,
        known_fingerprint=jump.known_fingerprint,
    )


def _on_its_console(key: paramiko.PKey) -> str:
    kind = key.get_name().removeprefix("ssh-").split("-")[0]
    return f"`ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub` on the machine's own console"


SHOWN: Final = 200
"""Characters of a shell's words that are told on."""


def no_shell(target: SshTarget, said: str) -> EngineError:
    """SSH works, and the user's login shell ran nothing; ``said`` are its last words."""
    words = f" (it said: {said[:SHOWN].rstrip('.')})" if said else ""
    return impossible(
        target,
        f"runs no commands for `{target.user}`: the login shell ended at once{words}",
        f"Give `{target.user}` a POSIX shell: `usermod -s /bin/sh {target.user}` on it.",
    )


def busy(target: SshTarget, seconds: float) -> EngineError:
    """All sessions that Swarmbot may have there were in use for ``seconds``: nothing was sent."""
    error = impossible(
        target,
        f"runs {MAX_SESSIONS} commands for Swarmbot already, and none ended within {seconds:g} s",
        "Try again when they have ended: `/swarm jobs`.",
    )
    error.true_now = "Nothing was sent to it."
    return error


def not_root(target: SshTarget, why: str) -> EngineError:
    """What must be done as root cannot be done; ``why`` is about the SSH user."""
    return impossible(
        target,
        f"does not let `{target.user}` do this: {why}",
        f"Let it use sudo without a password (in sudoers on it: `{target.user} ALL=(root) NOPASSWD: ALL`), or set "
        "`user` to root in swarmbot.yml.",
    )
