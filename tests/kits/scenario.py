"""Scenarios: people type in a local Slack, and a bot runs as the Procfile starts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
from sandbox.fleet.host_services import HOST_ERRORS
from sandbox.fleet.shell import until
from sandbox.slack.local import LocalSlack
from sandbox.slack.observer import Observer
from sandbox.slack.transcript import TranscriptEntry
from sandbox.tour.answer import INTERIM
from tests.kits.formed_cluster import form_cluster
from tests.kits.outbox import untried

JOB: Final = re.compile(r"is job `(\w{4})`")
ALL_RESPOND: Final = re.compile(r"\b(\d+) of \1 hosts of prod respond")
QUESTION_INTERVAL_S: Final = 2.0
"""The longest pause between two questions: each reads every host, which costs more than a poll of one engine."""
JOB_TIMEOUT_S: Final = 90.0
"""A job that has not ended by then will never end."""
SHOWN_KINDS: Final = frozenset({"posted", "edited", "error"})
NO_APPROVAL: Final = (
    *("join manager", "token manager", "rotate", "force-new-cluster"),
    *("demote", "remove", "leave", "ca rotate", "restore", "recover"),
)
"""Commands that need no approval in scenarios that do not test approvals."""
KEPT_KEYS: Final = frozenset({keys.WORKERS, *(keys.stream(lane) for lane in keys.LANES)})


@dataclass(frozen=True)
class ProgressCard:
    """The final card of a change in the cluster's channel."""

    job: str
    text: str
    seen: TranscriptEntry


class Scenario:
    """A bot with a local Slack and real hosts. People are ada, ben (operators), cleo, dan (administrators) and eve."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.slack: LocalSlack = deployment.slack
        self.fleet: Fleet = deployment.fleet
        self.began = self.now
        self._existing: tuple[tuple[str, ...], tuple[str, ...], str] | None = None

    @property
    def now(self) -> int:
        """The number of the newest transcript entry."""
        return len(self.slack.transcript())

    def __getitem__(self, host: str) -> Host:
        return self.fleet[host]

    # Typing

    def ask(self, user: str, text: str, channel: str = "prod", *, timeout: float = JOB_TIMEOUT_S) -> str:
        """Type ``/swarm text`` and return the private answer: the final one, not the acknowledgement of a job."""
        after = self.now
        self.slack.slash(user, channel, text)
        return self.answer(user, after, timeout=timeout).text

    def change(self, user: str, text: str, channel: str = "prod", *, timeout: float = JOB_TIMEOUT_S) -> ProgressCard:
        """Type ``/swarm text`` and return the final card of its job."""
        return self.end(self.begin(user, text, channel), timeout=timeout)

    def confirmed(self, user: str, text: str, costs: str) -> ProgressCard:
        """Type a change that costs service, press Proceed under the plan that names ``costs``, and return its card."""
        after = self.now
        self.slack.slash(user, "prod", text)
        asked = self.answer(user, after)
        assert "[Proceed]" in asked.text, asked.text
        assert costs in asked.text, asked.text
        self.slack.click(user, asked, "Proceed")
        return self.end(self.job(user, after))

    def begin(self, user: str, text: str, channel: str = "prod") -> str:
        """Type ``/swarm text``, which must start a job, and return the job's id."""
        after = self.now
        self.slack.slash(user, channel, text)
        return self.job(user, after)

    def job(self, user: str, after: int) -> str:
        """Return the id of the job that ``user`` was told after entry ``after``."""

        def find(_: Observer) -> str | None:
            """Skip messages about earlier jobs."""
            told = (JOB.search(each.text) for each in self._told(user, after))
            return next((found[1] for found in told if found), None)

        found = self.slack.wait_for(find)
        assert found is not None
        return found

    def answer(self, user: str, after: int, *, timeout: float = JOB_TIMEOUT_S) -> TranscriptEntry:
        """Wait for the first private message of the bot that is not followed by the answer."""

        def find(_: Observer) -> TranscriptEntry | None:
            return next((each for each in self._told(user, after) if not INTERIM.search(each.text)), None)

        found = self.slack.wait_for(find, timeout)
        assert found is not None
        return found

    def _told(self, user: str, after: int) -> Iterator[TranscriptEntry]:
        """Return the private messages to ``user`` after entry ``after``."""
        user_id = self.slack.team.user(user).id
        private = (each for each in self.slack.transcript(after) if each.private and user_id in each.to)
        return (each for each in private if each.kind in SHOWN_KINDS)

    def end(self, job: str, *, after: int | None = None, timeout: float = JOB_TIMEOUT_S) -> ProgressCard:
        """Wait for the final card of a job: neither an approval request, nor with a Cancel button.

        It comes after entry ``after``, by default the start of the test: ids are unique in a Redis, which is emptied.
        """
        start = self.began if after is None else after

        def find(slack: Observer) -> TranscriptEntry | None:
            cards = (
                e for e in slack.transcript(start) if not e.private and f"`{job}`" in e.text and e.kind in SHOWN_KINDS
            )
            return next((e for e in cards if "[Cancel]" not in e.text and " asks to " not in e.text), None)

        seen = self.slack.wait_for(find, timeout)
        assert seen is not None
        return ProgressCard(job, seen.text, seen)

    def await_status(self, contains: str, *, timeout: float = JOB_TIMEOUT_S) -> str:
        """Ask for the status until it contains ``contains``, and return it. A failure shows the last one."""
        told = ""

        def shows() -> bool:
            nonlocal told
            told = self.ask("ada", "status")
            return contains in told

        try:
            until(shows, f"{contains!r} in the status", timeout=timeout, max_interval_s=QUESTION_INTERVAL_S)
        except Failed as error:
            error.add_note(f"The last status: {told}")
            raise
        return told

    def see(
        self, user: str, contains: str, *, after: int | None = None, private: bool | None = None
    ) -> TranscriptEntry:
        """Wait until ``user`` sees ``contains`` after entry ``after``, by default since the start of the test."""
        start = self.began if after is None else after
        return self.slack.wait_to_see(user, contains, after=start, private=private, timeout=JOB_TIMEOUT_S)

    def public(self) -> str:
        """Return all public messages since the start of the test, edits included."""
        return "\n".join(e.text for e in self.slack.transcript(self.began) if not e.private and e.kind in SHOWN_KINDS)

    def forced(self, user: str, text: str, *others: str) -> ProgressCard:
        """Type a command with ``--force``, have ``others`` approve it, and return its final card."""
        after = self.now
        self.slack.slash(user, "prod", text)
        asked = self.slack.wait_to_see(others[0], "[Approve]", after=after, private=False, timeout=JOB_TIMEOUT_S)
        for other in others:
            self.slack.click(other, asked, "Approve")
        job = self.job(user, after)
        self.see(user, f"`{job}`: ✓ *Approved*", after=after, private=True)  # otherwise it is taken for a later answer
        return self.end(job, after=asked.number)

    def fill(self, user: str, **answers: str) -> None:
        """Wait for ``user``'s form, and submit it."""
        who = self.slack.team.user(user).id
        self.slack.wait_for(lambda slack: slack.workspace.views.stack(who))
        self.slack.submit_view(user, answers)

    def form(self, user: str, text: str) -> None:
        """Type ``/swarm text``, and open the form for the unlock key once a worker has seen that it is needed."""
        after = self.now
        self.slack.slash(user, "prod", text)
        self.slack.click(user, self.see(user, "[Enter unlock key]", after=after, private=True), "Enter unlock key")

    def unlock(self, user: str, host: str, key: str, *, timeout: float = JOB_TIMEOUT_S) -> ProgressCard:
        """Type ``/swarm unlock``, submit the key, and return the final card."""
        return self.keyed(user, f"unlock {host}", key, timeout=timeout)

    def keyed(self, user: str, text: str, key: str, *, timeout: float = JOB_TIMEOUT_S) -> ProgressCard:
        """Type ``/swarm text``, submit the unlock key in its form, and return the final card."""
        self.form(user, text)
        after = self.now
        self.fill(user, secret=key)
        found = JOB.search(self.see(user, "is job", after=after, private=True).text)
        assert found
        self.slack.close_view(user)
        return self.end(found[1], timeout=timeout)

    def approve(self, user: str, after: int) -> TranscriptEntry:
        """Press Approve on the first card after entry ``after``, wait until the job ends, and return the card."""
        card = self.see(user, "[Approve]", after=after)
        self.slack.click(user, card, "Approve")
        self.quiet()
        return card

    # The cluster

    def cluster(
        self,
        *,
        managers: tuple[str, ...] = ("host-1",),
        workers: tuple[str, ...] = (),
        heartbeat_s: int = 5,
        ingress: bool = False,
    ) -> None:
        """Form a cluster without the bot; nodes are seen down after two to three times ``heartbeat_s``.

        It has the ingress network, which costs every node 0.25 s of CPU, only if asked for.
        """
        form_cluster(self.fleet, managers, workers, heartbeat_s=heartbeat_s, ingress=ingress)

    def stand(self, *, managers: tuple[str, ...] = ("host-1",), workers: tuple[str, ...] = ()) -> None:
        """Create this cluster for tests that do not change it; reuse the existing one.

        Tests of other bots use the same hosts, so the existing cluster is recognized by its id.
        """
        if self._existing != (managers, workers, self._cluster_id(managers[0])):
            self.reset()
            self.cluster(managers=managers, workers=workers, ingress=True)
            self._existing = managers, workers, self._cluster_id(managers[0])
        self._begin()

    def nodes(self, host: str = "host-1") -> dict[str, str]:
        """Return ``docker node ls`` of a manager: state, availability and manager status by host name."""
        form = "{{.Hostname}}={{.Status}} {{.Availability}} {{.ManagerStatus}}"
        lines = self.fleet[host].docker("node", "ls", "--format", form).splitlines()
        found = {name: state.strip() for name, _, state in (line.partition("=") for line in lines)}
        assert len(found) == len(lines), f"two records with one name: {lines}"
        return found

    def inspect(self, host: str = "host-1") -> dict[str, Any]:
        """Return ``GET /swarm`` of a manager."""
        with self.fleet[host].engine() as engine:
            found: dict[str, Any] = engine.inspect_swarm()
            return found

    def membership(self, host: str) -> str:
        """Return the ``LocalNodeState`` of a host."""
        return self.fleet[host].docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip()

    def containers(self, host: str) -> str:
        """Return the ids of the running containers of a host."""
        with self.fleet[host].engine() as engine:
            return "\n".join(container["Id"] for container in engine.containers(quiet=True))

    def _cluster_id(self, manager: str) -> str:
        """Return the id of a manager's cluster; an empty string for none, and for a host that is off."""
        with suppress(*HOST_ERRORS), self.fleet[manager].engine() as engine:
            return str(engine.info()["Swarm"].get("Cluster", {}).get("ID", ""))
        return ""

    # Between tests

    def quiet(self) -> None:
        """Wait until all jobs have ended, and each of their messages was sent or refused once."""
        with connect(Secret(self.deployment.redis_url)) as redis:
            queue = Queue(redis, Audit(redis))
            until(
                lambda: all(job.ended for job in queue.recent(None, 100)), "every job has ended", timeout=JOB_TIMEOUT_S
            )
            until(lambda: not untried(redis), "every message was tried", timeout=JOB_TIMEOUT_S)

    def _cancel_jobs(self) -> None:
        """End what a failed test left waiting for a decision, so that it fails alone."""
        with connect(Secret(self.deployment.redis_url)) as redis:
            queue = Queue(redis, Audit(redis))
            for job in queue.recent(None, 100):
                queue.cancel(job.id, job.order.requester, [])

    def _begin(self) -> None:
        """Move Slack's clock by one hour, and clear everybody's screen."""
        self.slack.advance(3600)
        for user in self.slack.team.users:
            self.slack.reload(user)
            while self.slack.workspace.views.stack(user):
                self.slack.close_view(user)
        self.began = self.now

    def reset(self) -> None:
        """Remove all swarms, faults, jobs and audit entries; the bot's processes keep running."""
        self._existing = None
        self.slack.clear_faults()
        self._cancel_jobs()
        self.quiet()
        self.fleet.reset()
        self._await_hosts()
        for file in self.deployment.folder.glob("backups/*"):
            file.unlink()
        with connect(Secret(self.deployment.redis_url)) as redis:
            found = [key for key in redis.scan_iter() if key not in KEPT_KEYS]
            if found:
                redis.delete(*found)
        self._begin()

    def _await_hosts(self) -> None:
        """Wait until the bot reaches all hosts: to it, one that was off when it last tried is off for some seconds."""
        until(lambda: bool(ALL_RESPOND.search(self.ask("ada", "hosts"))), "all hosts respond", timeout=JOB_TIMEOUT_S)


@contextmanager
def stalled(manager: Host, peer: Host) -> Iterator[None]:
    """Drop all data of ``peer`` to a manager's 2377/tcp: connections open, but a join hangs for 20 s."""
    rule = f"PREROUTING -i eth0 -p tcp --dport 2377 -s {peer.address} --tcp-flags PSH PSH -j DROP"
    manager.run("iptables", "-w", "5", "-t", "mangle", "-A", *rule.split())
    try:
        yield
    finally:
        if manager.up:
            manager.run("iptables", "-w", "5", "-t", "mangle", "-D", *rule.split())


def stop_ssh_sessions(host: Host) -> None:
    """Stop a host's sshd and all its sessions, including the bot's open ones."""
    host.stop_ssh()
    host.run("sh", "-c", "kill $(pidof sshd) 2>/dev/null || true")


def config(fleet: Fleet) -> dict[str, Any]:
    """Return a swarmbot.yml with prod (four hosts) and lab (one host); only ``--force`` needs approvals."""
    prod = fleet.config("prod", channel="C0PROD", hosts=[f"host-{number}" for number in range(1, 5)])
    lab = fleet.config("lab", channel="C0LAB", hosts=["host-5"])
    asked = {"force": {"by": ["admins", "operators"]}}
    rules = {**PEOPLE["rules"], "approvals": {**{subject: {"count": 0} for subject in NO_APPROVAL}, **asked}}
    clusters = {**prod["clusters"], **lab["clusters"]}
    return {"ssh": fleet.ssh, "clusters": clusters, "people": PEOPLE["people"], "rules": rules}
