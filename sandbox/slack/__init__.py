"""A local Slack that is as strict as the real one, for tests and ``make demo``."""

from sandbox.slack.delivery import Delivery
from sandbox.slack.errors import CannotDo
from sandbox.slack.local import LocalSlack
from sandbox.slack.messages import Message
from sandbox.slack.transcript import Seen
from sandbox.slack.world import World, default_world

__all__ = ["CannotDo", "Delivery", "LocalSlack", "Message", "Seen", "World", "default_world"]
