"""Ask the requester for the secret that a plan needs.

A form opens only within 3 s of a press, and by the web process, which cannot reach a host. So a worker plans first, and
only if the plan needs the secret does it send a button that opens the form.
"""

from __future__ import annotations

from typing import Final

from bot.blocks import WAITING, Message, actions, button, section, tick
from bot.commands import Command
from bot.errors import Refused
from bot.model import Plan
from bot.queue.job import Job, Order

FORM_BUTTON: Final = "secret.enter"
"""The button that opens the form; its value is the job's id."""


def lacks_secret(order: Order, plan: Plan) -> bool:
    """Return whether the plan needs a secret that was not typed for this order."""
    return plan.needs_typed_secret and not order.secret_id


def secret_request(job: Job, command: Command, plan: Plan) -> Message:
    """Return the message with the button."""
    assert command.asks is not None  # noqa: S101 - tells mypy what the steps of the plan say
    name = command.asks.label.lower()
    title = f"{WAITING} *The {name} is needed* to {plan.titles.imperative} · `{job.id}`"
    row = actions(button(f"Enter {name}", FORM_BUTTON, job.id, style="primary"))
    return Message(title, (section(f"{title}\nNothing was changed yet. Only you see the form."), row))


def missing_secret(command: Command, order: Order) -> Refused:
    """Return the refusal of an order that needed no secret when it was planned, and needs one in its turn."""
    assert command.asks is not None  # noqa: S101 - as above
    return Refused(
        f"the {command.asks.label.lower()} is needed now; it was not when this was requested.",
        true_now="Nothing was changed.",
        next_step=f"Run {tick('/swarm ' + order.words)} again: it asks you for it.",
    )
