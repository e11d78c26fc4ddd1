"""The shape of swarmbot.yml. Unknown keys are refused; swarmbot.example.yml documents every key and is tested."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bot.config.subjects import SUBJECTS
from bot.duration import read_duration
from bot.spelling import listed, nearest

EVERYONE: Final = "everyone"
PLAIN: Final = "in plain words"
"""The type of the validation errors that are already worded for a person."""
LEAST_EXPIRY: Final = 1.0
LONGEST_EXPIRY: Final = 28 * 24 * 3600.0
"""Seconds: a job that waits must not outlive what Redis keeps of its kind."""


def _matching(pattern: str, wanted: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise PydanticCustomError(PLAIN, "{wanted}", {"wanted": wanted})
        return text

    return AfterValidator(check)


def _expanded(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str) else value


def _short_form(key: str) -> Callable[[object], object]:
    return lambda value: {key: value} if isinstance(value, str) else value


def _who(value: object) -> object:
    if isinstance(value, str) and value != EVERYONE:
        raise PydanticCustomError(PLAIN, "must be a list of names, or `everyone`")
    return (value,) if value == EVERYONE else value


def _approvers(value: object) -> object:
    if isinstance(value, str):
        raise PydanticCustomError(PLAIN, "must be a list of names; everyone can be no approver")
    return value


def _subject(text: str) -> str:
    if text in SUBJECTS:
        return text
    close = nearest(text, SUBJECTS)
    meant = f" Did you mean `{close}`?" if close else ""
    wrong = f"is nothing that an approval rule can be about.{meant} Subjects: {listed(f'`{s}`' for s in SUBJECTS)}"
    raise PydanticCustomError(PLAIN, "{wrong}", {"wrong": wrong})


def _seconds(value: object) -> object:
    length = read_duration(value) if isinstance(value, str) else None
    if length is None or not LEAST_EXPIRY <= length <= LONGEST_EXPIRY:
        raise PydanticCustomError(PLAIN, "must be a duration from `1s` to `4w`, like `30m`")
    return length


def _factor(value: object) -> object:
    if value not in ("totp", "none"):
        raise PydanticCustomError(PLAIN, "must be `totp` or `none`")
    return value


def _count(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PydanticCustomError(PLAIN, "must be a whole number, 0 or more, without quotes")
    return value


Name = Annotated[
    str,
    _matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "a name is 1 to 63 letters, digits, `-`, `_` and `.`, no spaces"),
]
ChannelId = Annotated[
    str, _matching(r"[CG][A-Z0-9]{2,}", "must be a channel's id (C…), which Slack shows in the channel's details")
]
UserOrGroupId = Annotated[
    str, _matching(r"[USW][A-Z0-9]{2,}", "must be the id of a Slack user (U…) or user group (S…), not a name")
]
Address = Annotated[
    str,
    _matching(
        r"[A-Za-z0-9][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%a-z]*",
        "must be an IP address or a host name; user and port are keys of their own",
    ),
]
Jump = Annotated[
    str,
    _matching(
        r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?([A-Za-z0-9][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?",
        "must be the name of a host of this file, or `[user@]address[:port]`",
    ),
]
UserName = Annotated[str, _matching(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]*", "must be the name of a user on the host")]
Socket = Annotated[str, _matching(r"/[^\s]+", "must be the full path of the engine's socket")]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
UserPath = Annotated[Path, BeforeValidator(_expanded)]
Who = Annotated[tuple[str, ...], BeforeValidator(_who)]


Subject = Annotated[str, AfterValidator(_subject)]
Approvers = Annotated[tuple[str, ...], BeforeValidator(_approvers), Field(min_length=1)]
Expiry = Annotated[float, BeforeValidator(_seconds)]
Count = Annotated[int, BeforeValidator(_count)]
Factor = Annotated[Literal["totp", "none"], BeforeValidator(_factor)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApprovalRule(_Model):
    """What is said of one subject; a key that is None is not said here, and another layer or the default holds.

    ``by`` are names from ``people`` or Slack ids, ``expires`` is in seconds.
    """

    by: Approvers | None = None
    count: Count | None = None
    expires: Expiry | None = None
    second_factor: Factor | None = None


class Ssh(_Model):
    """How hosts are reached unless they say otherwise. ``~/.ssh/config`` is honoured where a key is not set."""

    user: UserName | None = None
    port: Port | None = None
    identity_file: UserPath | None = None
    known_hosts: UserPath = Path("~/.ssh/known_hosts").expanduser()
    jump: Jump | None = None
    socket: Socket = "/var/run/docker.sock"


class Host(_Model):
    """One machine. ``jump`` is the name of another host of the file, or ``[user@]address[:port]``."""

    address: Address
    user: UserName | None = None
    port: Port | None = None
    identity_file: UserPath | None = None
    jump: Jump | None = None
    socket: Socket | None = None


class Cluster(_Model):
    """A Swarm, the channel that means it, and its machines by name."""

    channel: ChannelId
    hosts: dict[Name, Annotated[Host, BeforeValidator(_short_form("address"))]] = Field(min_length=1)
    approvals: dict[Subject, ApprovalRule] = Field(default_factory=dict)


class Rules(_Model):
    """Who may do what: names from ``people``, Slack ids, or :data:`EVERYONE` as the only or any entry."""

    view: Who = (EVERYONE,)
    operate: Who = ()
    administer: Who = ()
    approvals: dict[Subject, ApprovalRule] = Field(default_factory=dict)


class Config(_Model):
    """The whole file."""

    ssh: Ssh = Ssh()
    clusters: dict[Name, Cluster] = Field(min_length=1)
    people: dict[Name, tuple[UserOrGroupId, ...]] = Field(default_factory=dict)
    rules: Rules = Rules()
