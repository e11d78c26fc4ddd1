"""The bot spoken to as Slack speaks to it."""
