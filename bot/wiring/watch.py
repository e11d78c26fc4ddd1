"""Builds the watch process: engines over SSH, incidents in Redis, and messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from bot.audit import Archive, Audit
from bot.blocks import Message
from bot.config import Config, load
from bot.config.models import Watch
from bot.engine.pool import EnginePool
from bot.errors import Failed
from bot.freeze import Freezes
from bot.good_specs import GoodSpecs
from bot.last_read import LastRead
from bot.metrics.page import WatchMetrics
from bot.model import Engines
from bot.model.incident import WatchSettings
from bot.outbox.deliverer import Deliverer
from bot.outbox.outbox import Outbox
from bot.outbox.outgoing import Outgoing
from bot.periodic import PeriodicTask
from bot.pictures.message_pictures import Pictures
from bot.queue.queue import Queue
from bot.settings import Settings
from bot.slack.outbound.block_age import SharedBlockAge
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import BlockFiles
from bot.slack.outbound.notifier import Notifier
from bot.store.client import MONITORING_TIMEOUTS, connect
from bot.store.leader_lease import LeaderLeases
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.digest import INTERVAL_S as DIGEST_INTERVAL_S
from bot.watch.digest import Digests, DigestTime, Watched
from bot.watch.history import WatchHistory
from bot.watch.messages import PREFIX
from bot.watch.repository import WatchRepository
from bot.watch.upkeep import INTERVAL_S, Upkeep
from bot.watch.watcher import Watcher, WatchServices
from bot.webhooks.deliveries import Deliveries
from bot.webhooks.sender import WebhookSender
from bot.webhooks.targets import targets
from bot.wiring.homes import home_task
from bot.wiring.memory import keep_memory_small
from bot.wiring.process import addresses, message_senders, process_name, set_at_signal

END_TIMEOUT_S: Final = 5.0
"""How long the process waits at its end for all readings that still run."""


def run_watch(settings: Settings) -> int:
    """Watch every cluster until SIGTERM or SIGINT, if no other process does. Return 0. Raise Misconfigured."""
    config = load(settings.config_path)
    redis = connect(settings.redis_url)
    audit = Audit(redis)
    name = process_name()
    pool = EnginePool(config, secret_key=settings.swarmbot_secret_key)
    metrics = _metrics(settings, config)
    reader = FactsReader(addresses(config), note_host=metrics.host_read)
    checker = FactsReader(addresses(config))
    senders = message_senders()
    impatient = web_client(settings, retries=False)
    patient = Notifier(impatient, SharedBlockAge(redis, impatient), retries=False)
    deliverer = Deliverer(Outbox(redis, audit), patient, _left_to_workers, senders, worker=name, prefix=PREFIX)
    clusters = {cluster: pool.cluster(cluster) for cluster in config.clusters}
    incident_settings = watch_settings(config.watch)
    services = WatchServices(
        name=name,
        queue=Queue(redis, audit),
        repository=WatchRepository(redis, audit),
        history=WatchHistory(redis),
        leases=LeaderLeases(redis, name),
        reader=reader,
        last_read=LastRead(redis),
        deliverer=deliverer,
        settings=incident_settings,
        upkeep=Upkeep(redis, audit, Archive.at(config.audit.archive), clusters, incident_settings),
        overlay_check_s=config.watch.overlay_check or 0.0,
        checker=checker,
        poll_s=config.watch.poll,
        quiet_poll_s=config.watch.quiet_poll,
        webhooks=targets(config),
        good_specs=GoodSpecs(redis, settings.swarmbot_secret_key),
        quiet=_quiet(config, Freezes(redis, audit, config)),
    )
    keep_memory_small()
    stopping = set_at_signal()
    watchers = {
        cluster: Watcher(cluster, config.clusters[cluster].channel, engines, services, stopping)
        for cluster, engines in clusters.items()
    }
    tasks = [
        *_tasks(services, Deliveries(redis, audit)),
        home_task(settings, config, redis, audit, patient),
        *_digests(config, services, clusters, watchers, Pictures(BlockFiles(web_client(settings, retries=False)))),
    ]
    _run(watchers.values(), tasks, stopping)
    senders.shutdown(cancel_futures=True)
    reader.close()
    checker.close()
    pool.close()
    return 0


def _metrics(settings: Settings, config: Config) -> WatchMetrics:
    """Return the metrics, which are served if the settings say where."""
    monitored = connect(settings.redis_url, MONITORING_TIMEOUTS)
    metrics = WatchMetrics(monitored, [*config.clusters], [*config.watch.webhooks])
    if settings.watch_metrics:
        metrics.listen(settings.watch_metrics)
    return metrics


def _tasks(services: WatchServices, deliveries: Deliveries) -> Iterator[PeriodicTask]:
    """Yield what watch does beside its readings."""
    yield PeriodicTask("messages", services.deliverer.run_once, interval_s=0.25)
    for target in services.webhooks:
        sender = WebhookSender(target, deliveries, services.leases)
        yield PeriodicTask(f"webhook {target.name}", sender.run_once, interval_s=0.5)
    yield PeriodicTask("upkeep", services.upkeep.run_once, interval_s=INTERVAL_S)


def _run(watchers: Collection[Watcher], tasks: Sequence[PeriodicTask], stopping: threading.Event) -> None:
    """Watch until ``stopping`` is set."""
    for task in tasks:
        task.start()
    for watcher in watchers:
        watcher.start()
    stopping.wait()
    deadline = time.monotonic() + END_TIMEOUT_S
    for watcher in watchers:
        watcher.end(max(0.1, deadline - time.monotonic()))
    for task in tasks:
        task.stop()


def _digests(
    config: Config,
    services: WatchServices,
    clusters: Mapping[str, Engines],
    watchers: Mapping[str, Watcher],
    pictures: Pictures,
) -> list[PeriodicTask]:
    """Return the task that posts the daily digests, if swarmbot.yml has them."""
    section = config.watch.digest
    if section is None:
        return []
    digests = Digests(
        DigestTime(section.at, section.timezone),
        [
            Watched(name, config.clusters[name].channel, clusters[name], watcher.lease)
            for name, watcher in watchers.items()
        ],
        repository=services.repository,
        history=services.history,
        pictures=pictures,
        queue=services.queue,
        reader=services.reader,
        deliverer=services.deliverer,
        backup_days=services.settings.backup_days,
    )
    return [PeriodicTask("digests", digests.run_once, interval_s=DIGEST_INTERVAL_S)]


def watch_settings(section: Watch) -> WatchSettings:
    """Return what ``watch`` of swarmbot.yml says about incidents."""
    return WatchSettings(
        group_wait_s=section.group_wait,
        group_interval_s=section.group_interval,
        repeat_s=section.repeat or 0.0,
        certificate_days=section.certificates / 86400,
        backup_days=(section.backups or 0.0) / 86400,
        token_days=(section.tokens or 0.0) / 86400,
    )


def _quiet(config: Config, freezes: Freezes) -> Callable[[str, float], str]:
    """Return a function that says why nothing new is reported of a cluster: a freeze, if swarmbot.yml says so."""

    def quiet(cluster: str, now: float) -> str:
        freeze = freezes.active(cluster, now) if config.watch.quiet_while_frozen else None
        return (freeze.reason or "a freeze") if freeze else ""

    return quiet


def _left_to_workers(_: Outgoing) -> Message:
    raise Failed("This process reads no secrets.")
