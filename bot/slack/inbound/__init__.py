"""Requests from Slack by HTTP or Socket Mode: verified, parsed and answered in time."""
