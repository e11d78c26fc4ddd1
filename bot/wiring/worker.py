"""Puts together what carries jobs out: the queue, engines over SSH, and messages."""

from __future__ import annotations

import os
import signal
import socket
import threading

from bot.approvals.card_publisher import Herald
from bot.approvals.repository import Approvals
from bot.approvals.rule_check import warn
from bot.audit import Archive, Audit
from bot.audit.maintenance import Caretaker
from bot.config import Config, load
from bot.engine.pool import EnginePool
from bot.execution.approval_step import Asking
from bot.execution.audit_export import Exporter
from bot.execution.cluster_reader import Sight
from bot.execution.rotation_watcher import Watcher
from bot.execution.runner import Runner
from bot.freeze import Freezes
from bot.one_time_tokens.pending_rotations import Promises
from bot.periodic import Ticker
from bot.queue.queue import Queue
from bot.queue.secret_inbox import Given
from bot.queue.worker import Worker
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import Files
from bot.slack.outbound.notifier import Notifier
from bot.slack.outbound.upload import Uploads
from bot.store.client import connect
from bot.swarm.reading.reader import Reader
from bot.totp import Pictures, Seeds, Showing, Totp
from bot.usergroups import Directory, patient_client


def run_worker(settings: Settings) -> int:
    """Carry jobs out until SIGTERM or SIGINT; raises Misconfigured. The exit status is 1 if a job still ran."""
    config = load(settings.config_path)
    redis = connect(settings.redis_url)
    audit = Audit(redis)
    queue = Queue(redis, audit)
    slack = web_client(settings)
    notifier = Notifier(slack)
    files = Files(slack)
    pool = EnginePool(config, secret_key=settings.swarmbot_secret_key)
    reader = Reader(addresses(config))
    approvals = Approvals(redis, audit)
    directory = Directory(patient_client(settings), redis)
    asking = Asking(config, approvals, directory, Freezes(redis, audit, config))
    sight = Sight(pool, reader)
    promises = Promises(redis, audit, config.tokens.once_for)
    runner = Runner(
        config=config,
        queue=queue,
        notifier=notifier,
        sight=sight,
        approvals=approvals,
        asking=asking,
        promises=promises,
        showing=Showing(Totp(redis, audit, Seeds(settings.swarmbot_secret_key)), files, notifier),
        given=Given(redis, settings.swarmbot_secret_key),
        exporter=Exporter(audit, Archive(config.audit.archive) if config.audit.archive else None, Uploads(slack)),
    )
    name = f"{socket.gethostname()}-{os.getpid()}"
    worker = Worker(queue, runner.handle, name, tell=runner.tell)
    caretaker = Caretaker(redis=redis, audit=audit, notifier=notifier, settings=config.audit, worker=name)
    watcher = Watcher(config=config, queue=queue, sight=sight, promises=promises, notifier=notifier, worker=name)
    tickers = [
        Ticker("herald", Herald(queue, approvals, notifier, name).turn, every=0.25),
        Ticker("pictures", Pictures(redis, files).turn, every=3),
        Ticker("promised rotations", watcher.turn, every=1),
        Ticker("approval rules", lambda: warn(config, directory), every=3600),
        Ticker("archive", caretaker.retain, every=600),
        Ticker("anchor", caretaker.post_anchor, every=600),
    ]
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    worker.start()
    for ticker in tickers:
        ticker.start()
    stopping.wait()
    for ticker in tickers:
        ticker.stop()
    ended = worker.stop()
    reader.close()
    pool.close()
    return 0 if ended else 1


def addresses(config: Config) -> dict[str, str]:
    """Which cluster of swarmbot.yml each host's address belongs to."""
    return {host.address: name for name, cluster in config.clusters.items() for host in cluster.hosts.values()}
