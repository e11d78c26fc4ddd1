"""Errors that people read: what happened, the state now, the next step.

Every error that reaches a person is one of these. Any other exception is a bug: the outermost handler logs its
traceback and turns it into :class:`Defect`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Severity = Literal["refused", "failed"]


class SwarmbotError(Exception):
    """The base of all errors that people read.

    ``happened`` is one or two sentences; ``true_now`` is the state after the error; ``next_step`` is what to do. All
    three are Slack mrkdwn, so the output of other programs is escaped in them. None may contain a secret.
    """

    severity: ClassVar[Severity] = "failed"

    def __init__(self, happened: str, *, true_now: str = "", next_step: str = "") -> None:
        super().__init__(happened)
        self.happened = happened
        self.true_now = true_now
        self.next_step = next_step

    def __str__(self) -> str:
        return " ".join(part for part in (self.happened, self.true_now, self.next_step) if part)


class Unavailable(SwarmbotError):
    """Redis did not respond in time, or refuses writes. This says nothing about the request and ends no job."""


class Conclusion(SwarmbotError):
    """The request ends with this error."""


class NotUnderstood(Conclusion):
    """The text is not a valid command: the person gets the nearest one and its usage."""

    severity = "refused"


class Refused(Conclusion):
    """The command is valid and is not run: no permission, no approval, or it would harm the cluster."""

    severity = "refused"


class NotAllowed(Refused):
    """The requester does not have the permission. The text is a whole sentence."""


class Failed(Conclusion):
    """It was tried, and the wanted state was not seen."""


class NoLeader(Failed):
    """No manager with a quorum could be read: an election of a leader may run, which takes seconds."""


class Misconfigured(Conclusion):
    """A setting, swarmbot.yml or the Slack app is wrong: found at the start of a process and by ``doctor``."""


HostProblem = Literal[
    "ssh_config",  # ~/.ssh/config asks for what is not supported
    "no route",
    "timed out",  # the address is dead, or a firewall drops packets
    "refused",  # no SSH server listens, or it refuses the handshake or the forwarding
    "host key unknown",
    "host key changed",
    "host key revoked",  # known_hosts marks it as @revoked
    "key refused",  # the host accepts none of our keys
    "no docker",  # no socket at the path
    "docker stopped",  # no engine serves the socket
    "socket denied",  # the SSH user may not open the socket
    "engine too old",  # no API version that both support
    "engine too new",  # the same
    "lost",  # the connection broke while in use
]


class HostUnreachable(Failed):
    """The engine of a host is unreachable; ``problem`` is the kind.

    For a host key problem, ``fingerprint`` (and ``known_fingerprint``) are as ``ssh-keygen -l`` prints them.
    """

    def __init__(
        self,
        host: str,
        problem: HostProblem,
        happened: str,
        *,
        true_now: str = "",
        next_step: str = "",
        fingerprint: str = "",
        known_fingerprint: str = "",
    ) -> None:
        super().__init__(happened, true_now=true_now, next_step=next_step)
        self.host = host
        self.problem: HostProblem = problem
        self.fingerprint = fingerprint
        self.known_fingerprint = known_fingerprint


class EngineError(Failed):
    """An engine responded to a call with an error, or not in time.

    ``status`` is the HTTP status, or 0 if there was no response. The error does not prove what state the engine is in:
    read facts after it.
    """

    def __init__(self, host: str, status: int, message: str) -> None:
        super().__init__(message)
        self.host = host
        self.status = status


class Defect(Failed):
    """An unexpected exception, which is a bug; the log has its traceback under ``reference``."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            "Swarmbot had an internal error.",
            next_step=f"Report it to the people who run Swarmbot; their log has it under `{reference}`.",
        )
        self.reference = reference
