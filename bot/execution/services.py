"""What the parts of a worker share."""

from __future__ import annotations

from dataclasses import dataclass

from bot.approvals.repository import ApprovalRepository
from bot.commands import CommandRegistry
from bot.config import Config
from bot.execution.approval_step import ApprovalStep
from bot.execution.audit_export import AuditExporter
from bot.execution.cluster_reader import ClusterReader
from bot.execution.replies import Replies
from bot.execution.secret_messages import SecretMessages
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.outbox.outbox import Outbox
from bot.pictures.message_pictures import Pictures
from bot.queue.queue import Queue
from bot.queue.secret_inbox import SecretInbox
from bot.slack.outbound.files import DirectMessageUploads
from bot.slack.outbound.notifier import Notifier
from bot.totp import EnrolmentMessage
from bot.watch.repository import WatchRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerServices:
    """Made once for each worker, in :mod:`bot.wiring.worker`. Each service is safe to share between threads."""

    config: Config
    commands: CommandRegistry
    queue: Queue
    notifier: Notifier
    replies: Replies
    """Replies to the requester, and the end of jobs."""
    secret_messages: SecretMessages
    """Messages that show secrets."""
    outbox: Outbox
    """Messages that Slack has not accepted yet."""
    cluster_reader: ClusterReader
    approvals: ApprovalRepository
    approval_step: ApprovalStep
    watch: WatchRepository
    """What the processes that watch the clusters have stored."""
    pending_rotations: PendingRotations
    """Rotations that are due after a token was shown for one node."""
    secret_inbox: SecretInbox
    """What people typed into a form, on its way to this worker."""
    enrolment_message: EnrolmentMessage
    """Shows the key of a new second factor."""
    uploads: DirectMessageUploads
    """Files for the requester alone."""
    pictures: Pictures
    """Pictures in answers."""
    exporter: AuditExporter
    """Sends audit entries as files."""
