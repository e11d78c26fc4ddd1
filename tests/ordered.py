"""Orders from their words to the engines by the real way, without Slack and Redis: grammar, plan, gate, steps.

Everybody is taken to have agreed. With the gate switched off it is a control for tests of the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import handlers
from bot.commands import Vocabulary, find_command, read_arguments, read_sentence
from bot.errors import SwarmbotError
from bot.jobs.lease import LeaseLost
from bot.jobs.planning import let_through, planned
from bot.jobs.step import Pause, Read, carry_out
from bot.plan import Engines, Facts, Plan, Step, plan_from_json

Ended = Literal["refused", "nothing to do", "done", "stopped", "given up"]


@dataclass(frozen=True)
class Bot:
    """``between`` is called before each step; ``pause`` may raise LeaseLost, as for a worker that was killed."""

    engines: Engines
    read: Read
    pause: Pause
    between: Callable[[], None] = lambda: None
    gate: bool = True

    def order(self, words: str) -> Ended:
        """Do as the words say; return how it ended: a step that failed, or was refused, stops the plan."""
        try:
            plan = self._plan(words)
        except SwarmbotError:
            return "refused"
        for step in plan.steps:
            self.between()
            try:
                carry_out(step.operation, self.engines, self.read, self.pause, self._allow(plan, step))
            except LeaseLost:
                return "given up"
            except SwarmbotError:
                return "stopped"
        return "done" if plan.steps else "nothing to do"

    def _plan(self, words: str) -> Plan:
        assert handlers.__all__, "the commands are registered"
        sentence = read_sentence(words)
        command = find_command(sentence.name)
        arguments = read_arguments(command, sentence.words, Vocabulary("prod", self.engines.names()))
        facts = self.read(command.look(arguments))
        if self.gate:
            return plan_from_json(planned(command, facts, arguments, "zone").to_json())
        assert command.plan is not None
        return command.plan(facts, arguments)

    def _allow(self, plan: Plan, step: Step) -> Callable[[Facts], None]:
        def allow(facts: Facts) -> None:
            if self.gate:
                let_through(step, facts, plan)

        return allow
