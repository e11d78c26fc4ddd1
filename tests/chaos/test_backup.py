"""Workers are killed while a manager's engine is stopped for a backup: the engine is always started again."""

from __future__ import annotations

from sandbox.fleet.shell import until
from tests.kits.scenario import Play

BALLAST = 64
"""Megabytes that cannot be compressed: packing them takes seconds."""


def test_another_worker_finishes_the_backup(play: Play) -> None:
    """The host itself starts its engine again at once, and the other worker takes the backup again."""
    job, first = stopped(play)
    play.stage.kill(first)
    until(lambda: play["host-3"].docker_answers, "the engine of host-3 runs again, by nobody's order")
    card = play.end(job)
    assert card.text.startswith("✓ *prod is backed up*"), card.text
    assert play.nodes()["host-3"] == "Ready Active Reachable"
    assert "attempt 2" in play.ask("eve", f"job {job}")
    assert len([*(play.stage.folder / "backups").iterdir()]) == 1


def test_without_any_worker_the_engine_runs_again(play: Play) -> None:
    """No process of Swarmbot runs, and the manager still comes back. A worker that starts later ends the job."""
    job, first = stopped(play)
    for name in ("worker.1", "worker.2"):
        play.stage.kill(name)
    until(lambda: play["host-3"].docker_answers, "the engine of host-3 runs again, by nobody's order")
    until(lambda: play.nodes().get("host-3") == "Ready Active Reachable", "host-3 is a reachable manager")
    play.stage.start(first)
    card = play.end(job)
    assert card.text.startswith("✓ *prod is backed up*"), card.text


def stopped(play: Play) -> tuple[str, str]:
    """Begin a backup and wait until its engine is stopped. Return the job and the worker that runs it."""
    play.cluster(managers=("host-1", "host-2", "host-3"))
    swarm = play["host-3"].folder / "data" / "swarm"
    play["host-3"].run("dd", "if=/dev/urandom", f"of={swarm}/ballast", "bs=1M", f"count={BALLAST}")
    job = play.begin("cleo", "backup host-3")
    until(lambda: "attempt 1" in play.ask("eve", f"job {job}"), "a worker runs the job")
    told = play.ask("eve", f"job {job}")
    (first,) = (name for name, process in play.stage.processes.items() if f"-{process.pid}, attempt 1" in told)
    until(lambda: not play["host-3"].docker_runs, "the engine of host-3 is stopped")
    return job, first
