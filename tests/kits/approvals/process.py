"""A process of the bot as approvals see it: everything between people and the cluster is the bot's own."""

from __future__ import annotations

import time
from typing import Any, cast

from bot.approvals.card_publisher import CardPublisher
from bot.approvals.repository import ApprovalRepository
from bot.approvals.voting import Voting
from bot.audit import Audit, Entry
from bot.config import Config
from bot.execution.approval_step import ApprovalStep
from bot.execution.cluster_reader import ClusterReader
from bot.execution.replies import Replies
from bot.execution.runner import Runner
from bot.execution.secret_messages import SecretMessages
from bot.execution.services import WorkerServices
from bot.freeze import Freezes
from bot.good_specs import GoodSpecs
from bot.last_read import LastRead
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.outbox.deliverer import Deliverer
from bot.outbox.outbox import Outbox
from bot.queue.job import Order
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.stack_revisions import Revisions
from bot.store.client import connect
from bot.watch.history import WatchHistory
from bot.watch.repository import WatchRepository
from tests.kits.approvals.world import Cluster, People, Quiet
from tests.kits.commands import COMMANDS
from tests.kits.outbox import Inline, due_at_once


def config_of(count: int, by: tuple[str, ...]) -> Config:
    """A cluster where ``count`` of ``by`` must approve a promotion."""
    return Config.model_validate(
        {
            "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}},
            "people": {"admins": list(by)},
            "rules": {"administer": ["admins"], "approvals": {"promote": {"by": ["admins"], "count": count}}},
        }
    )


def order_of(job: str, who: str, node: str) -> Order:
    """The order to promote ``node`` as the gate makes it."""
    return Order(
        id=job,
        request_key=f"request of {job}",
        lane="exclusive",
        command="promote",
        words=f"promote {node}",
        args={"nodes": [node]},
        cluster="prod",
        requester=who,
        channel="C0PROD",
        response_url="https://hooks.slack.example/1",
        asked_at=time.time(),
    )


class Process:
    """One process of the bot: clients and a view of the audit log of its own."""

    def __init__(self, url: str, config: Config, people: People, cluster: Cluster, name: str) -> None:
        self.name = name
        self.redis = connect(Secret(url))
        self.audit = Audit(self.redis)
        self.queue = Queue(self.redis, self.audit, lease_s=0)
        self.approvals = ApprovalRepository(self.redis, self.audit)
        self.freezes = Freezes(self.redis, self.audit, config)
        self.voting = Voting(
            config=config,
            queue=self.queue,
            approvals=self.approvals,
            audit=self.audit,
            user_groups=people,
            check_code=lambda _person, _code: None,
        )
        self.slack = Quiet()
        self.outbox = Outbox(self.redis, self.audit)
        cluster_reader = ClusterReader(
            cast("Any", cluster),
            cast("Any", cluster),
            last_read=LastRead(self.redis),
            good_specs=GoodSpecs(self.redis, None),
            revisions=Revisions(self.redis, None),
            history=WatchHistory(self.redis),
        )
        pending_rotations = PendingRotations(self.redis, self.audit, 900.0)
        secrets = SecretMessages(COMMANDS, self.queue, cluster_reader, pending_rotations, name)
        self.deliverer = Deliverer(self.outbox, self.slack, secrets.again, Inline(), worker=name)
        self.card_publisher = CardPublisher(self.queue, self.approvals, self.deliverer, name)
        self.replies = Replies(config, self.queue, self.deliverer)
        services = WorkerServices(
            config=config,
            commands=COMMANDS,
            queue=self.queue,
            notifier=self.slack,
            replies=self.replies,
            secret_messages=secrets,
            outbox=self.outbox,
            cluster_reader=cluster_reader,
            approvals=self.approvals,
            approval_step=ApprovalStep(config, self.approvals, people, self.freezes),
            watch=WatchRepository(self.redis, self.audit),
            pending_rotations=pending_rotations,
            secret_inbox=cast("Any", None),
            enrolment_message=cast("Any", None),
            uploads=cast("Any", None),
            pictures=cast("Any", None),
            exporter=cast("Any", None),
        )
        self.runner = Runner(services)

    def deliver(self) -> None:
        """Send every message now, those too that the worker which promised them would send in a moment."""
        due_at_once(self.redis)
        self.deliverer.run_once()

    def freeze(self, *, frozen: bool) -> None:
        """Freeze the cluster for an hour, or thaw it."""
        if frozen:
            self.freezes.freeze("prod", time.time() + 3600, "U0DAN", "", [Entry("froze", "U0DAN")])
        else:
            assert self.freezes.thaw("prod", [Entry("thawed", "U0DAN")], time.time())
