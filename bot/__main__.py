"""The command line: ``python -m bot web | socket | worker | watch | doctor | audit | sandbox``.

Each part is imported where it is needed: the web process must not import the code that reaches hosts.
"""

from __future__ import annotations

import argparse
import logging
import sys

from bot.errors import SwarmbotError
from bot.secrets import redact
from bot.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m bot", description="Run Docker Swarm from Slack.")
    parts = parser.add_subparsers(dest="part", required=True, metavar="COMMAND")
    _add_processes(parts)
    _add_tools(parts, words)
    args = parser.parse_args(words)
    try:
        args.settings = Settings.from_environment()
        _log(args.settings.log_level)
        status: int = args.act(args)
    except SwarmbotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _add_processes(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, act, words in (
        ("web", _web, "Receive Slack's requests over HTTP"),
        ("socket", _socket, "Receive Slack's requests over Socket Mode"),
        ("worker", _worker, "Run jobs"),
        ("watch", _watch, "Watch the clusters, and tell what is wrong"),
        ("doctor", _doctor, "Check the settings, Slack, Redis and every host"),
    ):
        parts.add_parser(name, help=words).set_defaults(act=act)


def _add_tools(parts: argparse._SubParsersAction[argparse.ArgumentParser], words: list[str]) -> None:
    from bot.audit.cli import add_parser  # noqa: PLC0415 - see the module's docstring

    add_parser(parts)
    sandbox = parts.add_parser("sandbox", help="Try everything on real Docker hosts and a local Slack")
    if words[:1] == ["sandbox"]:
        from sandbox.cli import add_parsers  # noqa: PLC0415 - see the module's docstring

        add_parsers(sandbox)


def _web(args: argparse.Namespace) -> int:
    from bot.slack.inbound.web import run_web  # noqa: PLC0415
    from bot.wiring.memory import keep_memory_small  # noqa: PLC0415
    from bot.wiring.web import open_gate, open_metrics  # noqa: PLC0415 - see the module's docstring

    keep_memory_small()
    run_web(args.settings, open_gate, open_metrics)
    return 0


def _socket(args: argparse.Namespace) -> int:
    from bot.slack.inbound.socket_mode import run_socket  # noqa: PLC0415
    from bot.wiring.memory import keep_memory_small  # noqa: PLC0415
    from bot.wiring.web import open_gate  # noqa: PLC0415 - see the module's docstring

    keep_memory_small()
    run_socket(args.settings, open_gate)
    return 0


def _worker(args: argparse.Namespace) -> int:
    from bot.wiring.worker import run_worker  # noqa: PLC0415 - see the module's docstring

    return run_worker(args.settings)


def _watch(args: argparse.Namespace) -> int:
    from bot.wiring.watch import run_watch  # noqa: PLC0415 - see the module's docstring

    return run_watch(args.settings)


def _doctor(args: argparse.Namespace) -> int:
    from bot.doctor.run import run_doctor  # noqa: PLC0415
    from handlers import registry  # noqa: PLC0415 - see the module's docstring

    return run_doctor(args.settings, registry(), sys.stdout)


def _log(level: str) -> None:
    redact.install()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # At DEBUG these log whole requests, secrets included.
    for name in ("urllib3", "docker", "paramiko", "slack_sdk", "slack_bolt"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.getLogger(__name__).debug("log level %s", level)


if __name__ == "__main__":
    sys.exit(main())
