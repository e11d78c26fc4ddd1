"""The local Slack's own rules."""
