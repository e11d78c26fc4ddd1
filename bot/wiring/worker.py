"""Builds the worker: the queue, engines over SSH, and messages."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from redis import Redis
from slack_sdk import WebClient

from bot.approvals.after_freeze import still_waiting
from bot.approvals.card_publisher import CardPublisher
from bot.approvals.repository import ApprovalRepository
from bot.approvals.rule_check import log_rule_problems
from bot.audit import Archive, Audit
from bot.audit.maintenance import AuditMaintenance
from bot.commands import CommandRegistry
from bot.config import Config, load
from bot.engine.pool import EnginePool
from bot.execution.approval_step import ApprovalStep
from bot.execution.audit_export import AuditExporter
from bot.execution.cluster_reader import ClusterReader
from bot.execution.replies import Replies
from bot.execution.rotation_watcher import RotationWatcher
from bot.execution.runner import Runner
from bot.execution.secret_messages import SecretMessages
from bot.execution.services import WorkerServices
from bot.freeze import Freezes
from bot.freeze.ends import FreezeEnds
from bot.good_specs import GoodSpecs
from bot.last_read import LastRead
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.outbox.deliverer import Deliverer
from bot.outbox.outbox import Outbox
from bot.periodic import PeriodicTask
from bot.pictures.message_pictures import Pictures
from bot.queue.queue import Queue
from bot.queue.secret_inbox import SecretInbox
from bot.queue.worker import Worker
from bot.settings import Settings
from bot.slack.outbound.block_age import SharedBlockAge
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import BlockFiles, DirectMessageUploads
from bot.slack.outbound.notifier import Notifier
from bot.stack_revisions import Revisions
from bot.store.client import connect
from bot.store.leader_lease import LeaderLeases
from bot.swarm.reading.facts_reader import FactsReader
from bot.totp import EnrolmentMessage, QrCodeCleanup, SeedVault, Totp
from bot.usergroups import UserGroups, short_timeout_client
from bot.watch.history import WatchHistory
from bot.watch.repository import WatchRepository
from bot.wiring.homes import home_task
from bot.wiring.memory import keep_memory_small
from bot.wiring.process import addresses, message_senders, process_name, set_at_signal
from handlers import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What both the services and the tasks of a worker are made from."""

    settings: Settings
    config: Config
    commands: CommandRegistry
    redis: Redis
    audit: Audit
    name: str
    """The name of the process."""
    queue: Queue
    approvals: ApprovalRepository
    freezes: Freezes
    user_groups: UserGroups
    revisions: Revisions
    slack: WebClient
    files: BlockFiles
    block_age: SharedBlockAge
    patient: Notifier
    """Does not retry by itself: what it sends is tried again by its caller."""


def run_worker(settings: Settings) -> int:
    """Carry out jobs until SIGTERM or SIGINT. Return the exit status: 1 if a job still ran. Raise Misconfigured."""
    base = _base(settings)
    pool = EnginePool(base.config, secret_key=settings.swarmbot_secret_key, revisions=base.revisions)
    reader = FactsReader(addresses(base.config))
    senders = message_senders()
    services, deliverer = _services(base, _cluster_reader(base, pool, reader), senders)
    runner = Runner(services)
    worker = Worker(base.queue, runner.handle, base.name, tell=runner.failure)
    tasks = _tasks(base, services, deliverer)
    keep_memory_small()
    ended = _run_until_signal(worker, tasks)
    senders.shutdown(cancel_futures=True)
    reader.close()
    pool.close()
    return 0 if ended else 1


def _base(settings: Settings) -> _Base:
    config = load(settings.config_path)
    redis = connect(settings.redis_url)
    audit = Audit(redis)
    slack, impatient = web_client(settings), web_client(settings, retries=False)
    block_age = SharedBlockAge(redis, impatient)
    return _Base(
        settings=settings,
        config=config,
        commands=registry(),
        redis=redis,
        audit=audit,
        name=process_name(),
        queue=Queue(redis, audit),
        approvals=ApprovalRepository(redis, audit),
        freezes=Freezes(redis, audit, config),
        user_groups=UserGroups(short_timeout_client(settings), redis),
        revisions=Revisions(redis, settings.swarmbot_secret_key),
        slack=slack,
        files=BlockFiles(slack),
        block_age=block_age,
        patient=Notifier(impatient, block_age, retries=False),
    )


def _cluster_reader(base: _Base, pool: EnginePool, reader: FactsReader) -> ClusterReader:
    return ClusterReader(
        pool,
        reader,
        last_read=LastRead(base.redis),
        good_specs=GoodSpecs(base.redis, base.settings.swarmbot_secret_key),
        revisions=base.revisions,
        history=WatchHistory(base.redis),
    )


def _services(
    base: _Base, cluster_reader: ClusterReader, senders: ThreadPoolExecutor
) -> tuple[WorkerServices, Deliverer]:
    config, redis, audit = base.config, base.redis, base.audit
    key = base.settings.swarmbot_secret_key
    notifier = Notifier(base.slack, base.block_age)
    uploads = DirectMessageUploads(base.slack)
    pending_rotations = PendingRotations(redis, audit, config.tokens.once_for)
    secret_messages = SecretMessages(base.commands, base.queue, cluster_reader, pending_rotations, base.name)
    outbox = Outbox(redis, audit)
    deliverer = Deliverer(outbox, base.patient, secret_messages.again, senders, worker=base.name)
    services = WorkerServices(
        config=config,
        commands=base.commands,
        queue=base.queue,
        notifier=notifier,
        replies=Replies(config, base.queue, deliverer),
        secret_messages=secret_messages,
        outbox=outbox,
        cluster_reader=cluster_reader,
        approvals=base.approvals,
        approval_step=ApprovalStep(config, base.approvals, base.user_groups, base.freezes),
        watch=WatchRepository(redis, audit),
        pending_rotations=pending_rotations,
        enrolment_message=EnrolmentMessage(Totp(redis, audit, SeedVault(key)), base.files, notifier),
        secret_inbox=SecretInbox(redis, key),
        uploads=uploads,
        pictures=Pictures(base.files),
        exporter=AuditExporter(audit, Archive.at(config.audit.archive), uploads),
    )
    return services, deliverer


def _tasks(base: _Base, services: WorkerServices, deliverer: Deliverer) -> list[PeriodicTask]:
    """Return what the worker does beside jobs."""
    config, redis, audit, user_groups = base.config, base.redis, base.audit, base.user_groups
    cards = CardPublisher(base.queue, base.approvals, deliverer, base.name)
    freeze_ends = FreezeEnds(
        config=config,
        freezes=base.freezes,
        waiting=lambda cluster: still_waiting(config, base.approvals.waiting(cluster)),
        deliverer=deliverer,
        worker=base.name,
    )
    maintenance = AuditMaintenance(
        redis=redis,
        audit=audit,
        notifier=services.notifier,
        settings=config.audit,
        leases=LeaderLeases(redis, base.name),
    )
    counts = base.commands.approval_counts()
    return [
        PeriodicTask("card publisher", cards.publish_due, interval_s=0.25),
        PeriodicTask("messages", deliverer.run_once, interval_s=0.25),
        PeriodicTask("ends of freezes", freeze_ends.run_once, interval_s=1),
        home_task(base.settings, config, redis, audit, base.patient),
        PeriodicTask("QR codes", QrCodeCleanup(redis, base.files).delete_due, interval_s=3),
        PeriodicTask("token rotations", RotationWatcher(services, base.name).run_once, interval_s=1),
        PeriodicTask("approval rules", lambda: log_rule_problems(config, user_groups, counts), interval_s=3600),
        PeriodicTask("archive", maintenance.retain, interval_s=600),
        PeriodicTask("anchor", maintenance.post_anchor, interval_s=600),
    ]


def _run_until_signal(worker: Worker, tasks: Sequence[PeriodicTask]) -> bool:
    """Return whether every job ended in time."""
    stopping = set_at_signal()
    worker.start()
    for task in tasks:
        task.start()
    stopping.wait()
    ended = worker.stop()  # jobs that end now still get their messages sent
    for task in tasks:
        task.stop()
    return ended
