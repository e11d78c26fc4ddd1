"""An order that is refused for a host names the change that waits for approval and may be the cause."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from bot.audit import Entry
from bot.execution.waiting_cause import next_step_with
from bot.model import Facts, FactsQuery, HostFacts, OpenChange
from tests.kits.approvals.process import Process, config_of, order_of
from tests.kits.approvals.world import Cluster, People
from tests.kits.jobs import request_for

JOIN: Final = OpenChange("vczr", "join manager host-4", "U0ADA", "awaiting approval", ("manager", "host-4"))
WAITS: Final = "`vczr` (`/swarm join manager host-4`) waits for approval"
AGAIN: Final = f"{WAITS}. Run this again when it has ended."
UNKNOWN: Final = "`host-4` is not a node of prod."


@pytest.mark.parametrize(
    ("happened", "next_step", "told"),
    [
        (UNKNOWN, "If it should be one: `/swarm join worker host-4`.", AGAIN),
        (UNKNOWN, "", AGAIN),
        (
            "`host-4` is unreachable.",
            "`/swarm check host-4` shows why.",
            f"`/swarm check host-4` shows why. {WAITS}: if that is the cause, run this again when it has ended.",
        ),
        ("`host-2` is down.", "`/swarm remove host-2`.", "`/swarm remove host-2`."),
        ("`host-44` is down.", "`/swarm remove host-44`.", "`/swarm remove host-44`."),
    ],
)
def test_the_next_step_is_to_wait(happened: str, next_step: str, told: str) -> None:
    """In place of a change of the same host; beside other advice. What is about other hosts stays as it is."""
    assert next_step_with([JOIN], ["host-2", "host-4", "host-44"], happened, next_step) == told


def test_a_role_is_no_name() -> None:
    """Two orders that join managers have a word in common, and no host."""
    assert next_step_with([JOIN], ["host-5"], "`host-5` is a manager.", "") == ""


def test_who_must_confirm_is_said() -> None:
    """The change waits for its requester."""
    change = replace(JOIN, state="awaiting confirmation")
    assert "waits for its requester to confirm it" in next_step_with([change], ["host-4"], UNKNOWN, "")


class WithHost(Cluster):
    """The cluster, and a host that is not part of it."""

    def read(self, name: str, engines: object, query: FactsQuery) -> Facts:
        """Return the facts with the host."""
        return replace(super().read(name, engines, query), hosts={"host-1": HostFacts("host-1", "192.0.2.1")})


@pytest.mark.parametrize("only_plan", [False, True])
def test_a_label_for_a_host_that_waits_to_join(redis_url: str, *, only_plan: bool) -> None:
    """It was typed in a row with the join: the refusal does not advise another join."""
    people = People()
    people.inside = {"U0ADA", "U0BEN"}
    process = Process(redis_url, config_of(1, ("S0ADMINS",)), people, WithHost(), "one")
    process.redis.flushall()
    process.queue.registry.join()
    order = order_of("vczr", "U0ADA", "host-1")
    join = replace(order, command="join", words="join manager host-1", args={"role": "manager", "hosts": ["host-1"]})
    label = replace(order_of("next", "U0ADA", "host-1"), command="label", words="label host-1 a=b", only_plan=only_plan)
    label = replace(label, lane="concurrent" if only_plan else "exclusive")
    for each in (join, replace(label, args={"nodes": ["host-1"], "labels": [["a", "b"]]})):
        process.queue.admit(each, [Entry("asked", "U0ADA")])
        lease = process.queue.take("one", each.lane, block_ms=0)
        assert lease
        if each is join:
            process.approvals.open(lease, request_for("vczr"), "{}", [])
        else:
            process.runner.handle(lease)
    job = process.queue.get("next")
    assert job is not None
    assert job.state == "refused"
    told = process.slack.told[-1].text
    assert told == (
        "`host-1` is not a node of prod. `vczr` (`/swarm join manager host-1`) waits for approval. "
        "Run this again when it has ended."
    )
