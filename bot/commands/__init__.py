"""Commands: their declaration and registry, the grammar of slash text, generated help."""

from bot.commands.command import (
    COMMANDS,
    Asks,
    CancelJob,
    Command,
    Control,
    EnrolTotp,
    Flag,
    FreezeCluster,
    Permission,
    Raise,
    ResetTotp,
    ThawCluster,
    Word,
)
from bot.commands.forms import conditions, default_counts
from bot.commands.grammar import find_command, read_arguments, read_options, read_sentence
from bot.commands.kinds import (
    ADDRESS,
    DURATION,
    HOST,
    LABEL,
    NETWORK,
    PERSON,
    Kind,
    Vocabulary,
    choice,
    number,
    text,
)
from bot.commands.moments import MOMENT, read_moment
from bot.commands.past import PAST
from bot.commands.registration import change, control, question, record
from bot.commands.rights import other_rights, plain_right, rights
from bot.commands.unlock_key import UNLOCK, unlock_key_form

__all__ = [
    "ADDRESS",
    "COMMANDS",
    "DURATION",
    "HOST",
    "LABEL",
    "MOMENT",
    "NETWORK",
    "PAST",
    "PERSON",
    "UNLOCK",
    "Asks",
    "CancelJob",
    "Command",
    "Control",
    "EnrolTotp",
    "Flag",
    "FreezeCluster",
    "Kind",
    "Permission",
    "Raise",
    "ResetTotp",
    "ThawCluster",
    "Vocabulary",
    "Word",
    "change",
    "choice",
    "conditions",
    "control",
    "default_counts",
    "find_command",
    "number",
    "other_rights",
    "plain_right",
    "question",
    "read_arguments",
    "read_moment",
    "read_options",
    "read_sentence",
    "record",
    "rights",
    "text",
    "unlock_key_form",
]
