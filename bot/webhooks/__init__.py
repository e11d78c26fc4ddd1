"""Webhooks: what watch reports elsewhere than in Slack, kept in Redis until it was accepted."""
