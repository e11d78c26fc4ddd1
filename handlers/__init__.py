"""One file a command family. Importing this package registers every command."""

from handlers import (
    approvals,
    audit,
    check,
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
    trust,
)

__all__ = [
    "approvals",
    "audit",
    "check",
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
    "trust",
]
