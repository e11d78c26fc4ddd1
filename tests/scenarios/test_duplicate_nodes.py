"""Hosts that were wiped and joined again, on real engines: their old node records are recognized."""

from __future__ import annotations

from tests.kits.scenario import Play


def records(play: Play, host: str) -> list[str]:
    """Return the ids of all node records of a host name, oldest first."""
    with play["host-1"].engine() as engine:
        found = [node for node in engine.nodes() if node["Description"].get("Hostname") == host]
    return [str(node["ID"]) for node in sorted(found, key=lambda node: node["CreatedAt"])]


def test_the_old_record_of_a_worker_is_named(play: Play) -> None:
    """`status` names the old record and how to remove it; `node` shows both; the name means the live node."""
    play.cluster(workers=("host-4",))
    play["host-4"].wipe()
    play.change("ada", "join worker host-4")
    old, new = records(play, "host-4")
    told = play.await_status(f"`{old}` is an old record of `host-4`, down")
    assert f"`/swarm remove {old}`" in told
    shown = play.ask("eve", "node host-4")
    assert shown.index(new) < shown.index(old)
    assert f"replaced by `{new}` · `/swarm remove {old}`" in shown
    assert "host-4 (old record)" in play.ask("eve", "nodes")
    play.begin("cleo", "promote host-4")
    asked = play.see("dan", f"means the node `{new}`; old records of this host are not changed: `{old}` (worker, down)")
    play.slack.click("dan", asked, "Approve")
    play.see("dan", "✓ *`host-4` is a manager of prod*", private=False)
    assert records(play, "host-4") == [old, new]


def test_the_old_record_of_a_manager_does_not_count(play: Play) -> None:
    """The engine calls the old record reachable although it has no vote; Swarmbot does not count it."""
    play.cluster(managers=("host-1", "host-2", "host-3"))
    play["host-3"].wipe()
    play.change("cleo", "join manager host-3")
    old, new = records(play, "host-3")
    told = play.ask("ada", "status")
    assert "*prod is degraded: it tolerates no manager failure* · 3 of 4 managers reachable" in told
    assert f"`{old}` is an old record of `host-3`" in told
    assert "Raft still counts it as an unreachable manager" in told
    assert f"`/swarm remove {old}`" in told
    assert f"replaced by `{new}`" in play.ask("eve", "node host-3")
    card = play.change("cleo", "remove host-3")  # the managers need not have seen it down
    assert f"✓ *the old record `{old}` of `host-3` is removed; `host-3` is still a member of prod*" in card.text
    assert old in card.text
    assert records(play, "host-3") == [new]
    play.await_status("*prod is healthy* · 3 managers, tolerates 1 failure")
