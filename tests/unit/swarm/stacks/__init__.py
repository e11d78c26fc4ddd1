"""Tests of bot/swarm/stacks."""
