"""One SSH connection per host: opened at first use, shared by all threads, reopened after a loss."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

import paramiko

from bot.blocks import plain_line
from bot.engine.ssh import failures, known_hosts
from bot.engine.ssh.helper import SharedHelper
from bot.engine.ssh.login import Login
from bot.engine.ssh.target import SshTarget
from bot.engine.ssh.tcp import CONNECT_TIMEOUT_S, PromptSocket, connect
from bot.engine.ssh.transport import (
    ChannelLostError,
    ChannelRefusedError,
    ChannelTimeoutError,
    HostTransport,
    SessionSlots,
)
from bot.errors import HostUnreachable

HANDSHAKE_TIMEOUT_S: Final = 8.0
"""The time-out of each of banner, key exchange and login: sshd is slow on a loaded machine."""
KEEPALIVE_INTERVAL_S: Final = 5
RECENT_FAILURE_S: Final = 15.0
"""How long a host counts as unreachable for work that does not depend on it, after nobody responded at its address."""
SESSION_RETRY_S: Final = 0.05
"""How long to wait before a session is requested again that the server has refused."""
SILENT: Final = frozenset({"no route", "timed out"})
# Failures are raised as HostUnreachable; paramiko would log a traceback for each of them too.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class SshConnection:
    """The connection to ``target``, through ``jump`` when it has one. Thread-safe."""

    def __init__(self, target: SshTarget, jump: SshConnection | None = None) -> None:
        self.target = target
        self.session_slots = SessionSlots()
        self.jump = jump
        self.sessions_short = False
        """Whether the server has refused a session beside others: its MaxSessions is below ours."""
        self.helper = SharedHelper()
        self.close_idle: list[Callable[[], None]] = [self.helper.close_idle]
        """Closes sessions that are kept only for reuse; called when a session is refused."""
        self._lock = threading.Lock()
        self._attempt: Future[HostTransport] | None = None
        self._silence: tuple[float, HostUnreachable] | None = None

    def open(self, kind: str, payload: bytes = b"") -> paramiko.Channel:
        """Open a channel; if the connection turns out to be dead, reconnect first.

        Raises HostUnreachable; ChannelRefusedError if the server responds and refuses the channel.
        """
        transport = self.transport()
        with contextlib.suppress(ChannelTimeoutError, ChannelLostError):
            return transport.open(kind, payload)
        self._drop(transport)
        transport = self.transport()
        try:
            return transport.open(kind, payload)
        except (ChannelTimeoutError, ChannelLostError):
            self._drop(transport)
            raise failures.connection_lost(self.target) from None

    def open_session(self, timeout: float) -> paramiko.Channel:
        """Open a session channel in a slot that the caller holds; wait for one that ends if the server refuses more.

        Raises as :meth:`open` does; ChannelRefusedError only if no other session is the reason;
        SessionsBusyError if none ended within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                return self.open("session")
            except ChannelRefusedError:
                # sshd counts a session until its process has ended, which is after our end of it.
                if self.session_slots.in_use <= 1 and not self.transport().had_session:
                    raise
            self.sessions_short = True
            for close in self.close_idle:
                close()
            if time.monotonic() > deadline:
                raise failures.sessions_refused(self.target, timeout)
            time.sleep(SESSION_RETRY_S)

    def transport(self) -> HostTransport:
        """Return the transport; connect if there is none. Threads that call this meanwhile share the one attempt."""
        with self._lock:
            attempt = self._attempt
            mine = attempt is None or (attempt.done() and not _alive(attempt))
            if mine:
                attempt = self._attempt = Future()
        assert attempt is not None  # noqa: S101 - for mypy: it cannot be None after the lines above
        if mine:
            try:
                attempt.set_result(self._connect())
                self._silence = None
            except BaseException as error:  # noqa: BLE001 - the waiting threads must get it
                self._silence = _silence(error)
                attempt.set_exception(error)
        return attempt.result()

    def recent_silence(self) -> HostUnreachable | None:
        """Return how the last attempt to connect failed if that was moments ago and nobody responded, otherwise None.

        Then another attempt begins in the background, so that the host is found soon after it is back.
        """
        silence = self._silence
        if silence is None or time.monotonic() - silence[0] > RECENT_FAILURE_S:
            return None
        with self._lock:
            attempting = self._attempt is not None and not self._attempt.done()
        if not attempting:
            threading.Thread(target=self._try, name="reconnect", daemon=True).start()
        return silence[1]

    def _try(self) -> None:
        with contextlib.suppress(HostUnreachable):
            self.transport()

    def still_responds(self) -> bool:
        """Return whether the connection works; drop a dead one, so that the next use reconnects."""
        try:
            transport = self.transport()
        except HostUnreachable:
            return False
        if transport.responds():
            return True
        self._drop(transport)
        return False

    def host_key(self) -> paramiko.PKey:
        """Return the key that the host shows now, over a separate connection, without login. Raises HostUnreachable."""
        transport = self._greet(known_hosts.known_keys(self.target))
        try:
            return transport.get_remote_server_key()
        finally:
            transport.close()

    def close(self) -> None:
        """Close the connection; the next use would reconnect."""
        with self._lock:
            attempt, self._attempt = self._attempt, None
        if attempt is not None and attempt.done() and attempt.exception() is None:
            attempt.result().close()

    def _drop(self, transport: HostTransport) -> None:
        with self._lock:
            if self._attempt is not None and self._attempt.done() and _alive(self._attempt, transport):
                self._attempt = None
        transport.close()

    def _connect(self) -> HostTransport:
        with contextlib.closing(Login(self.target)) as login:
            while (transport := self._log_in(login)) is None:
                pass
        transport.set_keepalive(KEEPALIVE_INTERVAL_S)
        if isinstance(transport.sock, PromptSocket):
            transport.sock.end_probing()
        return transport

    def _log_in(self, login: Login) -> HostTransport | None:
        """Return a transport that is logged in; None if ``login`` needs another connection."""
        target = self.target
        known = known_hosts.known_keys(target)
        transport = self._greet(known)
        try:
            known_hosts.check_host_key(target, transport.get_remote_server_key(), known)
            try:
                if login.attempt(transport):
                    return transport
            except (paramiko.SSHException, OSError, EOFError):
                raise failures.connection_lost(target) from None
        except BaseException:
            transport.close()
            raise
        transport.close()
        return None

    def _greet(self, known: known_hosts.KnownKeys) -> HostTransport:
        """Return a transport after the handshake: the server has shown its key, and nobody is logged in."""
        if self.target.unsupported:
            raise failures.unsupported_ssh_config(self.target)
        transport = HostTransport(self._tunnel(self.jump) if self.jump else connect(self.target))
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = HANDSHAKE_TIMEOUT_S
        try:
            known_hosts.prefer_known_types(transport, known)
            _shake_hands(transport, self.target)
        except BaseException:
            transport.close()
            raise
        return transport

    def _tunnel(self, jump: SshConnection) -> paramiko.Channel:
        message = paramiko.Message()
        message.add_string(self.target.address)
        message.add_int(self.target.port)
        message.add_string("127.0.0.1")
        message.add_int(0)
        for _attempt in range(2):
            try:
                return jump.transport().open("direct-tcpip", message.asbytes(), timeout=CONNECT_TIMEOUT_S)
            except HostUnreachable as error:
                raise failures.behind_jump(self.target, error) from None
            except ChannelRefusedError as error:
                raise failures.jump_failure(self.target, error.reason) from None
            except ChannelLostError:
                continue
            except ChannelTimeoutError:
                # The jump host is still trying to reach the target, unless it is itself dead.
                if jump.still_responds():
                    break
        raise failures.timed_out(self.target, "did not respond")


def _silence(error: BaseException) -> tuple[float, HostUnreachable] | None:
    if isinstance(error, HostUnreachable) and error.problem in SILENT:
        return time.monotonic(), error
    return None


def _alive(attempt: Future[HostTransport], transport: HostTransport | None = None) -> bool:
    if attempt.exception() is not None:
        return False
    return attempt.result().is_active() if transport is None else attempt.result() is transport


def _shake_hands(transport: HostTransport, target: SshTarget) -> None:
    try:
        transport.start_client(timeout=2 * HANDSHAKE_TIMEOUT_S)
    except (paramiko.SSHException, OSError, EOFError) as error:
        if isinstance(transport.sock, PromptSocket) and transport.sock.silent:
            raise failures.timed_out(target, "accepted the connection, fell silent, and did not respond") from None
        if isinstance(error.__context__, TimeoutError):
            raise failures.timed_out(target, "accepted the connection and sent no SSH banner") from None
        raise failures.handshake_failure(target, plain_line(str(error)) or "no reason was given") from None
    if not transport.initial_kex_done:
        raise failures.timed_out(target, "started the SSH handshake and did not finish it")
