"""Webhooks, with a real Redis and a receiver on this machine."""
