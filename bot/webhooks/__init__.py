"""Webhooks: what watch tells of incidents elsewhere than in Slack, kept in Redis until it was accepted."""
