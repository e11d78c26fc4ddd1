"""Each operation asked twice on real engines: the second time does nothing, and says so.

A new command is a new row of ``TABLE``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.scenarios.kit import Play
from tests.scenarios.test_token import shown


@dataclass(frozen=True)
class Twice:
    """``words``, asked by ``who`` in the cluster that ``managers`` and ``workers`` make (none: no cluster yet).

    ``approver`` says yes to the first asking, where that is needed; the second needs nobody's. ``told`` is in the
    second answer.
    """

    words: str
    told: str
    who: str = "cleo"
    managers: tuple[str, ...] = ("host-1",)
    workers: tuple[str, ...] = ()
    approver: str = ""


TABLE: Final = (
    Twice("init host-1", "`host-1` is a manager of prod", managers=()),
    Twice("join worker host-2 host-3", "`host-2` is a worker of prod", who="ada"),
    Twice("join worker host-2 --label zone=b --availability drain", "`host-2` is a worker of prod", who="ada"),
    Twice("join manager host-2 host-3", "`host-2` is a manager of prod"),
    Twice("promote host-2", "`host-2` is a manager of prod, reachable", workers=("host-2",), approver="dan"),
    Twice("drain host-2", "`host-2` is drained", who="ada", workers=("host-2",)),
    Twice("pause host-2", "`host-2` is paused", who="ada", workers=("host-2",)),
    Twice("label host-2 zone=b", "zone=b", who="ada", workers=("host-2",)),
    Twice("demote host-2", "`host-2` is a worker", managers=("host-1", "host-2")),
    Twice("leave host-2", "`host-2` is in no cluster", workers=("host-2",)),
    Twice("remove host-2", "no record of `host-2`", workers=("host-2",)),
    Twice("update --task-history-limit 3", "task history limit"),
)


def state(play: Play) -> dict[str, Any]:
    """Everything of the cluster that an operation could change."""
    with play["host-1"].engine() as engine:
        nodes = {node["ID"]: (node["Spec"], node["Status"]["State"]) for node in engine.nodes()}
        swarm = engine.inspect_swarm()
    return {"nodes": nodes, "version": swarm["Version"], "spec": swarm["Spec"], "tokens": swarm["JoinTokens"]}


def carry_out(play: Play, case: Twice) -> None:
    """Ask for the first time and wait until it is done."""
    if not case.approver:
        assert play.change(case.who, case.words).text.startswith("✓")
        return
    job = play.begin(case.who, case.words)
    card = play.see(case.approver, f"`{job}`", private=False)
    play.slack.click(case.approver, card, "Approve")
    play.see(case.who, f"`{job}`: ✓ *Approved*", private=True)  # the last that is said of it
    play.quiet()


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.words)
def test_the_second_time_nothing_is_done(play: Play, case: Twice) -> None:
    """The answer goes to the asker alone and names what holds already; nobody is asked for a yes; nothing changes."""
    if case.managers:
        play.cluster(managers=case.managers, workers=case.workers)
    carry_out(play, case)
    before = state(play)
    public = play.public()
    again = play.ask(case.who, case.words)
    assert again.startswith("✓ Already so: "), again
    assert case.told in again
    assert again.endswith("Nothing was changed."), again
    assert state(play) == before
    assert play.public() == public


def test_a_rotation_is_the_exception(play: Play) -> None:
    """`--rotate` asks for another token than the present one, whatever that is: twice is two rotations, each said."""
    play.cluster()
    seen = [state(play)["tokens"]["Worker"]]
    for _ in range(2):
        assert play.change("cleo", "token worker --rotate").text.startswith("✓ *The worker token of prod is a new one*")
        seen.append(state(play)["tokens"]["Worker"])
    assert len(set(seen)) == len(seen)


def test_one_node_is_let_in_once_however_often_it_is_asked(play: Play) -> None:
    """`--once` twice shows the same line, good for one node in all and not a moment longer than before."""
    play.cluster()
    before = state(play)
    first, second = play.ask("ada", "token worker --once"), play.ask("ada", "token worker --once")
    assert shown(first) == shown(second)
    assert [line for line in first.splitlines() if "For one node, until" in line] == [
        line for line in second.splitlines() if "For one node, until" in line
    ]
    assert state(play) == before
