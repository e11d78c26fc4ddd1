"""Orders from their words to the engines by the real way, without Slack and Redis: grammar, plan, gate, steps.

Everybody is taken to have agreed. With the gate switched off it is a control for tests of the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.commands import Command, Vocabulary, read_arguments, read_sentence
from bot.errors import Defect, Failed, NotUnderstood, Refused, SwarmbotError
from bot.execution.planning import let_through, planned
from bot.execution.step_run import Pause, Read, carry_out
from bot.model import Engines, Facts, Plan, Step
from bot.queue.lease import LeaseLost
from bot.stored_json import from_json, to_json
from tests.kits.commands import COMMANDS

Ended = Literal["refused", "no such node", "not read", "nothing to do", "done", "stopped", "given up"]


@dataclass(frozen=True)
class Bot:
    """``between`` is called before each step; ``pause`` may raise LeaseLost, as for a worker that was killed."""

    engines: Engines
    read: Read
    pause: Pause
    between: Callable[[], None] = lambda: None
    gate: bool = True

    def order(self, words: str) -> Ended:
        """Do as the words say; return how it ended: a step that failed, or was refused, stops the plan.

        Raises NotUnderstood for words that are no command, Defect, and every error that is no SwarmbotError.
        """
        command, arguments = self._understood(words)
        try:
            plan = self._plan(command, arguments)
        except Defect:
            raise
        except Refused:
            return "refused"
        except NotUnderstood:
            return "no such node"
        except Failed:
            return "not read"
        for step in plan.steps:
            self.between()
            try:
                carry_out(step.operation, self.engines, self.read, self.pause, self._allow(plan, step))
            except LeaseLost:
                return "given up"
            except Defect:
                raise
            except SwarmbotError:
                return "stopped"
        return "done" if plan.steps else "nothing to do"

    def _understood(self, words: str) -> tuple[Command, Any]:
        sentence = read_sentence(words)
        command = COMMANDS.find(sentence.name)
        return command, read_arguments(command, sentence.words, Vocabulary("prod", self.engines.names()))

    def _plan(self, command: Command, arguments: Any) -> Plan:
        facts = self.read(replace(command.query(arguments), all_hosts=True))
        if self.gate:
            return from_json(Plan, to_json(planned(command, facts, arguments, "zone")))
        assert command.plan is not None
        return command.plan(facts, arguments)

    def _allow(self, plan: Plan, step: Step) -> Callable[[Facts], None]:
        def allow(facts: Facts) -> None:
            if self.gate:
                let_through(step, facts, plan)

        return allow
