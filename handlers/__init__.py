"""One file a command family. Importing this package registers every command."""

from handlers import audit, freeze, help, init, jobs, join, nodes, status, tokens  # noqa: A004 - named after their commands

__all__ = ["audit", "freeze", "help", "init", "jobs", "join", "nodes", "status", "tokens"]
