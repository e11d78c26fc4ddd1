"""Offers a button for each cluster if an order names no cluster and was typed in a channel without one.

The order is kept in Redis. A button carries the id of one choice, and nothing of the order.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final

from redis import Redis

from bot.blocks import Message, actions, button, section, tick
from bot.config import Config
from bot.errors import NotUnderstood, Refused
from bot.secrets.redact import redact
from bot.secrets.secret_names import names_a_secret
from bot.slack.inbound.requests import PressRequest, SlashRequest, press_as_command
from bot.store import keys
from bot.store.client import translate_errors
from bot.stored_json import from_json, to_json
from bot.text.mrkdwn import cut_short

BUTTON: Final = "cluster.choose"
MAX_SHOWN_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """An order, and the cluster that a button chooses for it."""

    text: str
    """As Slack delivered it."""
    cluster: str
    """A name of swarmbot.yml, or ``all``."""
    user: str
    """U… who typed it."""
    thread: str = ""
    """Where it is answered, if it was typed in a message."""


class ClusterChoices:
    """Safe to share between threads. Methods raise Unavailable."""

    def __init__(self, config: Config, redis: Redis) -> None:
        self._config = config
        self._redis = redis

    def offer(self, request: SlashRequest, *also: str) -> Message | None:
        """Return the message with a button for each cluster, and one for each of ``also``.

        Return None if the order must not be stored, because it has a secret.
        """
        if redact(request.text) != request.text or names_a_secret(request.text):
            return None
        row = [
            button(cluster, BUTTON, self._keep(Choice(request.text, cluster, request.user, request.thread)))
            for cluster in (*self._config.clusters, *also)
        ]
        words = tick(cut_short(f"/swarm {request.text}", MAX_SHOWN_CHARS))
        why = ", and this channel belongs to none" if request.channel else ""
        text = f"*For which cluster?* {words} needs one{why}."
        return Message(text.replace("*", ""), (section(f"{text}\nOr add `--cluster NAME`."), actions(*row)))

    def chosen(self, press: PressRequest) -> tuple[SlashRequest, str]:
        """Return the order and the chosen cluster. Raise NotUnderstood if it expired, Refused for another person."""
        with translate_errors():
            stored = self._redis.get(keys.cluster_choice(press.value)) if press.value else None
        if not stored:
            raise NotUnderstood("This button has expired.", next_step="Run the command again.")
        choice = from_json(Choice, str(stored))
        if choice.user != press.user:
            raise Refused("this order is somebody else's.", next_step="Run the command yourself.")
        return replace(press_as_command(press), text=choice.text, thread=choice.thread), choice.cluster

    def _keep(self, choice: Choice) -> str:
        choice_id = secrets.token_urlsafe(9)
        with translate_errors():
            self._redis.set(keys.cluster_choice(choice_id), to_json(choice), ex=keys.CLUSTER_CHOICE_TTL_S)
        return choice_id
