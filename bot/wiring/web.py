"""Builds the web process: the gate, with Redis and Slack's user groups. It cannot reach a host."""

from __future__ import annotations

from bot.approvals.repository import ApprovalRepository
from bot.approvals.voting import Voting
from bot.audit import Audit
from bot.audit.paging import AuditPages
from bot.config import load
from bot.freeze import Freezes
from bot.gate import Gate
from bot.gate.cluster_choice import ClusterChoices
from bot.gate.command_form import CommandForms
from bot.gate.control_commands import ControlCommands
from bot.gate.early_refusals import EarlyRefusals
from bot.gate.records import RecordReader
from bot.gate.secret_form import SecretForm
from bot.gate.services import GateServices
from bot.gate.totp_command import TotpCommand
from bot.home.homes import Homes
from bot.last_read import LastRead
from bot.metrics.page import WebMetrics
from bot.queue.handled_requests import HandledRequests
from bot.queue.queue import Queue
from bot.queue.secret_inbox import SecretInbox
from bot.settings import Listen, Settings
from bot.slack.outbound.notifier import Notifier
from bot.store.client import MONITORING_TIMEOUTS, WEB_TIMEOUTS, connect
from bot.totp import SeedVault, Totp
from bot.typed_files import TypedFiles
from bot.usergroups import UserGroups, short_timeout_client
from bot.watch.orders import WatchOrders
from bot.watch.repository import WatchRepository
from handlers import registry


def open_gate(settings: Settings, _: Notifier) -> Gate:
    """Return a gate with its own connections. Raise Misconfigured."""
    config = load(settings.config_path)
    commands = registry()
    redis = connect(settings.redis_url, WEB_TIMEOUTS)
    audit = Audit(redis)
    queue = Queue(redis, audit)
    approvals = ApprovalRepository(redis, audit)
    freezes = Freezes(redis, audit, config)
    user_groups = UserGroups(short_timeout_client(settings), redis)
    totp = Totp(redis, audit, SeedVault(settings.swarmbot_secret_key))
    totp_command = TotpCommand(queue, totp)
    voting = Voting(
        config=config,
        queue=queue,
        approvals=approvals,
        audit=audit,
        user_groups=user_groups,
        check_code=totp.check,
    )
    last_read = LastRead(redis)
    watch = WatchRepository(redis, audit)
    services = GateServices(
        config=config,
        commands=commands,
        queue=queue,
        audit=audit,
        user_groups=user_groups,
        records=RecordReader(
            config=config,
            commands=commands,
            queue=queue,
            pages=AuditPages(redis, audit),
            user_groups=user_groups,
            approvals=approvals,
            watch=watch,
            enrolled=totp.enrolled,
        ),
        voting=voting,
        freezes=freezes,
        control_commands=ControlCommands(
            config=config,
            queue=queue,
            voting=voting,
            approvals=approvals,
            freezes=freezes,
            totp_command=totp_command,
            watch_orders=WatchOrders(watch, config, last_read),
        ),
        totp_command=totp_command,
        early_refusals=EarlyRefusals(
            config=config, queue=queue, approvals=approvals, freezes=freezes, audit=audit, last_read=last_read
        ),
        last_read=last_read,
        secret_form=SecretForm(commands, queue, SecretInbox(redis, settings.swarmbot_secret_key)),
        command_forms=CommandForms(config, commands, last_read),
        typed_files=TypedFiles(redis, settings.swarmbot_secret_key),
        cluster_choices=ClusterChoices(config, redis),
        handled_requests=HandledRequests(redis),
        homes=Homes(redis),
        watch=watch,
    )
    return Gate(services)


def open_metrics(settings: Settings) -> WebMetrics:
    """Return the metrics of the web process, and serve them if they have an address of their own."""
    redis = connect(settings.redis_url, MONITORING_TIMEOUTS)
    config = load(settings.config_path)
    where = settings.web_metrics
    metrics = WebMetrics(redis, [*config.clusters], [*config.watch.webhooks], shown=where is True)
    if isinstance(where, Listen):
        metrics.listen(where)
    return metrics
