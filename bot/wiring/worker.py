"""Builds the worker: the queue, engines over SSH, and messages."""

from __future__ import annotations

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bot.approvals.after_freeze import still_waiting
from bot.approvals.card_publisher import CardPublisher
from bot.approvals.repository import ApprovalRepository
from bot.approvals.rule_check import log_rule_problems
from bot.audit import Archive, Audit
from bot.audit.maintenance import AuditMaintenance
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
from handlers import registry

MAX_SENDERS: Final = 16
"""How many messages are sent at the same time: one call of Slack may take ten seconds."""


def run_worker(settings: Settings) -> int:
    """Carry out jobs until SIGTERM or SIGINT. Return the exit status: 1 if a job still ran. Raise Misconfigured."""
    config = load(settings.config_path)
    commands = registry()
    redis = connect(settings.redis_url)
    audit = Audit(redis)
    queue = Queue(redis, audit)
    slack, impatient = web_client(settings), web_client(settings, retries=False)
    block_age = SharedBlockAge(redis, impatient)
    notifier = Notifier(slack, block_age)
    name = f"{socket.gethostname()}-{os.getpid()}"
    files, uploads = BlockFiles(slack), DirectMessageUploads(slack)
    revisions = Revisions(redis, settings.swarmbot_secret_key)
    pool = EnginePool(config, secret_key=settings.swarmbot_secret_key, revisions=revisions)
    reader = FactsReader(addresses(config))
    cluster_reader = ClusterReader(
        pool,
        reader,
        last_read=LastRead(redis),
        good_specs=GoodSpecs(redis, settings.swarmbot_secret_key),
        revisions=revisions,
        history=WatchHistory(redis),
    )
    approvals = ApprovalRepository(redis, audit)
    pending_rotations = PendingRotations(redis, audit, config.tokens.once_for)
    secret_messages = SecretMessages(commands, queue, cluster_reader, pending_rotations, name)
    outbox = Outbox(redis, audit)
    senders = ThreadPoolExecutor(MAX_SENDERS, thread_name_prefix="messages")
    patient = Notifier(impatient, block_age, retries=False)
    deliverer = Deliverer(outbox, patient, secret_messages.again, senders, worker=name)
    user_groups = UserGroups(short_timeout_client(settings), redis)
    freezes = Freezes(redis, audit, config)
    services = WorkerServices(
        config=config,
        commands=commands,
        queue=queue,
        notifier=notifier,
        replies=Replies(config, queue, deliverer),
        secret_messages=secret_messages,
        outbox=outbox,
        cluster_reader=cluster_reader,
        approvals=approvals,
        approval_step=ApprovalStep(config, approvals, user_groups, freezes),
        watch=WatchRepository(redis, audit),
        pending_rotations=pending_rotations,
        enrolment_message=EnrolmentMessage(
            Totp(redis, audit, SeedVault(settings.swarmbot_secret_key)), files, notifier
        ),
        secret_inbox=SecretInbox(redis, settings.swarmbot_secret_key),
        uploads=uploads,
        pictures=Pictures(files),
        exporter=AuditExporter(audit, Archive(config.audit.archive) if config.audit.archive else None, uploads),
    )
    runner = Runner(services)
    worker = Worker(queue, runner.handle, name, tell=runner.failure)
    leases = LeaderLeases(redis, name)
    maintenance = AuditMaintenance(redis=redis, audit=audit, notifier=notifier, settings=config.audit, leases=leases)
    watcher = RotationWatcher(services, name)
    counts = commands.approval_counts()
    freeze_ends = FreezeEnds(
        config=config,
        freezes=freezes,
        waiting=lambda cluster: still_waiting(config, approvals.waiting(cluster)),
        deliverer=deliverer,
        worker=name,
    )
    tasks = [
        PeriodicTask("card publisher", CardPublisher(queue, approvals, deliverer, name).publish_due, interval_s=0.25),
        PeriodicTask("messages", deliverer.run_once, interval_s=0.25),
        PeriodicTask("ends of freezes", freeze_ends.run_once, interval_s=1),
        home_task(settings, config, redis, audit, patient),
        PeriodicTask("QR codes", QrCodeCleanup(redis, files).delete_due, interval_s=3),
        PeriodicTask("token rotations", watcher.run_once, interval_s=1),
        PeriodicTask("approval rules", lambda: log_rule_problems(config, user_groups, counts), interval_s=3600),
        PeriodicTask("archive", maintenance.retain, interval_s=600),
        PeriodicTask("anchor", maintenance.post_anchor, interval_s=600),
    ]
    keep_memory_small()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    worker.start()
    for task in tasks:
        task.start()
    stopping.wait()
    ended = worker.stop()  # jobs that end now still get their messages sent
    for task in tasks:
        task.stop()
    senders.shutdown(cancel_futures=True)
    reader.close()
    pool.close()
    return 0 if ended else 1


def addresses(config: Config) -> dict[str, str]:
    """Return which cluster of swarmbot.yml each host's address belongs to."""
    return {host.address: name for name, cluster in config.clusters.items() for host in cluster.hosts.values()}
