"""A local Slack with the checks and limits of the real one, for tests and ``make demo``."""

from sandbox.slack.base import CannotDo
from sandbox.slack.delivery import Delivery
from sandbox.slack.local import LocalSlack
from sandbox.slack.messages import Message
from sandbox.slack.team import Team, demo_team
from sandbox.slack.transcript import TranscriptEntry

__all__ = ["CannotDo", "Delivery", "LocalSlack", "Message", "Team", "TranscriptEntry", "demo_team"]
