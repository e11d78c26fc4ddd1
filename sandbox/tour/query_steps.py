"""Steps that show something: tokens, nodes, status, jobs, the audit log; and the search for leaked secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from handlers import registry
from sandbox.deployment import ROOT
from sandbox.tour import engine_state, secret_scan
from sandbox.tour.driver import TourDriver

VERIFY_TIMEOUT_S: Final = 60


def list_commands(tour: TourDriver) -> None:
    """Help names every command."""
    text = "\n".join(entry.text for entry in tour.type("ada", "help", "Commands of Swarmbot").entries)
    missing = [command.word for command in registry().values() if f"/swarm {command.word}" not in text]
    tour.confirm("help names every command", not missing, f"missing: {missing}")


def show_and_hide_token(tour: TourDriver) -> None:
    """Only the requester sees the join command; it is the engine's own; Hide removes it."""
    answer = tour.type("ada", "token worker", "docker swarm join --token")
    line = engine_state.join_command(tour.fleet["host-1"], "worker")
    shown = [entry for entry in answer.entries if secret_scan.has_secret(entry.text.encode())]
    private = [entry for entry in shown if entry.private and entry.to == (tour.user_id("ada"),)]
    tour.confirm("only ada saw a token", shown == private != [], [entry.to for entry in shown])
    same = line in shown[-1].text
    tour.confirm("it is the command that `docker swarm join-token` prints on host-1", same, "another command")
    tour.press("ada", "Hide", "")
    messages = tour.deployment.slack.ephemerals("ada")
    left = [message for message in messages if secret_scan.has_secret(message.shown.encode())]
    tour.confirm("nobody's screen shows it any more", not left, f"{len(left)} messages that still show it")


def list_nodes(tour: TourDriver) -> None:
    """The list equals the nodes on a manager's engine."""
    text = tour.type("ada", "nodes", "5 of 5 nodes ready in prod").entries[-1].text
    seen = engine_state.nodes(tour.fleet["host-1"])
    listed = {name for name, node in seen.items() if f"✓ {name} | {node.role}" in text}
    tour.confirm("these are the nodes and roles on host-1's engine", listed == set(seen) != set(), seen)


def show_status(tour: TourDriver) -> None:
    """The status says that the cluster is healthy, and names the real leader."""
    tour.type("ada", "status", "*prod is healthy* · 3 managers, tolerates 1 failure · 5 of 5 nodes ready")
    seen = engine_state.nodes(tour.fleet["host-1"])
    leader = next((node.name for node in seen.values() if node.is_leader), "nobody")
    tour.confirm(f"{leader} is the leader, as shown", f"Leader `{leader}`" in tour.answer.entries[-1].text, leader)


def share_answer(tour: TourDriver) -> None:
    """Share shows a private answer to the whole channel."""
    answer = tour.press("ada", "Share", "shared by")
    readers = set(answer.public[-1].to) if answer.public else set()
    tour.confirm("ben and eve see it too", {tour.user_id("ben"), tour.user_id("eve")} <= readers, readers)


def list_jobs(tour: TourDriver) -> None:
    """The list shows the jobs, and every change has ended."""
    text = tour.type("ben", "jobs", "jobs run or wait").entries[-1].text
    with connect(Secret(tour.deployment.redis_url)) as redis:
        changes = [job for job in Queue(redis, Audit(redis)).recent("prod", 1000) if job.order.lane == "exclusive"]
    listed = any(f"`{job.id}`" in text for job in changes)
    tour.confirm(f"all {len(changes)} changes have ended", listed and all(job.ended for job in changes), changes)


def verify_audit_log(tour: TourDriver) -> None:
    """The audit log shows what happened, and its hash chain is intact."""
    tour.type("dan", "audit --by @cleo", "Audit log of prod")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "audit", "verify"],
        env=tour.deployment.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=VERIFY_TIMEOUT_S,
        check=False,
    )
    tour.show_shell("operator$", "python -m bot audit verify", done.stdout + done.stderr)
    tour.confirm("the hash chain is intact", done.returncode == 0, f"exit status {done.returncode}")


def list_permissions(tour: TourDriver) -> None:
    """Each person's permissions are those of the rules."""
    text = tour.type("eve", "whoami", "You may not *administer*").entries[-1].text
    only_view = "You may *view*" in text and "You may not *operate*" in text
    tour.confirm("eve may view, and nothing else", only_view, text)


def search_for_secrets(tour: TourDriver) -> None:
    """No secret is left in Redis, files, process arguments or public messages.

    The search must find the token in the requester's private message: this proves that the search works.
    """
    transcript = tour.deployment.slack.transcript()
    private = [entry for entry in transcript if entry.private and secret_scan.has_secret(entry.text.encode())]
    tour.confirm("the search recognizes a token: it finds the one that ada was shown", bool(private), "nothing")
    with connect(Secret(tour.deployment.redis_url)) as redis:
        found = [("Redis keys", secret_scan.scan_redis(redis))]
    paths = [tour.deployment.folder, *(host.folder / "boot.log" for host in tour.fleet)]
    found.append(("files (logs, Redis data, swarmbot.yml)", secret_scan.scan_files(paths)))
    found.append(("argument lists of running processes", secret_scan.scan_arguments(os.getpid())))
    found.append(("messages in channels", secret_scan.scan_messages(transcript)))
    for what, (count, where) in found:
        seen = where or "nothing to search"
        tour.confirm(f"no join token or unlock key in {count} {what}", count > 0 and not where, seen)
