"""What scenarios are played with: people typing in a Slack, and a bot that runs as the Procfile starts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final

from bot.audit import Audit
from bot.errors import Failed
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from sandbox.slack.local import LocalSlack
from sandbox.slack.observer import Observer
from sandbox.slack.transcript import TranscriptEntry

ACK: Final = "On it: "
JOB: Final = re.compile(r"is job `(\w{4})`")
LONGEST: Final = 90.0
"""Seconds after which a job that has no end counts as one that will never have one."""
SHOWN: Final = frozenset({"posted", "edited", "error"})
UNASKED: Final = (
    *("join manager", "token manager", "rotate", "force-new-cluster"),
    *("demote", "remove", "leave", "ca rotate", "restore", "recover"),
)
"""What needs nobody's yes in scenarios that are not about approvals."""
KEPT: Final = frozenset({keys.WORKERS, *(keys.stream(lane) for lane in keys.LANES)})


@dataclass(frozen=True)
class ProgressCard:
    """A change as the cluster's channel shows it at its end; ``number`` is the transcript's."""

    job: str
    text: str
    seen: TranscriptEntry


class Play:
    """One bot before a Slack and real hosts. People are ada, ben (operators), cleo, dan (admins) and eve."""

    def __init__(self, stage: Deployment) -> None:
        self.stage = stage
        self.slack: LocalSlack = stage.slack
        self.fleet: Fleet = stage.fleet
        self.began = self.now
        self._stands: tuple[tuple[str, ...], tuple[str, ...], str] | None = None

    @property
    def now(self) -> int:
        """The number of the newest entry of the transcript."""
        return len(self.slack.transcript())

    def __getitem__(self, host: str) -> Host:
        return self.fleet[host]

    # Typing

    def ask(self, user: str, text: str, channel: str = "prod", *, timeout: float = LONGEST) -> str:
        """Type ``/swarm text`` and return the private answer: not the word that a job was taken, but its end."""
        after = self.now
        self.slack.slash(user, channel, text)
        return self.answer(user, after, timeout=timeout).text

    def change(self, user: str, text: str, channel: str = "prod", *, timeout: float = LONGEST) -> ProgressCard:
        """Type ``/swarm text`` and return the card that its job ends with."""
        return self.end(self.begin(user, text, channel), timeout=timeout)

    def begin(self, user: str, text: str, channel: str = "prod") -> str:
        """Type ``/swarm text``, which must be taken as a change, and return its job's id."""
        after = self.now
        self.slack.slash(user, channel, text)
        return self.job(user, after)

    def job(self, user: str, after: int) -> str:
        """Return the id of the job that ``user`` was told of after entry ``after``."""

        def find(_: Observer) -> str | None:
            """What is told of an earlier job may come in between."""
            told = (JOB.search(each.text) for each in self._told(user, after))
            return next((found[1] for found in told if found), None)

        found = self.slack.wait_for(find)
        assert found is not None
        return found

    def answer(self, user: str, after: int, *, timeout: float = LONGEST) -> TranscriptEntry:
        """Wait for the first private word of the bot that is more than an acknowledgement."""

        def find(_: Observer) -> TranscriptEntry | None:
            return next((each for each in self._told(user, after) if not each.text.startswith(ACK)), None)

        found = self.slack.wait_for(find, timeout)
        assert found is not None
        return found

    def _told(self, user: str, after: int) -> Iterator[TranscriptEntry]:
        """What ``user`` alone was shown since entry ``after``."""
        user_id = self.slack.team.user(user).id
        private = (each for each in self.slack.transcript(after) if each.private and user_id in each.to)
        return (each for each in private if each.kind in SHOWN)

    def end(self, job: str, *, after: int = 0, timeout: float = LONGEST) -> ProgressCard:
        """Wait for the last state of a job's card: neither a question, nor with a button to cancel it."""

        def find(slack: Observer) -> TranscriptEntry | None:
            cards = (e for e in slack.transcript(after) if not e.private and f"`{job}`" in e.text and e.kind in SHOWN)
            return next((e for e in cards if "[Cancel]" not in e.text and " asks to " not in e.text), None)

        seen = self.slack.wait_for(find, timeout)
        assert seen is not None
        self._await_end(job)
        return ProgressCard(job, seen.text, seen)

    def await_status(self, contains: str, *, timeout: float = LONGEST) -> str:
        """Ask for the status until it says ``contains``, as somebody would who waits for it; return it then."""
        deadline = monotonic() + timeout
        while contains not in (told := self.ask("ada", "status")):
            assert monotonic() < deadline, f"{contains!r} was not said in {timeout} s, but: {told}"
        return told

    def see(
        self, user: str, contains: str, *, after: int | None = None, private: bool | None = None
    ) -> TranscriptEntry:
        """Wait until ``user`` sees ``contains``, since the beginning unless ``after`` says since when."""
        start = self.began if after is None else after
        return self.slack.wait_to_see(user, contains, after=start, private=private, timeout=LONGEST)

    def public(self) -> str:
        """All that stood in any channel since the beginning, edits included."""
        return "\n".join(e.text for e in self.slack.transcript(self.began) if not e.private and e.kind in SHOWN)

    def forced(self, user: str, text: str, *others: str) -> ProgressCard:
        """Type an order that only ``--force`` lets through, have the others agree, and return the card it ends with."""
        after = self.now
        self.slack.slash(user, "prod", text)
        asked = self.slack.wait_to_see(others[0], "[Approve]", after=after, private=False, timeout=LONGEST)
        for other in others:
            self.slack.click(other, asked, "Approve")
        job = self.job(user, after)
        self.see(user, f"`{job}`: ✓ *Approved*", after=after, private=True)  # else it looks like a later answer
        return self.end(job, after=asked.number)

    def fill(self, user: str, **answers: str) -> None:
        """Wait for the form that opens for ``user``, and submit it."""
        who = self.slack.team.user(user).id
        self.slack.wait_for(lambda slack: slack.workspace.views.stack(who))
        self.slack.submit_view(user, answers)

    def unlock(self, user: str, host: str, key: str, *, timeout: float = LONGEST) -> ProgressCard:
        """Type ``/swarm unlock`` and the key into its form, and return the card that its job ends with."""
        return self.keyed(user, f"unlock {host}", key, timeout=timeout)

    def keyed(self, user: str, text: str, key: str, *, timeout: float = LONGEST) -> ProgressCard:
        """Type ``/swarm text`` and the unlock key into its form, and return the card that its job ends with."""
        after = self.now
        self.slack.slash(user, "prod", text)
        self.fill(user, secret=key)
        found = JOB.search(self.see(user, "is job", after=after, private=True).text)
        assert found
        self.slack.close_view(user)
        return self.end(found[1], timeout=timeout)

    def approve(self, user: str, after: int) -> TranscriptEntry:
        """Press Approve on the card that went up after entry ``after``, wait for the job's end, and return the card."""
        card = self.see(user, "[Approve]", after=after)
        self.slack.click(user, card, "Approve")
        self.quiet()
        return card

    # The cluster, made by the bot itself

    def cluster(
        self, *, managers: tuple[str, ...] = ("host-1",), workers: tuple[str, ...] = (), heartbeat: str = "5s"
    ) -> None:
        """Have a cluster made as people would; nodes are seen down after two to three times ``heartbeat``."""
        self.change("cleo", f"init {managers[0]} --dispatcher-heartbeat {heartbeat}")
        if managers[1:]:
            self.change("cleo", f"join manager {' '.join(managers[1:])}")
        if workers:
            self.change("ada", f"join worker {' '.join(workers)}")

    def stand(self, *, managers: tuple[str, ...] = ("host-1",), workers: tuple[str, ...] = ()) -> None:
        """Have such a cluster, for tests that change nothing of it: the one that stands is kept.

        Tests of other bots use the same hosts: so it is by its id that it is known to stand still.
        """
        if self._stands != (managers, workers, self._cluster_id(managers[0])):
            self.reset()
            self.cluster(managers=managers, workers=workers)
            self._stands = managers, workers, self._cluster_id(managers[0])
        self._begin()

    def nodes(self, host: str = "host-1") -> dict[str, str]:
        """What ``docker node ls`` on a manager says: for each host name its state, availability and standing."""
        form = "{{.Hostname}}={{.Status}} {{.Availability}} {{.ManagerStatus}}"
        lines = self.fleet[host].docker("node", "ls", "--format", form).splitlines()
        found = {name: standing.strip() for name, _, standing in (line.partition("=") for line in lines)}
        assert len(found) == len(lines), f"two records of one name: {lines}"
        return found

    def inspect(self, host: str = "host-1") -> dict[str, Any]:
        """``GET /swarm`` on a manager."""
        with self.fleet[host].engine() as engine:
            found: dict[str, Any] = engine.inspect_swarm()
            return found

    def membership(self, host: str) -> str:
        """``LocalNodeState`` of a host."""
        return self.fleet[host].docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip()

    def containers(self, host: str) -> str:
        """The ids of the containers that run there."""
        return self.fleet[host].docker("ps", "--quiet", "--no-trunc").strip()

    def _cluster_id(self, manager: str) -> str:
        """The id of the cluster that a host manages; "" for none, and for a host that is off."""
        with suppress(Failed):
            return self.fleet[manager].docker("info", "--format", "{{with .Swarm.Cluster}}{{.ID}}{{end}}").strip()
        return ""

    # Between tests

    def _await_end(self, job: str) -> None:
        """The end is shown first and then written down; Retry is for what is written down."""
        with connect(Secret(self.stage.redis_url)) as redis:
            queue = Queue(redis, Audit(redis))
            until(lambda: (found := queue.get(job)) is None or found.ended, f"job {job} has ended", timeout=LONGEST)

    def quiet(self) -> None:
        """Wait until every job has an end."""
        with connect(Secret(self.stage.redis_url)) as redis:
            queue = Queue(redis, Audit(redis))
            deadline = monotonic() + LONGEST
            while open_ := [job.id for job in queue.recent(None, 100) if not job.ended]:
                assert monotonic() < deadline, f"jobs without an end: {open_}"
                sleep(0.02)  # nothing tells a reader when a job ends

    def _begin(self) -> None:
        """Let an hour pass in Slack, after which everybody sits before an empty screen."""
        self.slack.advance(3600)
        for user in self.slack.team.users:
            self.slack.reload(user)
            while self.slack.workspace.views.stack(user):
                self.slack.close_view(user)
        self.began = self.now

    def reset(self) -> None:
        """Begin anew: sound hosts in no swarm, no job, no entry, no fault; the bot's processes go on."""
        self._stands = None
        self.slack.clear_faults()
        self.quiet()
        self.fleet.reset()
        for file in self.stage.folder.glob("backups/*"):
            file.unlink()
        with connect(Secret(self.stage.redis_url)) as redis:
            found = [key for key in redis.scan_iter() if key not in KEPT]
            if found:
                redis.delete(*found)
        self._begin()


@contextmanager
def stalled(manager: Host, peer: Host) -> Iterator[None]:
    """Let ``peer`` connect to a manager's 2377 and nothing more: it looks open, and a join there is held for 20 s."""
    rule = f"PREROUTING -i eth0 -p tcp --dport 2377 -s {peer.address} --tcp-flags PSH PSH -j DROP"
    manager.run("iptables", "-w", "5", "-t", "mangle", "-A", *rule.split())
    try:
        yield
    finally:
        if manager.up:
            manager.run("iptables", "-w", "5", "-t", "mangle", "-D", *rule.split())


def hang_up(host: Host) -> None:
    """Stop a host's sshd with every session, those that the bot keeps warm included."""
    host.stop_ssh()
    host.run("sh", "-c", "kill $(pidof sshd) 2>/dev/null || true")


def config(fleet: Fleet) -> dict[str, Any]:
    """A swarmbot.yml with two clusters: prod of four hosts in #prod, lab of one in #lab; only ``--force`` waits."""
    prod = fleet.config("prod", channel="C0PROD", hosts=[f"host-{number}" for number in range(1, 5)])
    lab = fleet.config("lab", channel="C0LAB", hosts=["host-5"])
    asked = {"force": {"by": ["admins", "operators"]}}
    rules = {**PEOPLE["rules"], "approvals": {**{subject: {"count": 0} for subject in UNASKED}, **asked}}
    clusters = {**prod["clusters"], **lab["clusters"]}
    return {"ssh": fleet.ssh, "clusters": clusters, "people": PEOPLE["people"], "rules": rules}
