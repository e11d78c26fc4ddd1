"""One file a command family. Importing this package registers every command."""

from handlers import (
    approvals,
    audit,
    demote,
    drain,
    freeze,
    help,  # noqa: A004 - named after its command
    init,
    jobs,
    join,
    label,
    leave,
    nodes,
    promote,
    recover,
    remove,
    status,
    tokens,
    totp,
)

__all__ = [
    "approvals",
    "audit",
    "demote",
    "drain",
    "freeze",
    "help",
    "init",
    "jobs",
    "join",
    "label",
    "leave",
    "nodes",
    "promote",
    "recover",
    "remove",
    "status",
    "tokens",
    "totp",
]
