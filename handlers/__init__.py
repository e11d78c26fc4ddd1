"""One file a command family. Importing this package registers every command."""

from handlers import (
    approvals,
    audit,
    freeze,
    help,  # noqa: A004 - named after its command
    init,
    jobs,
    join,
    nodes,
    promote,
    recover,
    status,
    tokens,
    totp,
)

__all__ = [
    "approvals",
    "audit",
    "freeze",
    "help",
    "init",
    "jobs",
    "join",
    "nodes",
    "promote",
    "recover",
    "status",
    "tokens",
    "totp",
]
