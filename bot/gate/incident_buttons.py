"""The buttons of incidents: each is a command of the person who presses it, made from the incident as it is now."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.blocks import tick
from bot.config import Config
from bot.errors import NotUnderstood, Refused
from bot.model.incident import Incident
from bot.slack.inbound.requests import PressRequest, SlashRequest, press_as_command
from bot.swarm.incidents.incident_message import ACKNOWLEDGE, CHECK, FIX, SHOW, SILENCE, orders_of
from bot.watch.repository import WatchRepository

SILENCE_FOR: Final = "1h"
INCIDENT_BUTTONS: Final = frozenset({SHOW, CHECK, FIX, ACKNOWLEDGE, SILENCE})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class IncidentButtons:
    """Safe to share between threads."""

    def __init__(self, watch: WatchRepository, config: Config) -> None:
        self._watch = watch
        self._clusters = tuple(config.clusters)

    def command(self, request: PressRequest) -> tuple[SlashRequest, str]:
        """Return the command of a press, and its cluster. Only the incident's id comes from the button.

        Raises NotUnderstood if there is no such incident, Refused if the command would do nothing.
        """
        incident = self._watch.find(request.value, self._clusters)
        if incident is None:
            raise NotUnderstood(
                "This incident is not stored any more.", next_step="`/swarm incidents` lists those that are."
            )
        words = _command(request.action, incident)
        return press_as_command(replace(request, value=words)), incident.cluster


def _command(action: str, incident: Incident) -> str:
    if action == ACKNOWLEDGE:
        return f"acknowledge {incident.id}"
    if action == SILENCE:
        return f'silence {_subject(incident)} --for {SILENCE_FOR} --reason "incident {incident.id}"'
    words = orders_of(incident).get(action)
    if not words:
        raise Refused(
            f"incident {tick(incident.id)} needs this no more.",
            next_step=f"`/swarm incidents {incident.id}` shows its state.",
        )
    return words


def _subject(incident: Incident) -> str:
    """Return the name of the node, host or service that the incident is about."""
    subject = incident.root_signal.subject
    if not _NAME.fullmatch(subject):
        raise Refused(
            f"incident {tick(incident.id)} is about no single node or service.",
            next_step="`/swarm silence all --for 1h --reason TEXT` keeps all incidents quiet.",
        )
    return subject
