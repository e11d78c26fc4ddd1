"""A cluster without engines, people who are told, and a worker that may die at each of its effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from redis import Redis

from bot.audit import Audit
from bot.blocks import Message
from bot.config import Config
from bot.errors import EngineError
from bot.execution.cluster_reader import ClusterReader
from bot.execution.replies import Replies
from bot.execution.rotation_watcher import RotationWatcher
from bot.execution.services import WorkerServices
from bot.execution.token_rotation import TokenRotation
from bot.model import ClusterFacts, Engines, Facts, FactsQuery, HostFacts, NodeFacts, Role
from bot.one_time_tokens.pending_rotation import secret_of
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.queue.job import new_id
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.slack.outbound.notifier import Notifier
from bot.store import keys
from tests.kits.commands import COMMANDS
from tests.kits.jobs import order, taken
from tests.kits.outbox import deliverer_of

CONFIG = Config.model_validate({"clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "10.0.0.1"}}}})


class Killed(BaseException):
    """The worker's process ends here."""


@dataclass
class Declaration:
    """The number of effects before the worker dies; None: it lives."""

    left: int | None = None

    def effect(self) -> None:
        """Raise Killed in place of the effect after the last one."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


@dataclass
class Swarm(ClusterReader):
    """One manager, workers that join, and a token. ``readable``: it has quorum. It is also its own engine."""

    readable: bool = True
    member: bool = True
    broken: bool = False
    made: int = 0
    nodes: list[str] = field(default_factory=list)
    managers: set[str] = field(default_factory=set)
    nameless: bool = False
    rotations: Counter[str] = field(default_factory=Counter)

    @property
    def token(self) -> str:
        """Return the token. It is not random: rotations are checked in the order of fingerprints."""
        return f"SWMTKN-1-{self.made}"

    def rotate(self) -> None:
        """Make another token."""
        self.made += 1

    def read(self, cluster: str, query: FactsQuery) -> Facts:
        """What the reader would see."""
        error = "" if self.readable else "The swarm does not have a leader."
        membership: Any = "active" if self.member else "inactive"
        host = HostFacts("host-1", "10.0.0.1", membership=membership, swarm_error=error, is_manager=self.member)
        facts = Facts(cluster, 0.0, MappingProxyType({"host-1": host}))
        if error or not self.member:
            return facts
        swarm = ClusterFacts("id", "host-1", 1, MappingProxyType({}), tuple(map(self._node, self.nodes)))
        known = MappingProxyType({secret: Secret(self.token) for secret in query.secrets})
        return replace(facts, swarm=swarm, secrets=known)

    def _node(self, name: str) -> NodeFacts:
        role: Role = "manager" if name in self.managers else "worker"
        known = "" if self.nameless else name
        return NodeFacts(f"id-{name}", known, role, "active", "ready", 1, MappingProxyType({}))

    def engines(self, _: str) -> Engines:
        """The one engine."""
        engines: Any = {"host-1": self}
        return engines  # type: ignore[no-any-return] # a dict is enough of Engines here

    def swarm(self) -> Mapping[str, Any]:
        """``GET /swarm``, for an engine that is not broken."""
        if self.broken:
            raise EngineError("host-1", 500, "rpc error")
        return {"Version": {"Index": 1}, "Spec": {}}

    def update_swarm(self, *_: Any, **__: Any) -> None:
        """A rotation by the bot."""
        self.rotations[self.token] += 1
        self.rotate()


@dataclass
class Mailbox(Notifier):
    """What each person was told. Channels are ignored."""

    fate: Declaration = field(default_factory=Declaration)
    told: list[tuple[str, str]] = field(default_factory=list)

    def respond(self, response_url: str, message: Message, *, user: str, channel: str, **_: Any) -> None:  # noqa: ARG002
        """Take a private message."""
        self.fate.effect()
        self.told.append((user, message.text))

    def post(self, *_: Any, **__: Any) -> str:
        """Take a card."""
        return "1.0"

    def update(self, *_: Any, **__: Any) -> str:
        """Take an update of a card."""
        return "1.0"


class MortalQueue(Queue):
    """A queue whose caller may die just after an admission."""

    fate = Declaration()

    def admit(self, *arguments: Any, **named: Any) -> Any:
        """Admit, then possibly die."""
        admission = super().admit(*arguments, **named)
        self.fate.effect()
        return admission


class Bot:
    """The parts of two workers that concern pending rotations, with one Redis and one cluster."""

    def __init__(self, redis: Redis, *, once_for: float = 900.0) -> None:
        self.redis = redis
        self.audit = Audit(redis)
        self.fate = Declaration()
        self.queue = MortalQueue(redis, self.audit, lease_s=0)
        self.queue.fate = self.fate
        self.queue.registry.join()
        self.swarm = Swarm()
        self.mail = Mailbox(self.fate)
        self.pending_rotations = PendingRotations(redis, self.audit, once_for)
        unused: Any = None
        services = WorkerServices(
            config=CONFIG,
            commands=COMMANDS,
            queue=self.queue,
            notifier=self.mail,
            replies=Replies(CONFIG, self.queue, deliverer_of(redis, self.audit, self.mail)),
            secret_messages=unused,
            outbox=unused,
            cluster_reader=self.swarm,
            approvals=unused,
            approval_step=unused,
            watch=unused,
            pending_rotations=self.pending_rotations,
            secret_inbox=unused,
            enrolment_message=unused,
            uploads=unused,
            pictures=unused,
            exporter=unused,
        )
        self.watchers = [RotationWatcher(services, name) for name in ("one", "two")]
        self._rotating = TokenRotation(services)

    def ask(self, user: str = "U0ADA", *, job: str = "", role: Role = "worker") -> Facts:
        """Show ``user`` the token for one node. Raise Failed if that is refused."""
        query = FactsQuery(secrets=(secret_of(role),), one_time=True)
        asked = replace(order(job_id=job or new_id(), lane="concurrent"), requester=user)
        facts = self.swarm.read("prod", query)
        return self.pending_rotations.ensure_rotation(asked, "one", query, facts)

    def run_once(self, watcher: int = 0) -> None:
        """Let two seconds pass and a worker check."""
        self.pass_time()
        self.watchers[watcher].run_once()

    def pass_time(self) -> None:
        """Make every rotation due for a check now: Redis' clock cannot be set."""
        for rotation_id in self.pending_rotations.open():
            self.redis.zadd(keys.PENDING_ROTATIONS, {rotation_id: 0})

    def pass_deadline(self) -> None:
        """Let the deadline of every rotation pass."""
        for rotation_id in self.pending_rotations.open():
            self.redis.hset(keys.pending_rotation(rotation_id), "deadline", "1")

    def work(self) -> None:
        """Carry out the next exclusive job."""
        self._rotating.run(taken(self.queue))

    def told(self, user: str) -> list[str]:
        """All that a person was told."""
        return [text for name, text in self.mail.told if name == user]


def end(bot: Bot, holds: Callable[[], bool]) -> None:
    """Turn and work until ``holds()``."""
    for _ in range(20):
        if holds():
            return
        bot.run_once()
        if any(not job.ended for job in bot.queue.recent("prod", 50)):
            bot.work()
    raise AssertionError(f"no end: {bot.pending_rotations.open()}, {bot.mail.told}")
