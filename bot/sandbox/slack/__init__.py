"""A local Slack that is as strict as the real one, for tests and ``make demo``."""

from bot.sandbox.slack.delivery import Delivery
from bot.sandbox.slack.errors import CannotDo
from bot.sandbox.slack.local import LocalSlack
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.transcript import Seen
from bot.sandbox.slack.world import World, default_world

__all__ = ["CannotDo", "Delivery", "LocalSlack", "Message", "Seen", "World", "default_world"]
