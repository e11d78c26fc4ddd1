"""One family of errors: what happened, what is true now, what to do next.

Whatever reaches a person is one of these. Anything else that is raised is a defect; the outermost handler turns
it into :class:`Defect`, logs the trace and still tells the person what state things are in.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Severity = Literal["refused", "failed"]


class SwarmbotError(Exception):
    """Base of all that is told to a person.

    ``happened`` is one or two sentences; ``true_now`` says what state things are in; ``next_step`` says what to do.
    All three are Slack mrkdwn: the words of other programs stand escaped in them. None of them may hold a secret.
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
    """Redis did not answer in time, or takes no writes: this says nothing of what was asked for, and ends no job."""


class Conclusion(SwarmbotError):
    """What was asked for comes to this end."""


class NotUnderstood(Conclusion):
    """The words make no command: the person gets the nearest one and its usage."""

    severity = "refused"


class Refused(Conclusion):
    """Understood and not done: no permission, no approval, or it would harm the cluster."""

    severity = "refused"


class NotAllowed(Refused):
    """The requester does not have the permission. The text is a whole sentence."""


class Failed(Conclusion):
    """Tried, and the wanted state was not seen."""


class Misconfigured(Conclusion):
    """A setting, swarmbot.yml or the Slack app is wrong: found at start and by ``doctor``."""


HostProblem = Literal[
    "no route",
    "timed out",
    "refused",
    "host key unknown",
    "host key changed",
    "key refused",
    "no docker",
    "docker stopped",
    "socket denied",
    "engine too old",
    "engine too new",
    "lost",
]


class HostUnreachable(Failed):
    """A host's engine cannot be spoken to; ``problem`` tells the kinds apart.

    ``no route``, ``timed out`` (dead address, or a firewall that drops), ``refused`` (no sshd), ``host key unknown``
    and ``host key changed`` (``fingerprint`` and ``known_fingerprint`` as ``ssh-keygen -l`` prints them),
    ``key refused`` (our key is not accepted), ``no docker`` (no such socket), ``docker stopped`` (a socket that
    nobody serves), ``socket denied`` (the SSH user may not open it), ``engine too old`` and ``engine too new`` (it
    speaks no version of Docker's API that Swarmbot speaks), ``lost`` (the connection broke while in use).
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
    """An engine answered a call with an error, or not in time.

    ``status`` is the HTTP status, or 0 when no answer came in time. It is never the last word on what is true:
    read facts after it.
    """

    def __init__(self, host: str, status: int, message: str) -> None:
        super().__init__(message)
        self.host = host
        self.status = status


class Defect(Failed):
    """Something was raised that nobody foresaw; the trace is in the log under ``reference``."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            "Swarmbot met an error of its own.",
            next_step=f"Tell whoever runs Swarmbot; the log has it under `{reference}`.",
        )
        self.reference = reference
