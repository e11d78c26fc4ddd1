"""Plays the steps one after the other and says how it went."""

from __future__ import annotations

from time import monotonic
from typing import TextIO

from docker.errors import DockerException
from requests.exceptions import RequestException

from bot.errors import SwarmbotError
from sandbox.stage import Stage
from sandbox.tour.ink import Ink
from sandbox.tour.play import Play, Untrue
from sandbox.tour.steps import STEPS, Step


def play_tour(stage: Stage, out: TextIO, ink: Ink) -> bool:
    """Play every step until one fails; return whether each was seen to be true."""
    play = Play(stage, out, ink)
    began = monotonic()
    for number, step in enumerate(STEPS, 1):
        play.write("", "", ink.bold(f"{number:>2}  {step.title}"), "")
        problem = _problem(step, play)
        if problem is not None:
            play.write("", ink.bad("✗ That was not seen to be true."))
            for head, text in (("Expected:", problem.expected), ("Seen:    ", problem.seen)):
                play.write(
                    *(f"  {head if first == 0 else ' ' * 9} {line}" for first, line in enumerate(text.splitlines()))
                )
            return False
    took = f"{monotonic() - began:.0f} s"
    play.write("", "", ink.good(f"✓ All {len(STEPS)} steps were seen to be true, in {took}."))
    return True


def _problem(step: Step, play: Play) -> Untrue | None:
    try:
        step.play(play)
    except Untrue as error:
        return error
    except (SwarmbotError, DockerException, RequestException, OSError) as error:
        return Untrue(f"The step “{step.title}” can be played.", f"{type(error).__name__}: {error}")
    return None
