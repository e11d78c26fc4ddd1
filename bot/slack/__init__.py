"""Slack: requests in, messages and files out."""
