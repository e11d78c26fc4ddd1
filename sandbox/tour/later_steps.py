"""The steps of a cluster that stands: its ports tried, a node drained, and an order that the quorum gate refuses."""

from __future__ import annotations

from sandbox.tour import truth
from sandbox.tour.play import Play


def check(play: Play) -> None:
    """Every port both ways, by the kernels' own counters; and nothing changed."""
    before = truth.nodes(play.fleet["host-1"])
    play.types("ada", "check host-4", "is fit for prod")
    after = truth.nodes(play.fleet["host-1"])
    play.true("nothing was changed by it", after == before, after, on="host-1's engine")


def drain(play: Play) -> None:
    """Drained is seen, and so is active again."""
    for words, wanted in (("drain host-3", "drain"), ("activate host-3", "active")):
        play.types("ada", words, "`host-3`")
        seen = truth.availability(play.fleet["host-1"], "host-3")
        play.true(f"host-3's availability is {wanted}", seen == wanted, seen, on="host-1's engine")


def fatal(play: Play) -> None:
    """What would make one failure fatal is refused, and asks for force and two others."""
    play.types("cleo", "demote host-5", "one failure would be fatal")
    managers = [node.name for node in truth.nodes(play.fleet["host-1"]).values() if node.role == "manager"]
    play.true("prod still has three managers", len(managers) == 3, managers, on="host-1's engine")  # noqa: PLR2004 - the tour's
