"""``python -m bot audit verify | export | anchor``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bot.audit.archive import Archive
from bot.audit.chain import Verification
from bot.audit.entry import GENESIS
from bot.audit.export import matching_rows, write_csv, write_json_lines
from bot.audit.filter import Filter
from bot.audit.log import Audit
from bot.audit.verify import anchor_of, read_anchors
from bot.config import load
from bot.errors import Failed, NotUnderstood
from bot.settings import Settings
from bot.store.client import connect
from bot.text.timespec import read_past

FILTERS = ("by", "node", "command", "cluster", "job")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the ``audit`` command; ``args.act(args)``, with ``args.settings``, returns the exit status."""
    audit = subparsers.add_parser("audit", help="Verify, export or anchor the audit log")
    actions = audit.add_subparsers(dest="action", required=True)
    verify = actions.add_parser("verify", help="Find entries that were edited, removed, inserted or reordered")
    verify.add_argument(
        "--anchor", metavar="FILE|HASH:COUNT", help="Also detect that the end was cut off since this anchor"
    )
    verify.set_defaults(act=_verify)
    export = actions.add_parser("export", help="Write entries to standard output, oldest first")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    for name in FILTERS:
        export.add_argument(f"--{name}", default="")
    export.add_argument(
        "--since", metavar="WHEN", default="", help="For example 2d (ago), a date, or a date with a time"
    )
    export.add_argument("--until", metavar="WHEN", default="", help="As --since")
    export.set_defaults(act=_export)
    anchor = actions.add_parser("anchor", help="Print the log's anchor, HASH:COUNT, for verify --anchor")
    anchor.set_defaults(act=_anchor)
    for parser in (verify, export, anchor):
        parser.add_argument(
            "--archive", metavar="DIR", type=Path, help="Where old entries are (default: as in swarmbot.yml)"
        )


def report(verification: Verification) -> str:
    """Return the result of a verification in words."""
    if not verification.ok:
        return (
            f"The audit log was tampered with. First bad entry: {verification.first_bad}, {verification.problem}.\n"
            f"Valid entries before it: {verification.count}. The chain does not prove the entries after it."
        )
    if not verification.count and verification.start == GENESIS:
        return "The audit log is empty."
    valid = f"The audit log is valid: {verification.count} entries, head {verification.head.hash}."
    if verification.start == GENESIS:
        return valid
    return f"{valid}\nNot verified: entries 1 to {verification.start.seq}, which are in the archive."


def _verify(args: argparse.Namespace) -> int:
    verification = _verification(args)
    sys.stdout.write(report(verification) + "\n")
    return 0 if _whole(verification) else 1


def _anchor(args: argparse.Namespace) -> int:
    verification = _verification(args)
    if not _whole(verification):
        sys.stderr.write(report(verification) + "\n")
        return 1
    sys.stdout.write(anchor_of(verification.head) + "\n")
    return 0


def _export(args: argparse.Namespace) -> int:
    now = time.time()
    wanted = Filter(
        **{name: getattr(args, name) for name in FILTERS},
        since=_moment(args.since, now, end=False),
        until=_moment(args.until, now, end=True),
    )
    rows = matching_rows(Audit(connect(args.settings.redis_url)), _archive(args), wanted)
    (write_csv if args.format == "csv" else write_json_lines)(rows, sys.stdout)
    return 0


def _verification(args: argparse.Namespace) -> Verification:
    anchors = read_anchors(args.anchor) if getattr(args, "anchor", None) else ()
    try:
        return Audit(connect(args.settings.redis_url)).verify(_archive(args), anchors)
    except OSError as error:
        raise Failed(f"The audit archive cannot be read: {error}.") from error


def _whole(verification: Verification) -> bool:
    return verification.ok and verification.start == GENESIS


def _archive(args: argparse.Namespace) -> Archive | None:
    settings: Settings = args.settings
    folder: Path | None = args.archive
    if folder is None and settings.config_path.exists():
        folder = load(settings.config_path).audit.archive
    return Archive.at(folder)


def _moment(text: str, now: float, *, end: bool) -> float:
    moment = read_past(text, now, end=end) if text else 0.0
    if moment is None:
        raise NotUnderstood(f"I can't read {text} as a time.", next_step="Try 2d (ago), 2026-12-24 or 18:00.")
    return moment
