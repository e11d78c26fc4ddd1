"""Puts together what takes requests in: the gate over Redis and Slack's user groups. No way to a host in it."""

from __future__ import annotations

from bot.approvals.repository import ApprovalRepository
from bot.approvals.voting import Voting
from bot.audit import Audit
from bot.config import load
from bot.freeze import Freezes
from bot.gate import Gate
from bot.gate.controls import Controls
from bot.gate.records import RecordReader
from bot.gate.second_factor import SecondFactor
from bot.gate.secret_form import SecretForm
from bot.gate.services import GateServices
from bot.queue.queue import Queue
from bot.queue.secret_inbox import SecretInbox
from bot.settings import Settings
from bot.slack.outbound.notifier import Notifier
from bot.store.client import QUICK, connect
from bot.totp import Seeds, Totp
from bot.usergroups import UserGroups, patient_client


def open_gate(settings: Settings, _: Notifier) -> Gate:
    """The gate, with connections of its own; raises Misconfigured."""
    config = load(settings.config_path)
    redis = connect(settings.redis_url, QUICK)
    audit = Audit(redis)
    queue = Queue(redis, audit)
    approvals = ApprovalRepository(redis, audit)
    freezes = Freezes(redis, audit, config)
    user_groups = UserGroups(patient_client(settings), redis)
    totp = Totp(redis, audit, Seeds(settings.swarmbot_secret_key))
    factor = SecondFactor(queue, totp)
    voting = Voting(
        config=config,
        queue=queue,
        approvals=approvals,
        audit=audit,
        user_groups=user_groups,
        prove=totp.check,
    )
    services = GateServices(
        config=config,
        queue=queue,
        audit=audit,
        user_groups=user_groups,
        records=RecordReader(config, queue, audit, user_groups, approvals),
        voting=voting,
        freezes=freezes,
        controls=Controls(config, queue, voting, freezes, factor),
        second_factor=factor,
        secret_form=SecretForm(SecretInbox(redis, settings.swarmbot_secret_key)),
    )
    return Gate(services)
