"""What JSON is called here."""

from typing import Any

Json = dict[str, Any]
"""An object whose shape Slack's documentation gives; models check it where it comes from the bot."""
