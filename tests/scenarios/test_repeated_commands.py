"""Each operation asked twice on real engines: the second time does nothing, and says so.

Each new command belongs in one of the stories, in ``ELSEWHERE`` or in ``ANEW``. tests/fleet/test_plan_tables.py repeats
the commands for nodes that are down or unknown. Questions change nothing; test_check.py shows that ``check`` leaves
nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.kits.commands import COMMANDS
from tests.kits.scenario import Play
from tests.kits.secret_search import shown


@dataclass(frozen=True)
class Twice:
    """``words``, asked by ``who``; ``told`` is in the second answer.

    ``approver`` says yes to the first asking, where that is needed; the second needs nobody's.
    """

    words: str
    told: str
    who: str = "cleo"
    approver: str = ""


STORIES: Final = {
    "workers": (
        Twice("init host-1", "`host-1` is a manager of prod"),
        Twice("join worker host-2 --label zone=b --availability drain", "`host-2` is a worker of prod", "ada"),
        Twice("join worker host-2 host-3", "`host-2` is a worker of prod", "ada"),
        Twice("activate host-2", "`host-2` is active", "ada"),
        Twice("pause host-2", "`host-2` is paused", "ada"),
        Twice("drain host-2", "`host-2` is drained", "ada"),
        Twice("label host-2 disk=ssd", "disk=ssd", "ada"),
        Twice("label host-2 zone=c --remove disk", "`host-2` has `zone=c` and no label `disk`", "ada"),
        Twice(
            "update --task-history-limit 3 --cert-expiry 720h --max-snapshots 2", "has task history limit 3; prod has"
        ),
        Twice("promote host-2", "`host-2` is a manager of prod, reachable", approver="dan"),
        Twice("demote host-2", "`host-2` is a worker"),
        Twice("remove host-2", "no record of `host-2`"),
        Twice("leave host-3", "`host-3` is not part of any cluster"),
    ),
    "managers": (
        Twice("init host-1", "`host-1` is a manager of prod"),
        Twice("join manager host-2", "`host-2` is a manager of prod"),
        Twice("leave host-2", "`host-2` is not part of any cluster"),
        Twice("join manager host-2 host-3", "`host-2` is a manager of prod"),
    ),
}
ELSEWHERE: Final = {
    "trust": "tests/scenarios/test_trust.py",
    "unlock": "tests/scenarios/test_unlock.py",
    "restore": "tests/scenarios/test_backup.py",
    "recover": "tests/scenarios/test_recover.py: the second time there is a quorum, and nothing to recover",
    "freeze": "below, and tests/unit/test_freeze.py",
    "thaw": "below",
    "totp": "tests/unit/totp: a second factor that stands is refused, one that is taken away is not there",
    "cancel": "tests/unit/queue/test_cancel.py",
}
"""Where else it is asked twice."""
ANEW: Final = {
    "backup": "another backup, as the state is now; with `--drill` the newest is tried again (test_backup.py)",
    "token": "with `--rotate` another token than the present one, whatever that is; without, the same is shown",
    "unlock-key": "with `--rotate` another key than the present one; without, the same is shown",
    "ca": "with `--rotate` another root than the present one; one that is under way is gone on with (test_ca.py)",
}
"""What it means to ask again where that is not for what holds already."""


def state(play: Play) -> dict[str, Any]:
    """Everything of the cluster that an operation could change."""
    with play["host-1"].engine() as engine:
        nodes = {node["ID"]: (node["Spec"], node["Status"]["State"]) for node in engine.nodes()}
        swarm = engine.inspect_swarm()
    return {"nodes": nodes, "version": swarm["Version"], "spec": swarm["Spec"], "tokens": swarm["JoinTokens"]}


def carry_out(play: Play, case: Twice) -> None:
    """Ask for the first time and wait until it is done."""
    if not case.approver:
        assert play.change(case.who, case.words).text.startswith("✓"), case.words
        return
    job = play.begin(case.who, case.words)
    card = play.see(case.approver, f"`{job}`", private=False)
    play.slack.click(case.approver, card, "Approve")
    play.see(case.who, f"`{job}`: ✓ *Approved*", private=True)  # the last that is said of it
    play.quiet()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("story", STORIES)
def test_the_second_time_nothing_is_done(play: Play, story: str) -> None:
    """The answer goes to the asker alone and names what holds already; nobody is asked for a yes; nothing changes."""
    for case in STORIES[story]:
        carry_out(play, case)
        before = state(play)
        public = play.public()
        again = play.ask(case.who, case.words)
        assert again.startswith("✓ *No change needed*: "), again
        assert case.told in again
        assert again.endswith("Nothing was changed."), again
        assert state(play) == before
        assert play.public() == public


def test_every_change_is_asked_twice() -> None:
    """In a story, or it is said where else, or what asking again means."""
    told = {case.words.partition(" ")[0] for story in STORIES.values() for case in story}
    changes = {name for name, command in COMMANDS.items() if command.plan or command.control}
    assert changes == told | ELSEWHERE.keys() | ANEW.keys()


def test_a_rotation_is_the_exception(play: Play) -> None:
    """`--rotate` asks for another than the present one, whatever that is: twice is two rotations, each said."""
    play.change("cleo", "init host-1 --autolock")
    orders = {
        "token worker --rotate": "✓ *The worker token of prod is rotated*",
        "unlock-key --rotate": "✓ *The unlock key of prod was rotated*",
        "ca --rotate": "✓ *Rotation of prod's root certificate: ",
    }
    for words, told in orders.items():
        for _ in range(2):
            before = secrets(play)
            assert rotate(play, words).startswith(told)
            assert secrets(play)[words] != before[words]


def secrets(play: Play) -> dict[str, str]:
    """What each rotation makes anew."""
    with play["host-1"].engine() as engine:
        swarm = engine.inspect_swarm()
        key = str(engine.get_unlock_key()["UnlockKey"])
    root = swarm["TLSInfo"]["TrustRoot"]
    return {"token worker --rotate": swarm["JoinTokens"]["Worker"], "unlock-key --rotate": key, "ca --rotate": root}


def rotate(play: Play, words: str) -> str:
    """Ask for a rotation, have it approved where that is needed, and return the card that it ends with."""
    after = play.now
    job = play.begin("cleo", words)
    if words.startswith("unlock-key"):
        card = play.see("dan", "[Approve]", after=after, private=False)
        play.slack.click("dan", card, "Approve")
        return play.end(job, after=card.number).text
    return play.end(job).text


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


def test_a_freeze_is_ordered_once_and_thawed_once(play: Play) -> None:
    """Whoever asks again for the same, or to thaw what is not frozen, is told so; the channel reads nothing of it."""
    until = f"{datetime.now(UTC) + timedelta(hours=5):%Y-%m-%dT%H:%M}"
    words = f"freeze --until {until} --reason sale"
    assert play.ask("cleo", words).startswith("*prod is frozen* until")
    play.see("ben", "prod is frozen", private=False)
    public = play.public()
    again = play.ask("dan", words)
    assert again.startswith("✓ No change needed: prod is frozen until"), again
    assert again.endswith("Nothing was changed."), again
    assert play.public() == public
    assert play.ask("cleo", "thaw") == "*prod is thawed*."
    play.see("ben", "prod is thawed", private=False)
    public = play.public()
    assert play.ask("cleo", "thaw") == "prod is not frozen. Nothing was changed."
    assert play.public() == public
