"""The models of swarmbot.yml. Unknown keys are refused; swarmbot.example.yml documents every key, which is tested."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from bot.config.approvals import ApprovalRule, Subject
from bot.config.base import Model, between, matching, wrong
from bot.config.freezes import FreezeWindow, TimeOfDay, Zone
from bot.config.stacks import Stack, StackName
from bot.secrets.secret import Secret
from bot.text.durations import read_duration

EVERYONE: Final = "everyone"
SSH_PORT: Final = 22
"""The port of SSH unless a key says otherwise."""
NO_JUMP: Final = "none"
"""The value of ``jump`` that connects directly and ignores ``ssh`` and ``~/.ssh/config``, as in OpenSSH."""
DAY_S: Final = 24 * 3600.0
MIN_CHECK_INTERVAL_S: Final = 60.0
MAX_CHECK_INTERVAL_S: Final = 7 * DAY_S

Permission = Literal["view", "operate", "administer"]
PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)
"""The keys of ``rules`` that give permissions, from the lowest to the highest."""


def _expanded(value: object) -> object:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise wrong("must be a path")
    return Path(value).expanduser()


def _short_form(key: str) -> Callable[[object], object]:
    return lambda value: {key: value} if isinstance(value, str) else value


def _days(value: object) -> object:
    length = read_duration(value) if isinstance(value, str) else None
    if length is None or length < DAY_S:
        raise wrong("must be a duration of a day or more, like `365d`")
    return length


def _up_to_a_day(value: object) -> object:
    length = read_duration(value) if isinstance(value, str) else None
    if length is None or not 1 <= length <= DAY_S:
        raise wrong("must be a duration from `1s` to `1d`, like `15m`")
    return length


def _check_interval(value: object) -> object:
    length = read_duration(value) if isinstance(value, str) else None
    if length is None or not MIN_CHECK_INTERVAL_S <= length <= MAX_CHECK_INTERVAL_S:
        raise wrong("must be a duration from `1m` to `7d`, like `6h`")
    return length


def _template(value: object) -> Secret:
    if not isinstance(value, str) or not value.strip():
        raise wrong("must be text; `${NAME}` in it is the environment variable NAME of watch")
    return Secret(value.strip())


def _who(value: object) -> object:
    if isinstance(value, str) and value != EVERYONE:
        raise wrong("must be a list of names, or `everyone`")
    return (value,) if value == EVERYONE else value


Name = Annotated[
    str,
    matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "must be 1 to 63 letters, digits, `-`, `_` and `.`, without spaces"),
]
ChannelId = Annotated[
    str, matching(r"[CG][A-Z0-9]{2,}", "must be a channel id (C…), which Slack shows in the channel's details")
]
UserOrGroupId = Annotated[
    str, matching(r"[USW][A-Z0-9]{2,}", "must be the id of a Slack user (U…) or user group (S…), not a name")
]
Address = Annotated[
    str,
    matching(
        r"[A-Za-z0-9][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%a-z]*",
        "must be an IP address or a host name; user and port have their own keys",
    ),
]
Jump = Annotated[
    str,
    matching(
        r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?([A-Za-z0-9][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?",
        "must be the name of a host in this file, or `[user@]address[:port]`",
    ),
]
UserName = Annotated[str, matching(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]*", "must be the name of a user on the host")]
LabelKey = Annotated[str, matching(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,127}", "must be the key of a node label")]
Socket = Annotated[str, matching(r"/[^\s]+", "must be the full path of the engine's socket")]
Command = Annotated[str, matching(r"[^\n]*\S[^\n]*", "must be a command on one line")]
Folder = Annotated[str, matching(r"/[^\s]+", "must be the full path of a folder on the host")]
Port = Annotated[int, Field(strict=True), between(1, 65535)]
UserPath = Annotated[Path, BeforeValidator(_expanded)]
Who = Annotated[tuple[str, ...], BeforeValidator(_who)]
BackupCount = Annotated[int, Field(strict=True), between(1, 10_000)]
VersionCount = Annotated[int, Field(strict=True), between(1, 100)]
Keep = Annotated[float, BeforeValidator(_days)]
Template = Annotated[Secret, PlainValidator(_template)]
"""Text that may be a secret, and may name environment variables."""
Severity = Literal["critical", "warning", "note"]
"""The severity of an incident. ``critical``: service or quorum is at risk now. ``note``: reported once; it has no
end."""
WebhookKind = Literal["json", "pagerduty", "alertmanager"]
"""``json``: Swarmbot's own fields. ``pagerduty``: Events API v2. ``alertmanager``: its API v2."""
UpToADay = Annotated[float, BeforeValidator(_up_to_a_day)]
CheckInterval = Annotated[float, BeforeValidator(_check_interval)]


class Service(Model):
    """The commands, run as root on a host, that stop and start its engine; each returns when that is done."""

    # The socket's unit is stopped too: it would start the engine again for the next caller.
    stop: Command = "systemctl stop docker.socket docker.service"
    start: Command = "systemctl start docker.service"
    data_root: Folder | None = None
    """The engine's data root, if neither the systemd unit nor daemon.json names it while the engine does not run."""


class Ssh(Model):
    """How SSH reaches hosts that set nothing else. ``~/.ssh/config`` applies to keys that are not set."""

    user: UserName | None = None
    port: Port | None = None
    identity_file: UserPath | None = None
    known_hosts: UserPath = Path("~/.ssh/known_hosts").expanduser()
    jump: Jump | None = None
    socket: Socket = "/var/run/docker.sock"
    engine: Service = Service()


class Host(Model):
    """One machine; keys that are not set come from ``ssh``."""

    address: Address
    user: UserName | None = None
    port: Port | None = None
    identity_file: UserPath | None = None
    jump: Jump | None = None
    """The name of another host in the file, or ``[user@]address[:port]``."""
    socket: Socket | None = None
    engine: Service | None = None


class Cluster(Model):
    """A Swarm, its Slack channel, and its machines by name."""

    channel: ChannelId
    hosts: dict[Name, Annotated[Host, BeforeValidator(_short_form("address"))]] = Field(min_length=1)
    approvals: dict[Subject, ApprovalRule] = Field(default_factory=dict)
    freezes: tuple[FreezeWindow, ...] = ()
    failure_domain: LabelKey = "zone"
    """The node label whose equal values mean that the nodes fail together."""
    stacks: dict[StackName, Annotated[Stack, BeforeValidator(_short_form("file"))]] = Field(default_factory=dict)


class Rules(Model):
    """Who has which permission: names from ``people``, Slack ids, or :data:`EVERYONE`."""

    view: Who = (EVERYONE,)
    operate: Who = ()
    administer: Who = ()
    approvals: dict[Subject, ApprovalRule] = Field(default_factory=dict)


class Tokens(Model):
    """The handling of join tokens."""

    once_for: UpToADay = 900.0
    """Seconds after which a token that was shown for one node (`--once`) is rotated at the latest."""


class AuditLog(Model):
    """Where the audit log is kept."""

    anchor_channel: ChannelId | None = None
    archive: UserPath | None = None
    keep: Keep = 365 * DAY_S
    """Seconds that entries stay in Redis if there is an ``archive``."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.archive is None and "keep" in self.model_fields_set:
            raise wrong("must have `archive` if `keep` is set: an entry leaves Redis only after it is in a file")
        return self


class Backups(Model):
    """Where backups of swarm state are stored, and how many per cluster."""

    folder: UserPath | None = None
    keep: BackupCount = 14


class Deploy(Model):
    """How the worker works out what a deploy would change."""

    docker: UserPath | None = None
    """Docker's command line; by default the first ``docker`` on PATH."""
    keep_versions: VersionCount = 3
    """How many contents of each config and secret of a stack to keep: the present one, and those before it."""


class Webhook(Model):
    """Where else incidents are reported. ``${NAME}`` in ``url`` and ``key`` is the environment variable of watch."""

    kind: WebhookKind = "json"
    url: Template | None = None
    """None: PagerDuty's own."""
    key: Template | None = None
    """PagerDuty's routing key."""
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = ("critical", "warning")
    clusters: tuple[Name, ...] = ()
    """The clusters whose incidents are sent; (): every cluster."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind == "pagerduty") != (self.key is not None):
            raise wrong("must have `key`, the routing key, if `kind` is `pagerduty`, and otherwise none")
        if self.kind != "pagerduty" and self.url is None:
            raise wrong("must have `url`")
        return self


class Digest(Model):
    """When the daily digest is posted in each cluster's channel."""

    at: TimeOfDay
    timezone: Zone = ZoneInfo("UTC")


class Watch(Model):
    """When watch reads the clusters, and when it reports what it has seen. All times are in seconds."""

    poll: UpToADay = 2.0
    """Seconds between two readings while something is wrong or has just changed."""
    quiet_poll: UpToADay = 10.0
    """Seconds between two readings while nothing is wrong."""
    group_wait: UpToADay = 2.0
    """Seconds from an incident's first signal to its message: what follows within this time is in the same message."""
    group_interval: UpToADay = 20.0
    """Seconds between two edits of an incident's message. Its end is shown at once."""
    repeat: UpToADay | None = None
    """After this time an incident that nobody acknowledged is reported again; None: never."""
    quiet_while_frozen: bool = False
    """Whether nothing new is reported during a freeze, except the loss of the quorum."""
    certificates: Keep = 7 * DAY_S
    """How long before a certificate expires this is reported."""
    backups: Keep | None = None
    """How old the newest backup may be; None: not checked."""
    tokens: Keep | None = None
    """How long a join token that was shown may stay unrotated; None: not checked."""
    overlay_check: CheckInterval | None = None
    """Seconds between two checks of the routes between the nodes and of the overlay; None: no checks."""
    digest: Digest | None = None
    """None: no digest is posted."""
    webhooks: dict[Name, Webhook] = Field(default_factory=dict)


class Config(Model):
    """The whole file."""

    ssh: Ssh = Ssh()
    clusters: dict[Name, Cluster] = Field(min_length=1)
    people: dict[Name, tuple[UserOrGroupId, ...]] = Field(default_factory=dict)
    rules: Rules = Rules()
    tokens: Tokens = Tokens()
    audit: AuditLog = AuditLog()
    backups: Backups = Backups()
    deploy: Deploy = Deploy()
    watch: Watch = Watch()
