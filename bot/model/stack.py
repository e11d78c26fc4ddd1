"""Stacks: what ``docker stack deploy`` would write, recorded; and the protocol of what records it.

Bodies hold the content of secrets: they stay in memory, and are left out of every representation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from bot.model.service import STACK_LABEL
from bot.secrets.secret import Secret

if TYPE_CHECKING:
    from bot.model.engine_api import Engine

ObjectType = Literal["network", "secret", "config", "service"]
OBJECT_TYPES: Final[tuple[ObjectType, ...]] = ("network", "secret", "config", "service")
"""The types in the order in which they are created: services need the others."""
REMOVAL_ORDER: Final[tuple[ObjectType, ...]] = ("service", "secret", "config", "network")
"""The order of removal, as in ``docker stack rm``: an engine refuses to remove what a service uses."""
Action = Literal["create", "update", "delete"]
BASE_NAME_LABEL: Final = "swarmbot.base-name"
"""The label of a config or secret that a deploy named by its content. Its value is the name in the compose file."""
LAST_REVISION: Final = -1
"""The value in a query for the revision of the last deploy; if there is none, for what the source has now."""
ResolveImages = Literal["always", "changed", "never"]
"""The values of ``docker stack deploy --resolve-image``: all images, those that the compose file now names in another
way, or none."""


@dataclass(frozen=True, slots=True)
class StackQuery:
    """Which recording to make."""

    name: str
    """The stack's name."""
    objects_only: bool = False
    """Only list the cluster's objects. No compose file is read, and nothing is recorded."""
    prune: bool = False
    """Remove the services that the compose file does not have."""
    resolve: ResolveImages = "always"
    """Which images registries are asked for the digests of."""
    commit: str = ""
    """The commit to read the compose file from; "" for what the source has now."""
    revision: int = 0
    """The kept revision whose files to deploy, or LAST_REVISION; 0 for what the source has."""
    typed: str = ""
    """The id of the typed compose file to deploy; "" for what the source has."""
    thorough: bool = False
    """Also find what one recording cannot see: options of networks."""


@dataclass(frozen=True, slots=True)
class StackSource:
    """What one deploy is made from. Files and variables may hold secrets, so it is only stored encrypted."""

    stack: str
    """The stack's name."""
    words: str
    """Where the compose file came from, in words."""
    commit: str
    """The commit that it was read from; "" if it did not come from git."""
    compose: str
    """The name of the compose file among the files."""
    files: Mapping[str, str] = field(repr=False)
    """The compose file and those that it names: contents in Base64."""
    variables: Mapping[str, str] = field(repr=False)
    """The values of the variables in the compose file."""
    cli: str
    """The version of Docker's CLI that the deploy was planned with."""
    images: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What registries said of its images (JSON), by the path of the request: a tag may mean another image later."""
    typed: bool = False
    """Whether the compose file was typed into a form: then swarmbot.yml need not list the stack."""


@dataclass(frozen=True, slots=True)
class StackRevision:
    """The record of a deploy whose every step was seen to be done. Its source is kept encrypted beside it."""

    number: int
    """The number, from 1 for each stack; it is never given to another deploy."""
    at: float
    """When the deploy ended, unix seconds."""
    requester: str
    """The requester (U…)."""
    job: str


@dataclass(frozen=True, slots=True)
class StackObject:
    """A network, secret, config or service that the cluster has now, of any stack or of none."""

    type: ObjectType
    id: str
    name: str
    version: int = 0
    """The version of its record; 0 for a network, which has none."""
    spec: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Its spec; for a network the whole record. A secret's spec has no ``Data``."""

    @property
    def stack(self) -> str:
        """The stack that it is part of; "" if there is none."""
        return str((self.spec.get("Labels") or {}).get(STACK_LABEL, ""))

    @property
    def base_name(self) -> str:
        """The name that the compose file gives it."""
        return str((self.spec.get("Labels") or {}).get(BASE_NAME_LABEL) or self.name)


@dataclass(frozen=True, slots=True)
class StackWrite:
    """A write that Docker's CLI sent to the recorder. It did not reach the engine."""

    action: Action
    type: ObjectType
    name: str
    id: str
    """The object's id; a virtual id if it does not exist yet."""
    api: str
    """The API version that the CLI spoke: ``1.41``."""
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    base: str = ""
    """The name in the compose file of a config or secret that is named by its content."""

    @property
    def shown_action(self) -> Action:
        """The action as people see it: another content under a new name is a change."""
        return "update" if self.base else self.action


@dataclass(frozen=True, slots=True)
class StackRecording:
    """What a deploy of a stack would write, and what the cluster has now."""

    name: str
    objects: tuple[StackObject, ...]
    """The objects just before the CLI ran, with which the writes are compared."""
    writes: tuple[StackWrite, ...] = ()
    """The writes in the order in which they must be carried out. The CLI also writes what does not change."""
    source: str = ""
    """Where the compose file comes from, in words."""
    commit: str = ""
    """The commit that it was read from; "" if it does not come from git."""
    revision: int = 0
    """The kept revision that it was made from; 0 if it was made from the stack's source as it is now."""
    typed: str = ""
    """The id of the typed compose file that it was made from; "" if it was not typed."""
    made_from: StackSource | None = field(default=None, repr=False)
    """What to keep once it is deployed; None if it is too large to be kept."""
    cli: str = ""
    """The version of Docker's CLI: another one may write other bodies for the same file."""
    key: Secret = field(default_factory=lambda: Secret(""))
    """The key of the writes' digests. Without it, a stored digest would let somebody try out weak passwords."""
    notes: tuple[str, ...] = ()
    """What the CLI said besides, one line each: options that it ignores, images without a digest."""
    first_networks: tuple[StackWrite, ...] = ()
    """The networks that a first deploy would create. Only a thorough recording has them."""
    conflicts: tuple[tuple[ObjectType, str], ...] = ()
    """Type and name of configs and secrets that are not the stack's own, and have another content."""
    keep_versions: int = 3
    """How many contents to keep of each config and secret."""

    def find(self, type_: ObjectType, name: str) -> StackObject | None:
        """Return an object of the cluster by its name; None if there is none."""
        return next((each for each in self.objects if (each.type, each.name) == (type_, name)), None)

    def write_of(self, type_: ObjectType, name: str) -> StackWrite | None:
        """Return the write of an object; None if there is none."""
        return next((each for each in self.writes if (each.type, each.name) == (type_, name)), None)

    @property
    def members(self) -> tuple[StackObject, ...]:
        """The objects of the cluster that are part of this stack."""
        return tuple(each for each in self.objects if each.stack == self.name)


class StackRecorder(Protocol):
    """Records what a deploy of the cluster's stacks would write."""

    @property
    def names(self) -> tuple[str, ...]:
        """The stacks that swarmbot.yml lists."""
        ...

    def registry_auth(self, image: str) -> Secret | None:
        """Return the worker's credentials for an image's registry, as ``X-Registry-Auth``; None if it has none."""
        ...

    def record(self, engine: Engine, query: StackQuery) -> StackRecording:
        """Return the recording, made through a manager. Nothing is written to the cluster.

        Raise NotUnderstood for a stack that swarmbot.yml does not have, and Refused, with file and line where they are
        known, for a compose file that is not valid or not permitted, and for a revision that is not kept or cannot be
        decrypted. Raise Failed if the CLI is missing or times out.
        """
        ...
