"""One file a command family. Importing this package registers every command."""

from handlers import (
    approvals,
    audit,
    ca,
    freeze,
    help,  # noqa: A004 - named after its command
    init,
    jobs,
    join,
    nodes,
    promote,
    status,
    tokens,
    totp,
    unlock,
    update,
)

__all__ = [
    "approvals",
    "audit",
    "ca",
    "freeze",
    "help",
    "init",
    "jobs",
    "join",
    "nodes",
    "promote",
    "status",
    "tokens",
    "totp",
    "unlock",
    "update",
]
