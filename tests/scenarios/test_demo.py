"""``make demo`` as a new user runs it: to the end, interrupted, killed, and in a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from sandbox.deployment import ROOT
from sandbox.fleet import Fleet, missing
from sandbox.fleet.shell import until
from sandbox.fleet.slots import REGISTRY, Claim
from sandbox.tour.scenes import SCENES
from sandbox.tour.steps import STEPS
from tests.conftest import cannot
from tests.fleet.test_fleet_lifetime import traces_of

pytestmark = pytest.mark.fleet
LONGEST = 180.0


@dataclass
class Run:
    """A running demo; all its temporary files are below ``folder``."""

    process: subprocess.Popen[bytes]
    folder: Path
    terminal: int
    text: str = ""

    def read_until(self, words: str) -> None:
        """Read its output until it contains ``words``."""
        deadline = monotonic() + LONGEST
        while words not in self.text:
            assert monotonic() < deadline, self.text
            assert self._read(), f"it ended without {words!r}:\n{self.text}"

    def wait(self) -> int:
        """Read its output to the end, and return the exit status."""
        while self._read():
            pass
        return self.process.wait(LONGEST)

    def claim(self) -> Claim:
        """Return the claim of its fleet."""
        claims = [Claim.model_validate_json(path.read_text()) for path in REGISTRY.glob("*.json")]
        return next(claim for claim in claims if claim.state.parent == self.folder)

    def leftovers(self, claim: Claim) -> list[str]:
        """Return everything of it that is left on the machine."""
        return [*traces_of(claim), *map(str, processes_of(self.folder)), *map(str, self.folder.iterdir())]

    def _read(self) -> bool:
        if not select.select([self.terminal], [], [], LONGEST)[0]:
            raise TimeoutError(self.text)
        with suppress(OSError):  # the kernel's way of saying that nobody holds the terminal's other end
            data = os.read(self.terminal, 65536)
            self.text += data.decode(errors="replace").replace("\r\n", "\n")
            return bool(data)
        return False


def processes_of(folder: Path) -> list[int]:
    """Return the processes with ``folder`` in their arguments or environment: the bot's, Redis, those of hosts."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if str(folder).encode() in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found


@contextmanager
def demo(folder: Path, *, terminal: bool = False, tour: str = "") -> Iterator[Run]:
    """Start the demo with its output to a terminal or a pipe; kill it at the end."""
    if reasons := missing():
        cannot("; ".join(reasons))
    ours, theirs = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "sandbox", "demo"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder), "TOUR": tour},
        stdin=theirs if terminal else subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.STDOUT,
    )
    os.close(theirs)
    try:
        yield Run(process, folder, ours)
    finally:
        process.kill()
        process.wait(LONGEST)
        os.close(ours)


def run_by_hand(*words: str) -> str:
    """Return the output of a sandbox command."""
    argv = [sys.executable, "-m", "bot", "sandbox", *words]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
    return done.stdout + done.stderr


def test_the_tour_succeeds_and_leaves_nothing(tmp_path: Path) -> None:
    """Without a terminal, all steps run, the exit status is 0, no full token is printed, and nothing is left."""
    with demo(tmp_path) as run:
        run.read_until("hosts are up")
        claim = run.claim()
        assert len(run.leftovers(claim)) > 10
        assert run.wait() == 0, run.text
        assert run.leftovers(claim) == []
    for step in STEPS:
        assert step.title in run.text
    assert "only eve sees" in run.text
    assert "everybody in #prod sees" in run.text
    assert "docker node ls" in run.text
    assert re.search(r"SWMTKN-1-\w{4}…", run.text)
    assert not re.search(r"SWM(TKN|KEY)-1-\w{5}", run.text)
    assert "\x1b" not in run.text


@pytest.mark.long
@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, signal.SIGKILL],
)
def test_an_interrupted_demo_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM clean up first; after SIGKILL, hosts, processes and folder are removed on their own."""
    with demo(tmp_path) as run:
        run.read_until(STEPS[3].title)
        claim = run.claim()
        run.process.send_signal(number)
        assert run.process.wait(LONGEST) == (-9 if number == signal.SIGKILL else 130), run.text
        if number != signal.SIGKILL:
            assert run.leftovers(claim) == []
        until(lambda: run.leftovers(claim) == [], "all of the killed demo is gone", timeout=60)


@pytest.mark.long
def test_a_failed_step_ends_the_tour(tmp_path: Path) -> None:
    """With a host off, the tour prints what it expected and saw, keeps the logs, cleans up and exits with 1."""
    with demo(tmp_path) as run:
        run.read_until("hosts are up")
        claim = run.claim()
        Fleet.attach(claim.state)["host-1"].power_off()
        assert run.wait() == 1, run.text
        assert "Expected:" in run.text
        assert "Seen:" in run.text
        kept = re.search(r"Logs: (\S+)", run.text)
        assert kept
        assert {"web.log", "worker.1.log", "redis.log"} <= {log.name for log in Path(kept[1]).iterdir()}
        assert run.leftovers(claim) == [kept[1]]


@pytest.mark.long
def test_the_demo_stays_up_in_a_terminal(tmp_path: Path) -> None:
    """A user types commands and presses buttons by hand; Ctrl-C ends the demo with 0."""
    with demo(tmp_path, terminal=True, tour="all") as run:
        run.read_until("Logs: ")
        claim = run.claim()
        assert "\x1b[1m" in run.text
        listens = re.search(r"listens on (http://[\d.:]+)", run.text)
        assert listens
        at = ["--slack", listens[1]]
        assert "prod is healthy" in run_by_hand("say", *at, "eve", "prod", "/swarm status")
        assert "shared by @eve" in run_by_hand("click", *at, "eve", "Share")
        assert "SWMTKN-" in run_by_hand("say", *at, "cleo", "prod", "/swarm token worker")
        assert "deleted from cleo's screen" in run_by_hand("click", *at, "cleo", "Hide")
        assert "there is no user nobody" in run_by_hand("say", *at, "nobody", "prod", "/swarm status")
        assert "sees no button" in run_by_hand("click", *at, "ben", "No such button")
        assert "host-4" in run_by_hand("fleet", "--state", str(claim.state), "run", "host-1", "docker", "node", "ls")
        assert f"{listens[1]} in a browser" in run.text
        run.process.send_signal(signal.SIGINT)
        assert run.wait() == 0
        assert run.leftovers(claim) == []


@pytest.mark.long
def test_the_paced_tour_waits_for_enter(tmp_path: Path) -> None:
    """In a terminal each scene waits for the reader, from no cluster to a recovered quorum; its address is printed."""
    with demo(tmp_path, terminal=True) as run:
        for number, scene in enumerate(SCENES, 1):
            run.read_until(f"Enter: scene {number} of {len(SCENES)}")
            assert f"{number}  {scene.title}" not in run.text
            os.write(run.terminal, b"\n")
        run.read_until("Logs: ")
        assert re.search(r"Open http://127\.0\.0\.1:\d+/\?tour=1 in a browser", run.text)
        assert "both are managers again" in run.text
        run.process.send_signal(signal.SIGINT)
        assert run.wait() == 0


def test_commands_by_hand_need_a_demo() -> None:
    """Without a running demo the error says how to start one."""
    assert "Start the demo with `make demo`" in run_by_hand(
        "say", "--slack", "http://127.0.0.1:9", "ada", "prod", "/swarm"
    )
