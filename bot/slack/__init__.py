"""Slack: the way in, the way out, and what messages look like."""
