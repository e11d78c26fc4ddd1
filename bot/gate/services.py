"""What the parts of the gate share."""

from __future__ import annotations

from dataclasses import dataclass

from bot.approvals.voting import Voting
from bot.audit import Audit
from bot.commands import CommandRegistry
from bot.config import Config
from bot.freeze import Freezes
from bot.gate.cluster_choice import ClusterChoices
from bot.gate.command_form import CommandForms
from bot.gate.control_commands import ControlCommands
from bot.gate.early_refusals import EarlyRefusals
from bot.gate.records import RecordReader
from bot.gate.secret_form import SecretForm
from bot.gate.totp_command import TotpCommand
from bot.home.homes import Homes
from bot.last_read import LastRead
from bot.queue.handled_requests import HandledRequests
from bot.queue.queue import Queue
from bot.typed_files import TypedFiles
from bot.usergroups import UserGroups
from bot.watch.repository import WatchRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class GateServices:
    """Made once for each web process, in :mod:`bot.wiring.web`. Each service is safe to share between threads."""

    config: Config
    commands: CommandRegistry
    queue: Queue
    audit: Audit
    user_groups: UserGroups
    records: RecordReader
    voting: Voting
    freezes: Freezes
    control_commands: ControlCommands
    """Orders that the gate carries out itself: cancel, freeze, thaw, second factors."""
    totp_command: TotpCommand
    early_refusals: EarlyRefusals
    last_read: LastRead
    """Names of nodes and services, by which a word that may mean either is understood."""
    secret_form: SecretForm
    command_forms: CommandForms
    typed_files: TypedFiles
    """Long texts that a form takes."""
    cluster_choices: ClusterChoices
    handled_requests: HandledRequests
    homes: Homes
    watch: WatchRepository
