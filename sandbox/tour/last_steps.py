"""The steps that ask: tokens, nodes, status, jobs, the audit log; and the search for what must be nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.tour import leaks as search
from sandbox.tour import truth
from sandbox.tour.play import Play

SECONDS: Final = 60


def token(play: Play) -> None:
    """The line goes to the asker alone, is the engines' own, and can be hidden."""
    answer = play.types("ada", "token worker", "docker swarm join --token")
    line = truth.join_line(play.fleet["host-1"], "worker")
    shown = [entry for entry in answer.entries if search.holds(entry.text.encode())]
    alone = [entry for entry in shown if entry.private and entry.to == (play.user("ada"),)]
    play.true("only ada saw a token", shown == alone != [], [entry.to for entry in shown])
    play.true("it is the line that host-1's own `docker swarm join-token` prints", line in shown[-1].text, "another")
    play.presses("ada", "Hide", "")
    left = [message for message in play.stage.slack.ephemerals("ada") if search.holds(message.shown.encode())]
    play.true("it is on nobody's screen any more", not left, f"{len(left)} messages that still show it")


def nodes(play: Play) -> None:
    """What is listed is what a manager's engine has."""
    said = play.types("ada", "nodes", "5 of 5 nodes ready in prod").entries[-1].text
    seen = truth.nodes(play.fleet["host-1"])
    listed = {name for name, node in seen.items() if f"✓ {name} | {node.role}" in said}
    play.true("these are the nodes and roles that host-1's engine has", listed == set(seen) != set(), seen)


def status(play: Play) -> None:
    """Healthy is said, and is so."""
    play.types("ada", "status", "*prod is healthy* · 3 managers, survives 1 failure · 5 of 5 nodes ready")
    seen = truth.nodes(play.fleet["host-1"])
    leader = next((node.name for node in seen.values() if node.leads), "nobody")
    play.true(f"{leader} leads, as said", f"Leader `{leader}`" in play.answer.entries[-1].text, leader)


def share(play: Play) -> None:
    """What one asked, all may see."""
    answer = play.presses("ada", "Share", "shared by")
    seers = set(answer.public[-1].to) if answer.public else set()
    play.true("ben and eve see it too", {play.user("ben"), play.user("eve")} <= seers, seers)


def jobs(play: Play) -> None:
    """Every job is listed, and has an end."""
    said = play.types("ben", "jobs", "jobs run or wait").entries[-1].text
    with connect(Secret(play.stage.redis_url)) as redis:
        kept = [job for job in Queue(redis, Audit(redis)).recent("prod", 1000) if job.order.lane == "exclusive"]
    last = next((job for job in kept if f"`{job.id}`" in said), None)
    play.true(f"all {len(kept)} changes have an end", last is not None and all(job.ended for job in kept), kept)


def audit(play: Play) -> None:
    """The log reads as it happened, and its chain of hashes holds."""
    play.types("dan", "audit --by @cleo", "Audit log of prod")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "audit", "verify"],
        env=play.stage.environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    play.shell("operator$", "python -m bot audit verify", done.stdout + done.stderr)
    play.true("the chain of hashes holds", done.returncode == 0, f"exit status {done.returncode}")


def whoami(play: Play) -> None:
    """Rights, as the rules say."""
    said = play.types("eve", "whoami", "You may not *administer*").entries[-1].text
    play.true("eve may look, and no more", "You may *view*" in said and "You may not *operate*" in said, said)


def leaks(play: Play) -> None:
    """The one place where a token was is the asker's private message: found there, so the search works."""
    told = [e for e in play.stage.slack.transcript() if e.private and search.holds(e.text.encode())]
    play.true("the search knows a token: it finds the one that ada was shown", bool(told), "nothing")
    with connect(Secret(play.stage.redis_url)) as redis:
        found = [("keys of Redis", search.in_redis(redis))]
    logs = [play.stage.folder, *(host.folder / "boot.log" for host in play.fleet)]
    found.append(("files: logs, Redis' own, swarmbot.yml", search.in_files(logs)))
    found.append(("running processes' arguments", search.in_arguments(os.getpid())))
    found.append(("things that a channel saw", search.in_messages(play.stage.slack.transcript())))
    for what, (count, where) in found:
        play.true(f"no join token or unlock key in {count} {what}", count > 0 and not where, where or "none to search")
