"""Scenarios: people use a whole bot through a local Slack, on real engines."""
