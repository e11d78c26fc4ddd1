"""swarmbot.yml: clusters, hosts, people and rules. Unknown keys are refused; the example file is a test of this."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"

Name = Annotated[str, Field(pattern=NAME)]
ChannelId = Annotated[str, Field(pattern=r"^[CGD][A-Z0-9]{2,}$")]
UserOrGroupId = Annotated[str, Field(pattern=r"^[USW][A-Z0-9]{2,}$")]
Everyone = Literal["everyone"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _home(path: object) -> object:
    return Path(path).expanduser() if isinstance(path, str) else path


UserPath = Annotated[Path, BeforeValidator(_home)]


class Ssh(_Model):
    """How hosts are reached unless they say otherwise. ``~/.ssh/config`` is honoured where a key is not set."""

    user: str | None = None
    port: Annotated[int, Field(gt=0, le=65535)] | None = None
    identity_file: UserPath | None = None
    known_hosts: UserPath = Path("~/.ssh/known_hosts").expanduser()
    jump: str | None = None
    socket: str = "/var/run/docker.sock"


class Host(_Model):
    """One machine. ``jump`` is the name of another host of the file, or ``[user@]address[:port]``."""

    address: str
    user: str | None = None
    port: Annotated[int, Field(gt=0, le=65535)] | None = None
    identity_file: UserPath | None = None
    jump: str | None = None
    socket: str | None = None


def _host(value: object) -> object:
    return {"address": value} if isinstance(value, str) else value


class Cluster(_Model):
    """A Swarm, the channel that means it, and its machines by name."""

    channel: ChannelId
    hosts: dict[Name, Annotated[Host, BeforeValidator(_host)]] = Field(min_length=1)


class Rules(_Model):
    """Who may do what: lists of names from ``people``, Slack ids, or ``everyone``."""

    view: Everyone | list[str] = "everyone"
    operate: Everyone | list[str] = Field(default_factory=list)
    administer: list[str] = Field(default_factory=list)


class Config(_Model):
    """The whole file."""

    ssh: Ssh = Ssh()
    clusters: dict[Name, Cluster] = Field(min_length=1)
    people: dict[Name, list[UserOrGroupId]] = Field(default_factory=dict)
    rules: Rules = Rules()
