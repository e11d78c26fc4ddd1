"""The messages for hosts and engines that are unreachable or cannot do what was asked: one function for each kind."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Final

import paramiko

from bot.blocks import plain_line
from bot.config.models import SSH_PORT
from bot.engine.ssh.target import SshTarget
from bot.engine.ssh.transport import MAX_SESSIONS
from bot.errors import EngineError, HostProblem, HostUnreachable
from bot.model.engine_versions import NEWEST_API, NEWEST_ENGINE, OLDEST_API, OLDEST_ENGINE, too_old
from bot.model.host import NEW_HOST_KEY

MAX_SHELL_OUTPUT_CHARACTERS: Final = 200
"""How much of a login shell's output a message quotes."""


def host_and_address(target: SshTarget) -> str:
    """Return a host with its address: `` `host-3` (192.0.2.3 through `bastion`)``."""
    port = "" if target.port == SSH_PORT else f", port {target.port}"
    jump = f" through `{target.jump.name}`" if target.jump else ""
    return f"`{target.name}` ({target.address}{port}{jump})"


def tcp_failure(target: SshTarget, error: OSError) -> HostUnreachable:
    """Return the failure of a TCP connection that could not be opened."""
    if isinstance(error, TimeoutError):
        return timed_out(target, "did not respond")
    if isinstance(error, ConnectionRefusedError):
        return connection_refused(target)
    if isinstance(error, socket.gaierror):
        return no_route(target, f"its name does not resolve ({error.strerror})")
    if error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return no_route(target, "the machine is off, or there is no route to it")
    return no_route(target, error.strerror or str(error))


def jump_failure(target: SshTarget, reason: str) -> HostUnreachable:
    """Return the failure of a jump host to connect to ``target``; ``reason`` is sshd's text."""
    lowered = reason.lower()
    if "refused" in lowered:
        return connection_refused(target)
    if "timed out" in lowered:
        return timed_out(target, "did not respond")
    if "prohibited" in lowered:
        return HostUnreachable(
            target.name,
            "refused",
            f"The jump host does not forward connections to {host_and_address(target)}.",
            next_step="Set `AllowTcpForwarding yes` in the jump host's sshd_config, or use another `jump`.",
        )
    return no_route(target, f"the jump host reports: {plain_line(reason)}")


def no_route(target: SshTarget, why: str) -> HostUnreachable:
    """No packet reaches the host's address."""
    return HostUnreachable(
        target.name,
        "no route",
        f"{host_and_address(target)} is unreachable: {why}.",
        next_step="Check that the machine is on and that its address in swarmbot.yml is correct.",
    )


def unsupported_ssh_config(target: SshTarget) -> HostUnreachable:
    """~/.ssh/config has a setting that is not supported. Without it another machine could be reached."""
    return HostUnreachable(
        target.name,
        "ssh_config",
        f"No connection to {host_and_address(target)} was tried because of ~/.ssh/config: {target.unsupported}.",
        next_step="Correct ~/.ssh/config on the machine that runs Swarmbot, or set `jump` in swarmbot.yml.",
    )


def timed_out(target: SshTarget, what: str) -> HostUnreachable:
    """Packets go out and none comes back."""
    return HostUnreachable(
        target.name,
        "timed out",
        f"{host_and_address(target)} {what} in time: it is off, hung, or a firewall drops packets to it.",
        next_step=f"Check that the machine is on and that {target.port}/tcp is open to Swarmbot.",
    )


def connection_refused(target: SshTarget) -> HostUnreachable:
    """The machine is on and no SSH server listens."""
    return HostUnreachable(
        target.name,
        "refused",
        f"{host_and_address(target)} refused the connection: the machine is on, but no SSH server listens.",
        next_step="Run `systemctl start ssh` (or `sshd`) on it, or correct `port` in swarmbot.yml.",
    )


def handshake_failure(target: SshTarget, why: str) -> HostUnreachable:
    """A server listens, and the SSH handshake with it failed."""
    return HostUnreachable(
        target.name,
        "refused",
        f"{host_and_address(target)} closed the connection before the login: {why}.",
        next_step="Check the log of its SSH server (MaxStartups, hosts.deny, algorithms), or correct `port`.",
    )


def host_key_unknown(target: SshTarget, key: paramiko.PKey) -> HostUnreachable:
    """No known_hosts file lists a key of the host."""
    return HostUnreachable(
        target.name,
        "host key unknown",
        f"{host_and_address(target)} has an unknown host key: {key.fingerprint} ({key.algorithm_name}).",
        true_now="No login was tried.",
        next_step=f"Compare it with {_on_its_console(key)}. If it is the same: `/swarm trust {target.name}`, or add "
        f"this line to `{target.known_hosts[0]}`: `{target.known_as} {key.get_name()} {key.get_base64()}`",
        fingerprint=key.fingerprint,
    )


def known_hosts_unreadable(target: SshTarget, path: Path, why: object) -> HostUnreachable:
    """A known_hosts file exists and cannot be read."""
    return HostUnreachable(
        target.name,
        "host key unknown",
        f"No connection to {host_and_address(target)} was tried: the known_hosts file `{path}` cannot be read ({why}).",
        next_step="Correct that file on the machine that runs Swarmbot.",
    )


def host_key_changed(target: SshTarget, key: paramiko.PKey, known: paramiko.PKey) -> HostUnreachable:
    """The host shows another key than the known one: it was reinstalled, or another machine answers."""
    return HostUnreachable(
        target.name,
        "host key changed",
        f"The host key of {host_and_address(target)} has changed: it shows {key.fingerprint} ({key.algorithm_name}), "
        f"known is {known.fingerprint} ({known.algorithm_name}). It was reinstalled, or another machine answers in its "
        "place.",
        true_now="No login was tried.",
        next_step=f"Compare it with {_on_its_console(key)}. Only if it is the same: `/swarm trust {target.name}` "
        f"replaces the line of `{target.known_as}` in `{target.known_hosts[0]}`.",
        fingerprint=key.fingerprint,
        known_fingerprint=known.fingerprint,
    )


def host_key_revoked(target: SshTarget, key: paramiko.PKey) -> HostUnreachable:
    """The host shows a key that known_hosts marks as revoked: it is never trusted."""
    return HostUnreachable(
        target.name,
        "host key revoked",
        f"{host_and_address(target)} shows the host key {key.fingerprint} ({key.algorithm_name}), which known_hosts "
        "marks as revoked.",
        true_now="No login was tried.",
        next_step=f"{NEW_HOST_KEY} Its new key is then shown, to be compared.",
        fingerprint=key.fingerprint,
    )


def login_refused(target: SshTarget, tried: list[str], why: str) -> HostUnreachable:
    """The host accepted none of the worker's keys."""
    keys = ", ".join(tried) or "no key was found"
    return HostUnreachable(
        target.name,
        "key refused",
        f"{host_and_address(target)} refused the login of `{target.user}` ({why}). Tried: {keys}.",
        next_step=f"Add the public key to `~{target.user}/.ssh/authorized_keys` on it, or correct `user` and "
        "`identity_file` in swarmbot.yml.",
    )


def connection_lost(target: SshTarget, *, unsure: str = "") -> HostUnreachable:
    """The connection broke while in use. ``unsure`` is the change that may or may not have been made."""
    return HostUnreachable(
        target.name,
        "lost",
        f"The connection to {host_and_address(target)} broke.",
        true_now=f"It is unknown whether {unsure} took effect." if unsure else "",
        next_step="Try again; if it breaks again, check the machine and its network.",
    )


def engine_unreachable(target: SshTarget, problem: HostProblem, what: str, next_step: str) -> HostUnreachable:
    """SSH works, and the engine cannot be used."""
    return HostUnreachable(target.name, problem, f"{host_and_address(target)}: {what}.", next_step=next_step)


def no_common_api(target: SshTarget, engine: str, oldest: str, newest: str) -> HostUnreachable:
    """The engine supports the API versions ``oldest`` to ``newest``, and Swarmbot supports none of them."""
    what = (
        f"its engine {engine} supports Docker's API {oldest} to {newest}, Swarmbot supports {OLDEST_API} to "
        f"{NEWEST_API} (Docker {OLDEST_ENGINE} to {NEWEST_ENGINE})"
    )
    if too_old(newest):
        return engine_unreachable(target, "engine too old", what, f"Upgrade Docker on it to {OLDEST_ENGINE} or newer.")
    return engine_unreachable(target, "engine too new", what, "Update Swarmbot.")


def behind_jump(target: SshTarget, jump: HostUnreachable) -> HostUnreachable:
    """Return the failure of a jump host as the failure of the host behind it."""
    keys = jump.problem in {"host key unknown", "host key changed"}
    return HostUnreachable(
        target.name,
        jump.problem,
        f"`{target.name}` is reached through `{jump.host}`. {jump.happened}",
        true_now=jump.true_now,
        # `/swarm trust` takes a host of swarmbot.yml, which a jump host may not be: it shows the keys on the route.
        next_step=f"`/swarm trust {target.name}` shows that key in full." if keys else jump.next_step,
        fingerprint=jump.fingerprint,
        known_fingerprint=jump.known_fingerprint,
    )


def host_error(target: SshTarget, what: str, next_step: str) -> EngineError:
    """SSH works, and the host cannot do what was asked, or did not finish in time."""
    error = EngineError(target.name, 0, f"{host_and_address(target)} {what}.")
    error.next_step = next_step
    return error


def shell_failure(target: SshTarget, last_line: str) -> EngineError:
    """The user's login shell ran nothing; ``last_line`` is the last line that it printed."""
    words = f" (it printed: {last_line[:MAX_SHELL_OUTPUT_CHARACTERS].rstrip('.')})" if last_line else ""
    return host_error(
        target,
        f"runs no commands for `{target.user}`: the login shell exited at once{words}",
        f"Give `{target.user}` a POSIX shell: `usermod -s /bin/sh {target.user}` on it.",
    )


class SessionsBusyError(EngineError):
    """No session was free: nothing was sent to the host."""


def sessions_busy(target: SshTarget, seconds: float) -> SessionsBusyError:
    """All sessions that Swarmbot may open there were in use for ``seconds``."""
    what = f"already runs {MAX_SESSIONS} commands for Swarmbot, and none finished within {seconds:g} s"
    return _no_session(target, what, "Try again when they have finished: `/swarm jobs`.")


def sessions_refused(target: SshTarget, seconds: float) -> SessionsBusyError:
    """The server refused a further session beside those in use, for ``seconds``."""
    what = f"refused another SSH session for {seconds:g} s: its MaxSessions is too low for the commands that run there"
    return _no_session(target, what, "Set `MaxSessions 10` in its sshd_config and reload its SSH server.")


def _no_session(target: SshTarget, what: str, next_step: str) -> SessionsBusyError:
    error = SessionsBusyError(target.name, 0, f"{host_and_address(target)} {what}.")
    error.true_now = "Nothing was sent to it."
    error.next_step = next_step
    return error


def root_denied(target: SshTarget, why: str) -> EngineError:
    """This needs root, and the SSH user cannot become root; ``why`` says what it lacks."""
    return host_error(
        target,
        f"does not let `{target.user}` do this: {why}",
        f"Allow it sudo without a password (in sudoers on it: `{target.user} ALL=(root) NOPASSWD: ALL`), or set "
        "`user` to root in swarmbot.yml.",
    )


def _on_its_console(key: paramiko.PKey) -> str:
    kind = key.get_name().removeprefix("ssh-").split("-")[0]
    return f"`ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub` on the machine's own console"
