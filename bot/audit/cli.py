"""``python -m bot audit verify``: walk the log and say what is wrong with it."""

from __future__ import annotations

import argparse
import sys

from bot.audit.chain import Verdict
from bot.audit.log import Audit
from bot.settings import Settings
from bot.store.client import connect


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the ``audit`` command; ``args.act(args)`` carries it out and returns the exit status."""
    audit = subparsers.add_parser("audit", help="look at the audit log")
    actions = audit.add_subparsers(dest="action", required=True)
    verify = actions.add_parser("verify", help="find entries that were edited, removed, inserted or reordered")
    verify.set_defaults(act=_verify)


def _verify(_args: argparse.Namespace) -> int:
    verdict = Audit(connect(Settings.from_environment().redis_url)).verify()
    sys.stdout.write(report(verdict) + "\n")
    return 0 if verdict.ok else 1


def report(verdict: Verdict) -> str:
    """Say a verdict in words."""
    if verdict.ok and not verdict.count:
        return "The audit log is empty."
    if verdict.ok:
        return f"The audit log holds: {verdict.count} entries, head {verdict.head.hash}."
    return (
        f"The audit log was tampered with. First bad entry: {verdict.first_bad}, {verdict.problem}.\n"
        f"Entries before it that hold: {verdict.count}. Nothing after it can be trusted by the chain alone."
    )
